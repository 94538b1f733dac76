"""Sends what waits, fetches what is new, and holds the server to the audit digest it gave before.

Changes go in clinical order; one that names a file waits until file_sender has brought it. Nothing
leaves the outbox but with the server's answer. The only writer of the confirmed tables.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.audit import Act, DeviceEvent, Witness
from app.domain.changes import BY_ITSELF, Change, FeedCursor, FeedPage, Outcome, RecordType
from app.domain.clock import ClockOffset, best_offset
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import ChangeId
from app.domain.server_words import PUSH_CHANGES
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.feed_pages import FeedPages
from app.services.file_sender import TOKEN_CODES, FileSender
from app.services.file_upload import Sending
from app.services.ports import (
    FeedMovedHeard,
    PendingChange,
    PushAnswer,
    RecordingFiles,
    ServerApi,
    SocketUp,
    UnitOfWork,
)
from app.services.rereading import Rereading
from app.services.server_chain import ServerChain
from app.services.switchboard import Switchboard
from app.services.upload_pace import UploadPace

log = logging.getLogger(__name__)

PUSH_MOST = 400  # where the server takes as many, and the line carries them in no time
PUSH_EVENTS = 400
QUICK_S = 0.5
CLOCK_EVERY_S = 600.0
CLOCK_SAMPLES = 5
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
LOOK_AGAIN_S = 30.0
AWAY = (Code.SERVER_UNREACHABLE, Code.SERVER_ERROR)
TOO_MUCH = (Code.TOO_LARGE, Code.TOO_SLOW)  # long notes, a slow line: fewer of them at a time


@dataclass(frozen=True, slots=True)
class SyncState:
    """What is known of the server and of what it has not got yet."""

    is_reachable: bool
    since: datetime
    code: Code | None = None
    unsent: tuple[tuple[RecordType, int], ...] = ()
    oldest_unsent: datetime | None = None  # of what people wrote or measured
    refused: tuple[PendingChange, ...] = ()
    position: int = 0
    offset: ClockOffset | None = None
    audit_alarm: Code | None = None
    stuck_file: Code | None = None  # why a file, and so the record that names it, cannot be sent
    last_contact: datetime | None = None

    @property
    def is_away(self) -> bool:
        """Tried, and out of reach: not our own store, not a sign-in that ended."""
        return not self.is_reachable and self.code in AWAY

    @property
    def unsent_count(self) -> int:
        return sum(count for _, count in self.unsent)

    @property
    def unsent_of_people(self) -> int:
        return sum(count for kind, count in self.unsent if kind not in BY_ITSELF)


class Sync:
    """`mend_conflict` may make a refused change anew where no person has to be asked."""

    def __init__(
        self,
        *,
        server_api: ServerApi,
        files: RecordingFiles,
        acts: Acts,
        switchboard: Switchboard,
        renew_tokens: Callable[[], Awaitable[None]],
        mend_conflict: Callable[[UnitOfWork, ChangeId], None],
        pace: UploadPace,
    ) -> None:
        self._mend_conflict = mend_conflict
        self._server_api = server_api
        self._renew_tokens = renew_tokens
        self._acts = acts
        self._clock = acts.clock
        self.state: Broadcast[SyncState] = Broadcast(SyncState(False, acts.clock.now()))
        self._tasks = TaskOwner("sync")
        self._chain = ServerChain(server_api, acts, self._tasks)
        self._wake = asyncio.Event()
        self._ask_clock = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._is_running = False
        self._has_looked = False
        self._file_sender = FileSender(
            server_api=server_api, files=files, acts=acts, pace=pace, wake_exchange=self.poke
        )
        self._file_sender.stuck.listen(lambda code: self._tell(stuck_file=code))
        self._push_limit = PUSH_CHANGES
        self._head_told: Witness | None = None  # in the newest page of this exchange
        self._counting = Rereading(self._tell_unsent, self._tasks)
        self._stop_listening = acts.revision.listen(self._heard_revision)
        self._stop_hearing_events = acts.events_noted.listen(lambda _: self.poke())
        switchboard.on(FeedMovedHeard, self._heard_feed_moved)
        switchboard.on(SocketUp, lambda _: self.poke())

    @property
    def files_sent(self) -> Broadcast[int]:
        return self._file_sender.sent

    @property
    def file_sending(self) -> Broadcast[Sending | None]:
        """The file on its way: how much of it the server has, and whether a call needs the line."""
        return self._file_sender.sending

    def start(self) -> None:
        """Called at each sign-in: looks again, also at the clock, which may have been moved."""
        self.poke()
        self._ask_clock.set()
        if not self._is_running:
            self._is_running = True
            self._counting.start()
            self._tasks.start_lasting(self._run, "exchange")
            self._tasks.start_lasting(self._file_sender.run, "files")
            self._tasks.start_lasting(self._watch_clock, "clock")

    async def send_now(self, limit_s: float) -> int:
        """For who loses what is not sent: one exchange, files too. How many changes are left."""
        if await self._acts.read(_has_unsent):
            with suppress(Failure, TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._exchange_with_token()
                    await self._file_sender.send_all()
                    await self._exchange_with_token()  # what named the files
        return await self._acts.read(lambda unit: len(unit.outbox.all()))

    async def close(self) -> None:
        self._stop_listening()
        self._stop_hearing_events()
        await self._tasks.close()

    def poke(self) -> None:
        """There is something to send or to fetch."""
        self._wake.set()

    def _heard_revision(self, _: int) -> None:
        self._counting.ask()
        self.poke()

    def _heard_feed_moved(self, word: FeedMovedHeard) -> None:
        if word.position > self.state.value.position:
            self.poke()

    async def _run(self) -> None:
        tries = 0
        while True:
            self._wake.clear()
            pause: float = LOOK_AGAIN_S
            try:
                await self._exchange_with_token()
                tries = 0
            except Unavailable as away:
                self._lost(away)
                pause = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
                tries += 1
            except Untrusted as doubt:
                await self._alarm(doubt)
            except Rejected as no:
                self._lost(no)
                pause = PAUSES_S[-1]
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            if tries:  # woken early while the server is away: not more than two tries a second
                await asyncio.sleep(PAUSES_S[0])

    async def _exchange_with_token(self) -> None:
        """An access token lives for minutes; one that ended is renewed once, then asked again."""
        async with self._one_at_a_time:
            try:
                await self._exchange()
            except Rejected as no:
                if no.code not in TOKEN_CODES:
                    raise
                await self._renew_tokens()
                await self._exchange()

    async def _exchange(self) -> None:
        if not self._has_looked:  # what is pushed is pushed on a history that is known
            if (await self._feed_cursor()).text is None:
                await self._pull_page()
            self._has_looked = True
        last = await self._push()
        self._head_told = None
        await self._pull(last.at)
        await self._chain.follow(last.held, self._head_told)
        await self._reached()

    async def _push(self) -> "_Batch":
        """All that waits. A batch is on its way while the answer to the one before is written.

        -> the last one, and with it where the store stands now: asked for in one go with it.
        """
        batch, unwritten = await self._next_batch(), None
        while batch.changes or batch.events:
            pushing = self._tasks.start(self._answer_to(batch), "push")
            try:
                if unwritten is not None:
                    await self._settle(unwritten)
                following = await self._next_batch(behind=batch)
                answer = await pushing
            finally:
                pushing.cancel()  # when this ended otherwise, nobody waits for it
            unwritten = None
            if isinstance(answer, Failure):
                if not await self._may_push_again(batch, answer):
                    return await self._next_batch()
                batch = await self._next_batch()
                continue
            if _is_whole(batch, answer) and (following.changes or following.events):
                leads_to = answer.leads_to
                text = following.at.text if leads_to is None else leads_to.cursor
                at = replace(following.at, text=text)
                batch, unwritten = replace(following, at=at), answer
                continue
            await self._settle(answer)
            is_progress = _is_progress(batch, answer)
            batch = await self._next_batch()
            if not is_progress:
                break  # a server that takes nothing is asked again later, not in a circle
        return batch

    async def _next_batch(self, behind: "_Batch | None" = None) -> "_Batch":
        limit = self._push_limit
        events_limit = max(1, PUSH_EVENTS * min(limit, PUSH_CHANGES) // PUSH_CHANGES)
        changes, events = ([], []) if behind is None else (behind.changes, behind.events)
        until = events[-1].number if events else 0
        return await self._acts.read(
            lambda unit: _Batch(
                unit.outbox.waiting(limit, changes),
                unit.audit.unacknowledged(events_limit, until),
                unit.records.feed_cursor(),
                unit.audit.server_witness(),
                limit,
            )
        )

    async def _answer_to(self, batch: "_Batch") -> PushAnswer | Failure:
        """A failure is an answer, too: whoever started this decides what becomes of it."""
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        try:
            answer = await self._server_api.push(batch.changes, batch.events, batch.at.text)
        except Failure as no:
            return no
        # What becomes urgent meanwhile waits for what is on its way: more only where that is short.
        is_quick = loop.time() - began_at < QUICK_S
        most = PUSH_MOST if is_quick else PUSH_CHANGES
        self._push_limit = min(answer.takes, most, 2 * batch.limit)
        return answer

    async def _may_push_again(self, batch: "_Batch", no: Failure) -> bool:
        """Raises it where another push would meet the same."""
        if no.code is Code.CURSOR_REFUSED:
            at = await self._feed_cursor()
            await self._pull_page()  # it was started anew: what it may have forgotten goes first
            return at != await self._feed_cursor()
        is_too_much = no.code in TOO_MUCH
        if is_too_much or isinstance(no, Unavailable):  # a slow line may look like no server
            self._push_limit = max(1, min(batch.limit, len(batch.changes) or batch.limit) // 2)
        if not is_too_much or batch.limit == 1:
            raise no
        return True

    async def _settle(self, answer: PushAnswer) -> None:
        def write(unit: UnitOfWork) -> None:
            for result in answer.results:
                unit.outbox.settle(result)
                if result.outcome in (Outcome.CONFLICT, Outcome.REFUSED):
                    act = (
                        Act.CHANGE_CONFLICT
                        if result.outcome is Outcome.CONFLICT
                        else Act.CHANGE_REFUSED
                    )
                    unit.audit.add(self._acts.event(act, subject=result.change, code=result.code))
            for result in answer.results:  # when all answers of this push are known
                if result.outcome is Outcome.CONFLICT:
                    self._mend_conflict(unit, result.change)
            unit.audit.acknowledge(answer.events_until)
            if answer.leads_to is not None:
                unit.records.apply(answer.leads_to)

        if answer.results:
            await self._acts.do(write)
        else:
            await self._acts.read(write)

    async def _pull(self, at: FeedCursor) -> None:
        """To the feed's end."""
        pages = FeedPages(self._server_api, self._tasks)
        try:
            while True:
                page = await pages.page_at(at)
                if isinstance(page, Failure):
                    at = await self._otherwise(page)
                    continue
                if page.has_more:
                    pages.ask_ahead(_after(at, page))
                at = await self._keep_page(at, page)
                if not page.has_more:
                    return
        finally:
            pages.close()

    async def _pull_page(self) -> None:
        at = await self._feed_cursor()
        try:
            page = await self._server_api.feed(at)
        except Failure as no:
            await self._otherwise(no)
        else:
            await self._keep_page(at, page)

    async def _keep_page(self, at: FeedCursor, page: FeedPage) -> FeedCursor:
        """-> where the feed is to be followed from now on."""

        def write(unit: UnitOfWork) -> FeedCursor:
            unit.records.apply(page)
            return unit.records.feed_cursor()

        if page.records or page.gone or page.until != at.position:
            at = await self._acts.do(write)
        elif page.cursor not in (None, at.text) or page.load != at.load:
            at = await self._acts.read(write)
        self._head_told = page.head
        self._tell(position=page.until)
        return at

    async def _otherwise(self, no: Failure) -> FeedCursor:
        """What the feed is followed from when it is not followed on; raises all other failures."""
        if no.code is Code.SCOPE_CHANGED:
            await self._load_scope()
        elif no.code is Code.CURSOR_REFUSED:
            await self._begin_anew()
        else:
            raise no
        return await self._feed_cursor()

    async def _feed_cursor(self) -> FeedCursor:
        return await self._acts.read(lambda unit: unit.records.feed_cursor())

    async def _begin_anew(self) -> None:
        """What the server has is not what we saw: it gets our changes first, then tells all."""
        log.error("the server has forgotten: all is sent and fetched again")
        event = self._acts.event(Act.SERVER_WENT_BACK)

        def write(unit: UnitOfWork) -> None:
            unit.records.begin_anew()
            unit.audit.add(event)

        await self._acts.do(write)
        await self._push()  # before anything is fetched

    async def _load_scope(self) -> None:
        """Who is to be seen here has changed: all of them are fetched, the others leave."""
        log.info("others are to be seen here now: they are fetched")
        event = self._acts.event(Act.SCOPE_CHANGED)

        def write(unit: UnitOfWork) -> None:
            unit.records.load_scope()
            unit.audit.add(event)

        await self._acts.do(write)

    async def _alarm(self, doubt: Untrusted) -> None:
        log.error("server not trusted: %s", doubt.code)
        if doubt.code not in (Code.AUDIT_MISMATCH, Code.AUDIT_GAP):
            self._lost(doubt)
            return
        await self._reached()  # work goes on, under an alarm that stays
        if self.state.value.audit_alarm is None:
            event = self._acts.event(Act.AUDIT_ALARM, code=doubt.code)
            await self._acts.read(lambda unit: unit.audit.add(event))
        self._tell(audit_alarm=doubt.code)

    async def _watch_clock(self) -> None:
        while True:
            self._ask_clock.clear()
            pause = CLOCK_EVERY_S
            try:
                await self._estimate_clock()
            except Failure:
                pause = PAUSES_S[-1]
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._ask_clock.wait()

    async def _estimate_clock(self) -> None:
        samples = [await self._server_api.clock_sample() for _ in range(CLOCK_SAMPLES)]
        offset = best_offset(samples)
        self._acts.offset = offset
        self._tell(offset=offset)

    async def _reached(self) -> None:
        now = self._clock.now()
        state = self.state.value
        since = state.since if state.is_reachable else now
        if not state.is_reachable:
            self._file_sender.server_was_away()
        self._tell(is_reachable=True, since=since, code=None, last_contact=now)
        self._file_sender.ask()

    def _lost(self, failure: Failure) -> None:
        state = self.state.value
        lost = replace(state, is_reachable=False, code=failure.code)
        if state.is_reachable or (state.code is not None and state.is_away is not lost.is_away):
            lost = replace(lost, since=self._clock.now())
        self.state.tell(lost)

    async def _tell_unsent(self) -> None:
        unsent, refused = await self._acts.look(
            lambda unit: (unit.outbox.unsent(), unit.outbox.refused())
        )
        self._tell(unsent=unsent.counts, oldest_unsent=unsent.oldest, refused=tuple(refused))

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields


@dataclass(frozen=True, slots=True)
class _Batch:
    """What goes in one push, with where the store stood then: in the feed, and what it held of the
    server's chain. `limit`: how many changes it might have had.
    """

    changes: list[Change]
    events: list[DeviceEvent]
    at: FeedCursor
    held: Witness
    limit: int


def _after(at: FeedCursor, page: FeedPage) -> FeedCursor:
    """Where the feed is followed once that page is written down."""
    load = None if page.until else page.load or ""
    return FeedCursor(page.until, page.cursor or at.text, load)


def _is_progress(batch: _Batch, answer: PushAnswer) -> bool:
    settled = {result.change for result in answer.results}
    return any(change.id in settled for change in batch.changes) or any(
        event.number <= answer.events_until for event in batch.events
    )


def _is_whole(batch: _Batch, answer: PushAnswer) -> bool:
    """Each change has an answer, and each event is held: what comes next may follow at once."""
    settled = {result.change for result in answer.results}
    return settled.issuperset(change.id for change in batch.changes) and all(
        event.number <= answer.events_until for event in batch.events
    )


def _has_unsent(unit: UnitOfWork) -> bool:
    return bool(unit.outbox.all() or unit.audit.unacknowledged(1))
