"""The cuff in a visit: started for a visit, shown live, kept or refused with its reason.

A measurement carries its visit from its start. One that belongs to no open visit, or to another,
is shown apart and cannot be kept here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import Json, RecordType
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import RecordId, VisitId, new_id
from app.domain.measurement import (
    LiveValue,
    Measurement,
    NoMeasurement,
    Quantity,
    VitalKind,
)
from app.domain.vitals import (
    Reading,
    assess,
    decimal_from,
    fields_of,
    is_plausible,
    reading_from,
)
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart, ChartState
from app.services.ports import Cuff, CuffEvent, CuffState, NewChange, UnitOfWork

SET_ASIDE_MOST = 20
FROM_FAR_MOST = 20

TellFar = Callable[[VisitId, dict[str, Json]], None]


@dataclass(frozen=True, slots=True)
class SetAside:
    """A measurement that is no reading of whoever is open here; never kept, only discarded.

    Its id is made here: the audit names it by that, as a digest of so few bytes gives the
    pressures away.
    """

    id: RecordId
    measured: Measurement


@dataclass(frozen=True, slots=True)
class VitalsState:
    """`live` is the cuff's pressure here or at the far end; `result` waits for keep or discard."""

    cuff: CuffState | None = None
    live: LiveValue | None = None
    is_live_from_far: bool = False
    result: Measurement | None = None
    refused: Code | None = None  # why `result` may not be kept
    no_measurement: NoMeasurement | None = None
    set_aside: tuple[SetAside, ...] = ()
    from_far: tuple[Reading, ...] = ()  # kept at the far end, not yet in the feed
    code: Code | None = None  # why the last wish was not carried out

    @property
    def is_undecided(self) -> bool:
        """A refused result is none that a person could lose: it was never to be kept."""
        return self.result is not None and self.refused is None


