"""Writes into the visit what becomes of its call: each step of ours on the ladder, and a report.

Nobody presses a button for it: it is the machine's own word. It names who worked at it then, never
who happens to be signed in when it is written.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.call import WITH_FAR_SIDE, Phase
from app.domain.call_log import CallTally, step_id
from app.domain.changes import Json, RecordType
from app.domain.clock import Stamp
from app.domain.failures import Failure
from app.domain.ids import RecordId, VisitId, new_id
from app.domain.ladder import LadderState, Stand, Step
from app.domain.people import Person
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import CallState
from app.services.ports import Measures, NewChange, UnitOfWork
from app.services.rereading import Rereading

log = logging.getLogger(__name__)

WAITING_MOST = 200
TOP = LadderState().step  # where every call begins: not worth a line


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A record that is to be written: its fields but for whom it is of."""

    record_type: RecordType
    record: RecordId
    visit: VisitId
    act: Act
    fields: dict[str, Json]
    at: datetime
    worked: Person  # at this desk when it happened


class CallLog:
    def __init__(self, acts: Acts, call: Broadcast[CallState], role: Role) -> None:
        self._acts = acts
        self._role = role
        self._tally: CallTally | None = None
        self._before = call.value
        self._worked: Person | None = None  # the last one who was signed in during this call
        self._logged: tuple[VisitId | None, Step] = (None, TOP)
        self._waiting: deque[_Waiting] = deque(maxlen=WAITING_MOST)
        self._one_at_a_time = asyncio.Lock()
        self._tasks = TaskOwner("call log")
        self._writing = Rereading(self._write_all, self._tasks)
        self._stops = [
            call.listen(self._heard),
            acts.revision.listen(lambda _: self._ask()),
        ]
        acts.before_leaving(self.finish)

    def start(self) -> None:
        self._writing.start()

    async def finish(self) -> None:
        """What was just said, by hanging up, is written while its person is still there."""
        try:
            await self._write_all()
        except Failure as failure:
            log.warning("the end of a call is not in its log: %s", failure.code)

    async def close(self) -> None:
        for stop in self._stops:
            stop()
        await self.finish()
        await self._tasks.close()

    # --- what is heard ---------------------------------------------------------------------------

    def _heard(self, state: CallState) -> None:
        before, self._before = self._before, state
        if state.visit is None:
            return
        if self._acts.has_person:
            self._worked = self._acts.person
        if state.phase is not before.phase:
            self._phase_is(state, before.phase)
        if state.measures is not before.measures and state.phase is Phase.LIVE:
            self._measured(state.measures)
        if state.ladder is not None:
            self._stands(state.visit, state.ladder.own)

    def _phase_is(self, state: CallState, before: Phase) -> None:
        now = self._acts.clock.now()
        if self._tally is None and state.phase not in (Phase.IDLE, Phase.ENDED):
            self._tally = CallTally(now)
        tally = self._tally
        if tally is None:
            return
        tally.was_tried = tally.was_tried or state.phase in WITH_FAR_SIDE
        if (before, state.phase) == (Phase.LIVE, Phase.REJOINING):
            tally.drops += 1
        elif (before, state.phase) == (Phase.REJOINING, Phase.LIVE):
            # A screen that took over a running call begins in REJOINING: nothing was dropped.
            tally.rejoins = min(tally.rejoins + 1, tally.drops)
        if state.phase is Phase.ENDED:
            self._tally = None
            if tally.was_tried and before is not Phase.IDLE:
                self._report(state, tally, now)

    def _measured(self, measures: Measures) -> None:
        if self._tally is not None:
            self._tally.measured(measures)

    def _stands(self, visit: VisitId, stand: Stand) -> None:
        logged = self._logged[1] if self._logged[0] == visit else TOP
        if self._tally is not None:
            self._tally.stands_on(stand.step)
        self._logged = (visit, stand.step)
        if stand.step is logged:
            return
        if self._tally is not None:
            self._tally.stepped(stand.step)
        fields: dict[str, Json] = {
            "side": str(self._role),
            "step": str(stand.step),
            "reason": str(stand.reason),
            "carries_bit_s": stand.carries_bit_s,
            "at": stand.since.isoformat(),
        }
        record = step_id(self._acts.device, visit, stand)
        self._put(RecordType.LADDER_STEP, record, visit, Act.LADDER_STEPPED, fields)

    def _report(self, state: CallState, tally: CallTally, now: datetime) -> None:
        assert state.visit is not None
        figures: dict[str, Json] = {
            name: {"median": one.median, "p95": one.p95, "worst": one.worst, "n": one.n}
            for name, one in tally.figures().items()
        }
        lowest = tally.lowest_step
        fields: dict[str, Json] = {
            "side": str(self._role),
            "began_at": tally.began_at.isoformat(),
            "ended_at": max(tally.began_at, now).isoformat(),  # the clock may have been put back
            "contact_s": max(0.0, state.contact_s),
            "drops": tally.drops,
            "rejoins": tally.rejoins,
            "ladder_steps": tally.ladder_steps,
            "lowest_step": None if lowest is None else str(lowest),
            "freezes": tally.freezes,
            "path": None if tally.path is None else str(tally.path),
            "figures": figures,
        }
        record = RecordId(new_id())
        self._put(RecordType.CALL_REPORT, record, state.visit, Act.CALL_REPORTED, fields)

    # --- what is written -------------------------------------------------------------------------

    def _put(
        self, kind: RecordType, record: RecordId, visit: VisitId, act: Act, fields: dict[str, Json]
    ) -> None:
        if self._worked is None:
            log.warning("a line of a call's log is left out: nobody was ever signed in here")
            return
        if len(self._waiting) == WAITING_MOST:
            log.error("the log of a call waits too long; its oldest line is dropped")
        now = self._acts.clock.now()
        self._waiting.append(_Waiting(kind, record, visit, act, fields, now, self._worked))
        self._ask()

    def _ask(self) -> None:
        if self._waiting:
            self._writing.ask()

    async def _write_all(self) -> None:
        async with self._one_at_a_time:
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        while self._waiting:
            waiting = self._waiting[0]
            await self._write_one(waiting)
            if self._waiting and self._waiting[0] is waiting:
                self._waiting.popleft()

    async def _write_one(self, waiting: _Waiting) -> None:
        if await self._acts.read(lambda unit: _is_ready(unit, waiting)):
            await self._acts.do(lambda unit: self._write(unit, waiting))

    def _write(self, unit: UnitOfWork, waiting: _Waiting) -> None:
        row = unit.records.visit_row(waiting.visit)
        if row is None:
            return
        person = waiting.worked
        unit.outbox.add(
            NewChange(
                record_type=waiting.record_type,
                record=waiting.record,
                base_version=0,
                fields_set={
                    "visit": str(waiting.visit),
                    "patient": str(row.patient.id),
                    **waiting.fields,
                    "author": str(person.id),
                    "author_name": person.name,
                },
                author=person.id,
                # No person's act: a clock that is far off is said beside it and stops nothing.
                stamp=Stamp(waiting.at, self._acts.offset),
                patient=row.patient.id,
                visit=waiting.visit,
            )
        )
        event = self._acts.event(
            waiting.act, patient=row.patient.id, visit=waiting.visit, subject=waiting.record
        )
        unit.audit.add(replace(event, actor=person.id))


def _is_ready(unit: UnitOfWork, waiting: _Waiting) -> bool:
    """Of a visit that is known here, and not written before by a screen that was here before."""
    if unit.records.visit_row(waiting.visit) is None:
        log.info("a line of a call's log is of a visit that is not known here")
        return False
    known = unit.records.ladder_steps(waiting.visit)
    return all(step.id != waiting.record for step in known)
