"""Messages, receipts, readings and notes over the running call, beside the way by the server.

What is told here goes the safe way, too, and is known by its id. Told again on each new link, and
after a pause, until the far desk says that it has it, or the server does.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from app.domain.call import Phase
from app.domain.changes import Change, HeardRecord, Json, RecordType
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import LinkId, RecordId, VisitId
from app.domain.messages import (
    Message,
    Receipt,
    ReceiptKind,
    message_fields,
    receipt_fields,
    receipt_id,
)
from app.domain.people import Person
from app.domain.told_records import must_be_believed
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import Call, CallState
from app.services.far_person import FarPerson
from app.services.ports import CallEngine, UnitOfWork
from app.services.readings import KEPT_KIND
from app.services.told_words import KIND, Gathering, kept_reading_of, words_of

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0
AGAIN_AFTER_S = 15.0  # and twice as long after each further time
AGAIN_MOST = 6
WORD_PAUSE_S = 0.04  # the far side takes a hundred words a second, and others speak, too
NOTE_PAUSE_S = 0.25  # a long note does not hurry: at 200 kbit/s live values still come between
RECEIPTS_OF_NEWEST = 20  # told anew on a new link, in case the far desk has no server
HEARD_WAITING = 64

BESIDES = (RecordType.READING, RecordType.NOTE)  # behind the messages, in clinical order


@dataclass(frozen=True, slots=True)
class _Told:
    at: float  # monotonic
    times: int


@dataclass(frozen=True, slots=True)
class _Heard:
    record: HeardRecord
    far: Person | None  # who sat there; None: this screen is new, and has not heard it yet
    link: LinkId | None


class DirectLine:
    def __init__(self, *, acts: Acts, call: Call, engine: CallEngine) -> None:
        self._acts = acts
        self._call = call
        self._engine = engine
        self._told: dict[RecordId, _Told] = {}
        self._told_over: tuple[LinkId | None, bool] = (None, False)
        self._gathering = Gathering()
        self._far = FarPerson(acts, call)
        self._heard: asyncio.Queue[_Heard] = asyncio.Queue(HEARD_WAITING)
        self._refused = 0
        self._asked = asyncio.Event()
        self._tasks = TaskOwner("direct line")
        self._stops = (
            acts.revision.listen(lambda _: self._asked.set()),
            call.state.listen(self._call_changed),
        )

    def start(self) -> None:
        self._tasks.start_lasting(self._run, "tell")
        self._tasks.start_lasting(self._keep_heard, "keep what was heard")

    async def close(self) -> None:
        for stop in self._stops:
            stop()
        await self._tasks.close()
        await self._far.close()

    # --- telling ---------------------------------------------------------------------------

    def _call_changed(self, state: CallState) -> None:
        """A new link, or a new screen at the far end, may have lost what was told before."""
        has_screen = state.far_screen is None or state.far_screen.is_attached
        over = (state.link if state.phase is Phase.LIVE else None, has_screen)
        if over != self._told_over:
            self._told_over = over
            self._told.clear()
            self._asked.set()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._asked.wait()
            self._asked.clear()
            try:
                await self._tell_what_waits()
            except Failure as failure:
                log.info("not told over the call: %s", failure.code)

    async def _tell_what_waits(self) -> None:
        state = self._call.state.value
        if state.phase is not Phase.LIVE or state.visit is None:
            return
        visit, person = state.visit, self._acts.person
        messages, besides = await self._acts.read(lambda unit: _waiting(unit, visit, person))
        for record, is_urgent in [*self._to_tell(messages, person), *besides]:
            if not self._is_due(record.record, is_urgent=is_urgent):
                continue
            before = self._told.get(record.record)
            times = 1 if before is None else before.times + 1
            # Before it is said: what is asked for again meanwhile is told again.
            self._told[record.record] = _Told(self._acts.clock.monotonic(), times)
            is_note = record.record_type is RecordType.NOTE
            try:
                for word in words_of(record):
                    await self._engine.send_live(word)
                    await asyncio.sleep(NOTE_PAUSE_S if is_note else WORD_PAUSE_S)
            except Failure:
                self._told.pop(record.record, None)
                raise

    def _to_tell(self, newest_first: list[Message], me: Person) -> list[tuple[HeardRecord, bool]]:
        """Oldest first, with whether it is to be told again until the far desk has it."""
        told: list[tuple[HeardRecord, bool]] = []
        for place, message in reversed(list(enumerate(newest_first))):
            if message.author != me.id:
                if place < RECEIPTS_OF_NEWEST:
                    told += [(one, False) for one in self._our_receipts(message, me)]
            elif message.receipt_of(ReceiptKind.DELIVERED) is None:
                fields = message_fields(message)
                told.append((_record(RecordType.MESSAGE, message.id, message, fields), True))
        return told

    def _our_receipts(self, message: Message, me: Person) -> list[HeardRecord]:
        return [
            _record(
                RecordType.RECEIPT,
                receipt_id(receipt, self._acts.device),
                message,
                receipt_fields(receipt, message.visit, message.patient, me.name),
            )
            for receipt in message.receipts
            if receipt.by == me.id
        ]

    def _is_due(self, record: RecordId, *, is_urgent: bool) -> bool:
        told = self._told.get(record)
        if told is None:
            return True
        pause_s = AGAIN_AFTER_S * 2 ** (told.times - 1)
        is_over = self._acts.clock.monotonic() - told.at >= pause_s
        return is_urgent and told.times < AGAIN_MOST and is_over

    # --- hearing ---------------------------------------------------------------------------

    def heard(self, visit: VisitId, payload: dict[str, Json]) -> None:
        """A word of the far side, over the call or the server; of other kinds none is ours."""
        state, kind = self._call.state.value, payload.get("kind")
        if kind not in (KIND, KEPT_KIND) or visit != state.visit:
            return
        try:
            is_whole = kind == KEPT_KIND
            record = kept_reading_of(payload) if is_whole else self._gathering.take(payload)
            if record is None:
                return
            if record.visit != visit:
                raise Rejected(Code.NOT_ALLOWED, "told record")
            if self._heard.full():  # it is told again
                raise Rejected(Code.OVERRUN, "told record")
        except Rejected as no:
            self._refuse(no.code)
            return
        seat = state.far
        far = None if seat is None else Person(seat.person, seat.name, seat.role)
        self._heard.put_nowait(_Heard(record, far, state.link))

    async def _keep_heard(self) -> None:
        while True:
            heard = await self._heard.get()
            try:
                await self._keep(heard)
            except Failure as failure:
                self._refuse(failure.code)

    async def _keep(self, heard: _Heard) -> None:
        """Only in the name of who sits at the far end; the server judges it again."""
        record, me = heard.record, self._acts.person.id

        def write(unit: UnitOfWork) -> bool:
            must_be_believed(record, heard.far or self._far.of(unit, heard.link), me)
            row = unit.records.visit_row(record.visit)
            if row is None:
                raise Rejected(Code.NOT_FOUND)
            if row.patient.id != record.patient:
                raise Rejected(Code.WRONG_PATIENT)
            return unit.heard.keep(record)

        is_new = await self._acts.do(write)
        if not is_new and record.record_type is RecordType.MESSAGE:
            self._tell_receipts_again(record.record)

    def _tell_receipts_again(self, message: RecordId) -> None:
        """They told it again, so they do not know that it is here."""
        me, now = self._acts.person.id, self._acts.clock.now()
        for kind in ReceiptKind:
            self._told.pop(receipt_id(Receipt(message, kind, me, now), self._acts.device), None)
        self._asked.set()

    def _refuse(self, code: Code) -> None:
        """The far side must not fill our log: told after one, two, four, eight..."""
        self._refused += 1
        if self._refused.bit_count() == 1:
            log.warning("told records refused so far: %d (%s)", self._refused, code)


def _waiting(
    unit: UnitOfWork, visit: VisitId, me: Person
) -> tuple[list[Message], list[tuple[HeardRecord, bool]]]:
    """Messages, and what waits for the server besides.

    What the server said no to is told to nobody as if it stood in the visit.
    """
    refused = {item.change.record for item in unit.outbox.refused()}
    messages = [one for one in unit.records.messages(visit) if one.id not in refused]
    changes = [one for one in unit.outbox.of_visit(visit) if one.record not in refused]
    besides = (_new_by(me, change, visit) for kind in BESIDES for change in _of(changes, kind))
    return messages, [(record, True) for record in besides if record is not None]


def _of(changes: list[Change], kind: RecordType) -> list[Change]:
    return [change for change in changes if change.record_type is kind]


def _new_by(me: Person, change: Change, visit: VisitId) -> HeardRecord | None:
    """A record that the server does not have, written by who sits here: others' is not believed."""
    is_theirs = change.author != me.id or change.visit != visit
    if is_theirs or change.base_version > 0 or change.patient is None:
        return None
    kind, fields = change.record_type, change.fields_set
    return HeardRecord(kind, change.record, fields, change.patient, visit)


def _record(
    record_type: RecordType, record: RecordId, message: Message, fields: dict[str, Json]
) -> HeardRecord:
    return HeardRecord(record_type, record, fields, message.patient, message.visit)