class Vitals:
    """`tell_far` hands live values and kept readings to the call or the server, best effort."""

    def __init__(self, *, acts: Acts, chart: Chart, cuff: Cuff | None, tell_far: TellFar) -> None:
        self._acts = acts
        self._chart = chart
        self._cuff = cuff
        self._tell_far = tell_far
        self.state: Broadcast[VitalsState] = Broadcast(VitalsState())
        self._tasks = TaskOwner("vitals")
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self) -> None:
        if self._cuff is not None:
            cuff = self._cuff
            self._tasks.start_lasting(lambda: self._listen(cuff), "cuff")
            self._stop_listening = self._chart.state.listen(self._chart_changed)

    def _chart_changed(self, chart: ChartState) -> None:
        """A visit that somebody finished, here or at the far end, stops its cuff."""
        cuff = self.state.value.cuff
        is_over = chart.row is not None and not chart.row.visit.is_open
        if is_over and cuff is not None and cuff.is_running:
            self._tasks.start(self.stop(), "stop")

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    async def measure(self) -> None:
        """Start the cuff for the open visit; a result that may be kept is decided upon first."""
        visit = self._chart.row.visit
        if self._cuff is None:
            self._tell(code=Code.DEVICE_MISSING)
            return
        if not visit.is_open:
            raise Rejected(Code.NO_VISIT_OPEN)
        if self.state.value.is_undecided:
            raise Rejected(Code.RESULT_UNDECIDED)
        self._tell(result=None, refused=None, no_measurement=None, live=None, code=None)
        try:
            await self._cuff.start(visit.id)
        except Failure as failure:
            self._tell(code=failure.code)

    async def stop(self) -> None:
        """Abort on the wire, whatever else is going on."""
        if self._cuff is not None:
            try:
                await self._cuff.stop()
            except Unavailable as away:
                self._tell(code=away.code)
            else:
                self._tell(code=None)

    async def keep(self) -> RecordId:
        """Keep the shown result as a reading of the visit that it was started for."""
        row, person, measured = self._chart.row, self._acts.person, self.state.value.result
        if measured is None:
            raise Rejected(Code.NOTHING_TO_KEEP)
        if measured.visit is None:
            raise Rejected(Code.NOBODY_ASKED)
        if measured.visit != row.visit.id:
            raise Rejected(Code.MEASURED_FOR_ANOTHER_VISIT)
        if not row.visit.is_open:
            raise Rejected(Code.NO_VISIT_OPEN)
        if not may(person.role, Action.KEEP_READING):
            raise Rejected(Code.NOT_ALLOWED)
        if (refused := assess(measured)) is not None:
            raise Rejected(refused)
        stamp = self._acts.stamp()
        reading = Reading(
            id=RecordId(new_id()),
            visit=row.visit.id,
            patient=row.patient.id,
            measured=measured,
            kept_at=stamp.device_time,
            kept_by=person.id,
        )

        def write(unit: UnitOfWork) -> None:
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.READING,
                    record=reading.id,
                    base_version=0,
                    fields_set=fields_of(reading),
                    author=person.id,
                    stamp=stamp,
                    patient=reading.patient,
                    visit=reading.visit,
                )
            )
            unit.audit.add(
                self._acts.event(
                    Act.READING_KEPT,
                    patient=reading.patient,
                    visit=reading.visit,
                    subject=reading.id,
                )
            )

        # Taken off the screen first: a second press while the store works finds nothing to keep.
        self._tell(result=None, refused=None, code=None)
        try:
            await self._acts.do(write)
        except Failure:
            self._tell(result=measured)
            raise
        told: dict[str, Json] = {"kind": "reading", "record": str(reading.id)}
        self._tell_far(reading.visit, told | fields_of(reading))
        return reading.id

    async def discard(self) -> None:
        """A person looked at the result and does not want it."""
        self._tell(result=None, refused=None, no_measurement=None, code=None)

    async def discard_set_aside(self, record: RecordId) -> None:
        """A person looked at what belongs to nobody here; that they took it away is an act."""
        found = next((one for one in self.state.value.set_aside if one.id == record), None)
        if found is None:
            return  # pressed twice
        visit = found.measured.visit

        def write(unit: UnitOfWork) -> None:
            row = None if visit is None else unit.records.visit_row(visit)
            unit.audit.add(
                self._acts.event(
                    Act.MEASUREMENT_DISCARDED,
                    patient=None if row is None else row.patient.id,
                    visit=visit,
                    subject=record,
                )
            )

        await self._acts.do(write)
        left = tuple(one for one in self.state.value.set_aside if one.id != record)
        self._tell(set_aside=left)

    def _with(self, *measured: Measurement) -> tuple[SetAside, ...]:
        added = (SetAside(RecordId(new_id()), one) for one in measured)
        return (*self.state.value.set_aside, *added)[-SET_ASIDE_MOST:]

    async def visit_closed(self) -> None:
        """The open visit changes: what runs for it is stopped, what comes late is fenced off."""
        state = self.state.value
        if state.cuff is not None and state.cuff.is_running:
            await self.stop()
        left = (state.result,) if state.result is not None else ()
        self._tell(
            result=None,
            refused=None,
            no_measurement=None,
            live=None,
            from_far=(),
            set_aside=self._with(*left),
            code=None,
        )

    def heard_from_far(self, visit: VisitId, payload: dict[str, Json]) -> None:
        """A live value or a kept reading of the far end, over the call or the server."""
        row = self._chart.state.value.row
        if row is None or row.visit.id != visit:
            return
        try:
            if payload.get("kind") == "cuff-pressure":
                self._hear_live(visit, decimal_from(payload["value"]))
            elif payload.get("kind") == "reading":
                record = str(payload["record"])
                self._add_from_far(reading_from(record, payload, is_pending=True))
        except Rejected as no:
            self._tell(code=no.code)
        except (KeyError, ValueError, TypeError):
            self._tell(code=Code.FAR_UNREADABLE)

    def _hear_live(self, visit: VisitId, value: Decimal) -> None:
        """ValueError when no cuff says such a thing. Our own running cuff knows better."""
        pressure = Quantity(VitalKind.CUFF_PRESSURE_MMHG, value)
        if not is_plausible(pressure):
            raise ValueError("cuff pressure")
        cuff = self.state.value.cuff
        if cuff is None or not cuff.is_running:
            live = LiveValue(visit, pressure, self._acts.clock.now())
            self._tell(live=live, is_live_from_far=True)

    def _add_from_far(self, reading: Reading) -> None:
        row = self._chart.row
        if reading.visit != row.visit.id or reading.patient != row.patient.id:
            raise Rejected(Code.WRONG_PATIENT)
        if (refused := assess(reading.measured)) is not None:
            raise Rejected(refused)
        known = {r.id for r in self._chart.state.value.readings}
        told = self.state.value.from_far
        if reading.id not in known and all(r.id != reading.id for r in told):
            self._tell(from_far=(reading, *told)[:FROM_FAR_MOST], live=None)

    async def _listen(self, cuff: Cuff) -> None:
        async for event in cuff.events():
            await self._heard(event)

    async def _heard(self, event: CuffEvent) -> None:
        if isinstance(event, CuffState):
            self._tell(cuff=event)
        elif isinstance(event, LiveValue):
            if self._is_shown_here(event.visit):
                self._tell(live=event, is_live_from_far=False)
            if event.visit is not None:
                self._tell_far(event.visit, _live_payload(event))
        elif isinstance(event, NoMeasurement):
            if self._is_shown_here(event.visit):
                self._tell(no_measurement=event, live=None)
        else:
            await self._heard_measurement(event)

    def _is_shown_here(self, visit: VisitId | None) -> bool:
        """What was begun for another visit stands beside no other patient's name."""
        row = self._chart.state.value.row
        return visit is None or (row is not None and row.visit.id == visit)

    async def _heard_measurement(self, measured: Measurement) -> None:
        row = self._chart.state.value.row
        if row is None or measured.visit != row.visit.id:
            is_asked = measured.visit is not None
            code = Code.MEASURED_FOR_ANOTHER_VISIT if is_asked else Code.NOBODY_ASKED
            self._tell(set_aside=self._with(measured), code=code)
            return
        refused = assess(measured)
        self._tell(result=measured, refused=refused, live=None, no_measurement=None)
        if refused is not None:
            event = self._acts.event(
                Act.READING_REFUSED, patient=row.patient.id, visit=row.visit.id, code=refused
            )
            try:
                await self._acts.note(event)
            except Failure as failure:  # the cuff is listened to all the same
                self._tell(code=failure.code)

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields


def _live_payload(live: LiveValue) -> dict[str, Json]:
    return {"kind": "cuff-pressure", "value": str(live.quantity.value), "at": live.at.isoformat()}
