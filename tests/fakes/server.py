"""The companion server as its port promises it: idempotent, one feed, a chain that only grows.

In memory, in the words of the domain. It can be away, lose an answer, refuse, or lie.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

from app.domain.access import Role
from app.domain.audit import EMPTY_CHAIN, AuditEvent, DeviceEvent, Witness, extended, leaf_of
from app.domain.changes import (
    Change,
    ChangeResult,
    ConfirmedRecord,
    FeedCursor,
    FeedPage,
    Outcome,
    RecordType,
)
from app.domain.clock import ClockSample
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import ChangeId, PersonId, RecordId, new_id
from app.domain.people import Person
from app.domain.server_words import (
    PUSH_CHANGES,
    ArrivingPart,
    ChainPart,
    DeviceCredentials,
    PushAnswer,
    SignedIn,
)
from tests.fakes.time_loop import LoopClock

PAGE = 3
ROUND_TRIP = timedelta(milliseconds=40)


class FakeServer:
    """Fulfils ports.ServerApi. `asked` names every request that arrived, oldest first."""

    def __init__(self, clock: LoopClock) -> None:
        self._clock = clock
        self.asked: list[str] = []
        self.records: dict[RecordId, ConfirmedRecord] = {}
        self.files: dict[str, bytes] = {}
        self.uploads: dict[str, bytearray] = {}  # what has come of each
        self.parts_given = 0
        self.gives_parts: int | None = None  # after so many the line breaks
        self.leaves: list[str] = []
        self.events: list[AuditEvent] = []
        self.pushed: list[Change] = []  # as they came, repeated ones too
        self.people = {
            ("dr-lin", "good password"): Person(PersonId(new_id()), "Dr Lin", Role.CLINICIAN)
        }
        self.certificate = "certificate"
        self.is_demonstration = False
        # What goes wrong, until a test says that it is right again:
        self.failure: Failure | None = None  # of every request
        self.met_failures = 0
        self.loses_answers = 0  # so many next requests are carried out, and the answer is lost
        self.refuses: Code | None = None  # every change
        self.refuses_files: Code | None = None
        self.loses_file_answers = 0  # as loses_answers, of files alone
        self.files_fail_after_s: float | None = None  # an upload ends so late, as unreachable
        self.takes = PUSH_CHANGES  # in one push, as it says
        self.push_lasts_s = 0.0
        self.push_sizes: list[int] = []
        self.push_takes: int | None = None  # more changes than these meet the failure below
        self.push_failure: Failure = Rejected(Code.TOO_SLOW)
        self.is_token_good = True
        self.acknowledges_events = True
        self.ahead_by = timedelta()
        self.refreshes = 0
        self.refresh_failure: Failure | None = None
        self._may_answer = asyncio.Event()
        self._may_answer.set()
        self._results: dict[ChangeId, ChangeResult] = {}
        self._position = 0
        self._events_until = 0

    # --- what a test does ------------------------------------------------------------------

    @property
    def is_away(self) -> bool:
        return isinstance(self.failure, Unavailable)

    def goes_away(self) -> None:
        self.failure = Unavailable(Code.SERVER_UNREACHABLE)

    def answers_slowly(self) -> asyncio.Event:
        """A renewal is answered when the event is set."""
        self._may_answer.clear()
        return self._may_answer

    def comes_back(self) -> None:
        self.failure = None

    def holds(self, record: ConfirmedRecord) -> None:
        """A record that somebody else made or changed."""
        self._position += 1
        self.records[record.record] = replace(record, position=self._position)
        self.appends()

    def appends(self) -> None:
        self.leaves.append(leaf_of(str(len(self.leaves)).encode()))

    def of_type(self, record_type: RecordType) -> list[ConfirmedRecord]:
        return [record for record in self.records.values() if record.record_type is record_type]

    # --- ports.ServerApi -------------------------------------------------------------------

    async def sign_in(
        self,
        username: str,
        password: str,
        role: Role,
        device: DeviceCredentials,
        known_certificate: str | None,
    ) -> SignedIn:
        self._heard("sign-in")
        person = self.people.get((username, password))
        if person is None:
            raise Rejected(Code.WRONG_CREDENTIALS)
        if person.role is not role:
            raise Rejected(Code.ROLE_DOES_NOT_FIT)
        if known_certificate not in (None, self.certificate):
            raise Untrusted(Code.SERVER_UNTRUSTED)
        self.is_token_good = True
        return SignedIn(
            person, "refresh-1", self.certificate, is_demonstration=self.is_demonstration
        )

    async def refresh(self, refresh_token: str, device: DeviceCredentials) -> str:
        self._heard("token")
        await self._may_answer.wait()
        if self.refresh_failure is not None:
            raise self.refresh_failure
        self.refreshes += 1
        self.is_token_good = True
        return f"{refresh_token}+"

    async def sign_out(self) -> None:
        self.is_token_good = False
        self._heard("sign-out")

    async def clock_sample(self) -> ClockSample:
        self._heard("time")
        asked_at = self._clock.now()
        server_time = asked_at - self._clock.wrong_by + ROUND_TRIP / 2 + self.ahead_by
        return ClockSample(asked_at, ROUND_TRIP, server_time)

    async def push(
        self, changes: list[Change], events: list[DeviceEvent], cursor: str | None = None
    ) -> PushAnswer:
        self._heard("push", with_token=True)
        self.push_sizes.append(len(changes))
        await asyncio.sleep(self.push_lasts_s)
        if self.push_takes is not None and len(changes) > self.push_takes:
            raise self.push_failure
        self.pushed += changes
        results = tuple(self._settle(change) for change in changes)
        for item in events:
            if self.acknowledges_events and item.number == self._events_until + 1:
                self._events_until = item.number
                self.events.append(item.event)
                self.appends()
        self._maybe_lose()
        return PushAnswer(results, self._events_until, self._head(), takes=self.takes)

    async def feed(
        self, at: FeedCursor, on_following: Callable[[FeedCursor], None] | None = None
    ) -> FeedPage:
        since = at.position
        self._heard("feed", with_token=True)
        newer = sorted(
            (record for record in self.records.values() if record.position > since),
            key=lambda record: record.position,
        )
        page = tuple(newer[:PAGE])
        self._maybe_lose()
        until = page[-1].position if page else since
        return FeedPage(since, until, page, has_more=len(newer) > PAGE, head=self._head())

    async def chain(self, since: int) -> ChainPart:
        self._heard("chain", with_token=True)
        self._maybe_lose()
        since = min(since, len(self.leaves))
        leaves = tuple(self.leaves[since : since + PAGE])
        head = extended(EMPTY_CHAIN, self.leaves[: since + PAGE])
        return ChainPart(since, leaves, head, has_more=since + PAGE < len(self.leaves))

    async def has_file(self, file_sha256: str) -> bool:
        self._heard("has file", with_token=True)
        return file_sha256 in self.files

    async def lacking_files(self, names: list[str]) -> list[str]:
        self._heard("lacking files", with_token=True)
        return [name for name in names if name not in self.files]

    async def get_part(self, file_sha256: str, start: int, most_bytes: int) -> ArrivingPart:
        self._heard("get part", with_token=True)
        if file_sha256 not in self.files:
            raise Rejected(Code.NOT_FOUND)
        data = self.files[file_sha256]
        self.parts_given += 1
        if self.gives_parts is not None and self.parts_given > self.gives_parts:
            raise Unavailable(Code.SERVER_UNREACHABLE)
        return ArrivingPart(data[start : start + most_bytes], len(data))

    async def begin_upload(self, file_sha256: str, byte_count: int) -> int:
        self._heard("begin upload", with_token=True)
        if self.refuses_files is not None:
            raise Rejected(self.refuses_files)
        if file_sha256 in self.files:
            return byte_count
        return len(self.uploads.setdefault(file_sha256, bytearray()))

    async def put_part(
        self, file_sha256: str, start: int, part: bytes, pieces: AsyncIterator[bytes]
    ) -> int:
        self._heard("put part", with_token=True)
        if self.refuses_files is not None:
            raise Rejected(self.refuses_files)
        if self.files_fail_after_s is not None:
            await asyncio.sleep(self.files_fail_after_s)
            raise Unavailable(Code.SERVER_UNREACHABLE)
        data = b"".join([piece async for piece in pieces])
        assert data == part
        if file_sha256 not in self.uploads:
            raise Rejected(Code.NOT_FOUND)
        if len(self.uploads[file_sha256]) != start:
            raise Rejected(Code.OFFSET_WRONG)
        self.uploads[file_sha256] += data
        self._name_if_whole(file_sha256)
        if self.loses_file_answers:
            self.loses_file_answers -= 1
            raise Unavailable(Code.SERVER_UNREACHABLE, "the answer was lost")
        self._maybe_lose()
        return start + len(data)

    def _name_if_whole(self, file_sha256: str) -> None:
        """The real one knows the length; here the hash alone says that all of it came."""
        if hashlib.sha256(self.uploads[file_sha256]).hexdigest() == file_sha256:
            self.files[file_sha256] = bytes(self.uploads.pop(file_sha256))

    # --- inside ----------------------------------------------------------------------------

    def _heard(self, what: str, *, with_token: bool = False) -> None:
        if self.failure is not None:
            self.met_failures += 1
            raise self.failure
        self.asked.append(what)
        if with_token and not self.is_token_good:
            raise Rejected(Code.TOKEN_EXPIRED)

    def _maybe_lose(self) -> None:
        if self.loses_answers:
            self.loses_answers -= 1
            raise Unavailable(Code.SERVER_UNREACHABLE, "the answer was lost")

    def _head(self) -> Witness:
        return extended(EMPTY_CHAIN, self.leaves)

    def _settle(self, change: Change) -> ChangeResult:
        known = self._results.get(change.id)
        if known is not None and known.outcome is Outcome.ACCEPTED:
            return replace(known, outcome=Outcome.ALREADY_THERE)
        result = self._judge(change)
        self._results[change.id] = result
        return result

    def _judge(self, change: Change) -> ChangeResult:
        current = self.records.get(change.record)
        file_sha256 = change.fields_set.get("file_sha256")
        assert file_sha256 is None or file_sha256 in self.files, "its file comes first"
        if self.refuses is not None:
            return ChangeResult(change.id, Outcome.REFUSED, self.refuses)
        if change.base_version != (0 if current is None else current.version):
            return ChangeResult(change.id, Outcome.CONFLICT, Code.CONFLICT, current)
        before = {} if current is None else json.loads(current.body)
        if any(before.get(name) != change.previous.get(name) for name in change.fields_set):
            return ChangeResult(change.id, Outcome.CONFLICT, Code.CONFLICT, current)
        self._position += 1
        record = ConfirmedRecord(
            record_type=change.record_type,
            record=change.record,
            version=change.base_version + 1,
            position=self._position,
            schema=change.schema,
            body=json.dumps({**before, **change.fields_set}).encode(),
            patient=change.patient,
            visit=change.visit,
        )
        self.records[change.record] = record
        self.appends()
        return ChangeResult(change.id, Outcome.ACCEPTED, record=record)
