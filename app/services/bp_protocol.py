"""Takes a series of blood pressures by the clinic's policy: a person starts it and may STOP it.

It asks the cuff only when the cuff is idle, hands every doubt to a person, and keeps the readings
and their average in one act. Another patient, or STOP, ends it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.domain.bp_protocol import BpPolicy, BpSeries, Choice, Phase, begun
from app.domain.bp_setting import BpSetting
from app.domain.device import Presence
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import RecordId, new_id
from app.domain.measurement import Measurement
from app.domain.reading import Reading, SeriesPart
from app.domain.tray import Place, TrayItem, WhyAside
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart, ChartState
from app.services.ports import UnitOfWork
from app.services.readings import TellFar, kept_words, must_be_allowed, write_reading
from app.services.tray import Tray
from app.services.vitals import Vitals
from app.services.vitals_state import CUFF, InstrumentState, VitalsState

LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class BpProtocolState:
    series: BpSeries | None = None
    code: Code | None = None  # why the last wish was not carried out

    @property
    def is_active(self) -> bool:
        """The cuff may start by itself: STOP stands on every page."""
        return self.series is not None and not self.series.is_over


class BpProtocol:
    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        vitals: Vitals,
        tray: Tray,
        tell_far: TellFar,
        policy: BpPolicy,
    ) -> None:
        self._acts = acts
        self._tell_far = tell_far
        self._chart = chart
        self._vitals = vitals
        self._tray = tray
        self.policy = policy
        self.state: Broadcast[BpProtocolState] = Broadcast(BpProtocolState())
        self._items: dict[RecordId, TrayItem] = {}
        self._starting = False
        self._wake = asyncio.Event()
        self._tasks = TaskOwner("blood pressure series")
        self._stops: tuple[Callable[[], None], ...] = ()

    def start(self) -> None:
        self._stops = (
            self._chart.state.listen(self._chart_changed),
            self._vitals.state.listen(self._vitals_changed),
        )
        self._tasks.start_lasting(self._run, "series")

    async def close(self) -> None:
        for stop in self._stops:
            stop()
        await self._tasks.close()

    @property
    def _series(self) -> BpSeries | None:
        return self.state.value.series

    def _now_s(self) -> float:
        return self._acts.clock.monotonic()

    # --- what a person wants -------------------------------------------------------------------

    async def begin(self, setting: BpSetting) -> None:
        """Rest begins now; the first reading follows by itself."""
        row, cuff = self._chart.row, self._vitals.state.value.of(CUFF)
        must_be_allowed(row, self._acts.person)
        if self._series is not None:
            raise Rejected(Code.SERIES_RUNNING)
        if (reason := _why_not_idle(cuff)) is not None:
            raise Rejected(reason)
        series = RecordId(new_id())
        self._tell(begun(series, row.visit.id, setting, self.policy, self._now_s()))

    async def stop(self) -> None:
        """Nothing starts any more, and what runs is aborted on the wire. Harmless at any time."""
        self._end(Code.CUFF_STOPPED)
        await self._vitals.stop(CUFF)

    async def hurry(self) -> None:
        """A person cuts rest or pause short, or goes on with what was held."""
        self._move(lambda series: series.hurried(self._now_s()))

    async def decide(self, choice: Choice) -> None:
        self._move(lambda series: series.decided(choice, self._now_s()))

    async def once_more(self) -> None:
        self._move(lambda series: series.once_more(self._now_s()))

    async def keep(self) -> None:
        """All that was read, and the average of what counted: whole or not at all."""
        row, person, series = self._chart.row, self._acts.person, self._series
        if series is None or not series.is_over or not any(t.can_be_kept for t in series.tries):
            raise Rejected(Code.NOTHING_TO_KEEP)
        if series.visit != row.visit.id:
            raise Rejected(Code.MEASURED_FOR_ANOTHER_VISIT)
        must_be_allowed(row, person)
        stamp, items = self._acts.stamp(), dict(self._items)
        readings = [
            Reading(
                id=record,
                visit=series.visit,
                patient=row.patient.id,
                measured=measured,
                kept_at=stamp.device_time,
                kept_by=person.id,
                taken=series.taken(),
                series=part,
            )
            for record, measured, part in parts_of(series)
        ]

        def write(unit: UnitOfWork) -> None:
            for reading in readings:
                write_reading(unit, self._acts, reading, stamp)
            for item in items.values():
                unit.measurements.put(item, Place.KEPT)

        self._let_go()  # a second press finds nothing to keep
        try:
            await self._acts.do(write)
        except Failure:
            await self._put_back(series, items)
            raise
        self._tray.forget(*items)
        for reading in readings:
            self._tell_far(reading.visit, kept_words(reading))

    async def _put_back(self, series: BpSeries, items: dict[RecordId, TrayItem]) -> None:
        row = self._chart.state.value.row
        if self._series is None and row is not None and row.visit.id == series.visit:
            self._items = items
            self._tell(series)
        else:
            await self._tray.set_aside(*items.values())

    async def discard(self) -> None:
        """A person looked at the series and does not want it."""
        series, items = self._series, dict(self._items)
        if series is None:
            return
        if not series.is_over:
            raise Rejected(Code.SERIES_RUNNING)

        def write(unit: UnitOfWork) -> None:
            for item in items.values():
                self._tray.discard_in(unit, item)

        await self._acts.do_beside(write)
        self._tray.forget(*items)
        if self._series is series:
            self._let_go()

    # --- what goes on by itself ----------------------------------------------------------------

    def _chart_changed(self, chart: ChartState) -> None:
        """Another patient, none, or a visit that is over: nothing goes on for this one."""
        series = self._series
        if series is None:
            return
        is_here = chart.row is not None and chart.row.visit.id == series.visit
        if not is_here:
            items = [replace(item, why=WhyAside.UNDECIDED) for item in self._items.values()]
            self._let_go()
            if items:
                self._tasks.start(self._tray.set_aside(*items), "set the series aside")
        elif chart.row is not None and not chart.row.visit.is_open:
            self._end(Code.NO_VISIT_OPEN)

    def _vitals_changed(self, state: VitalsState) -> None:
        series, cuff = self._series, state.of(CUFF)
        if series is None or series.phase is not Phase.MEASURING or self._starting:
            return
        has_failed = cuff.code is not None and not cuff.is_running  # else it is another wish's
        if cuff.result is None and cuff.no_measurement is None and not has_failed:
            return
        self._take(series, cuff)
        self._vitals.hand_over(CUFF)

    def _take(self, series: BpSeries, came: InstrumentState) -> None:
        """A person's STOP, and the port's own, end the series; any other failure is asked about."""
        item, now_s = came.result, self._now_s()
        if item is not None and came.refused is None:
            self._items[item.id] = item
            self._tell(series.measured(item.id, item.measured, now_s))
        elif item is not None and came.refused is not None:
            self._tell(series.failed(came.refused, now_s, item.measured))
        elif came.no_measurement is not None:
            reason = came.no_measurement.reason
            is_stop = reason is Code.CUFF_STOPPED
            self._tell(series.ended(reason) if is_stop else series.failed(reason, now_s))
        elif came.code is not None:
            self._tell(series.failed(came.code, now_s))

    async def _run(self) -> None:
        while True:
            if not self.state.value.is_active:
                self._wake.clear()
                await self._wake.wait()
            series = self._series
            if series is not None and series.is_due(self._now_s()):
                await self._start_reading(series)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _start_reading(self, series: BpSeries) -> None:
        """Only an idle cuff is started; whatever else it does, a person says when to go on."""
        reason = _why_not_idle(self._vitals.state.value.of(CUFF))
        if reason is not None:
            self._tell(series.held(reason))
            return
        self._starting = True
        self._tell(series.started(self._now_s()))
        code: Code | None
        try:
            await self._vitals.measure(CUFF)
        except Rejected as no:
            code = no.code
        else:
            code = self._vitals.state.value.of(CUFF).code
        finally:
            self._starting = False
        if code is not None and self.state.value.is_active:
            self._move(lambda series: series.held(code))
        if not self.state.value.is_active:  # ended while the start was under way
            await self._vitals.stop(CUFF)
        self._vitals_changed(self._vitals.state.value)

    def _move(self, move: Callable[[BpSeries], BpSeries]) -> None:
        if (series := self._series) is not None:
            self._tell(move(series))

    def _end(self, reason: Code) -> None:
        if (series := self._series) is not None and not series.is_over:
            self._tell(series.ended(reason))

    def _let_go(self) -> None:
        self._items = {}
        self._tell(None)

    def _tell(self, series: BpSeries | None) -> None:
        self.state.tell(BpProtocolState(series))
        self._wake.set()


def parts_of(series: BpSeries) -> list[tuple[RecordId, Measurement, SeriesPart]]:
    """What is kept of a series: every reading by its number, then the average that names them."""
    found: list[tuple[RecordId, Measurement, SeriesPart]] = []
    counted = {one.record for one in series.counted}
    for one in series.tries:
        if one.can_be_kept and one.measured is not None and one.record is not None:
            part = SeriesPart(series.id, one.number, is_counted=one.record in counted)
            found.append((one.record, one.measured, part))
    average = series.average()
    if average is not None:
        names = tuple(one.record for one in series.counted if one.record is not None)
        found.append((RecordId(new_id()), average, SeriesPart(series.id, 0, True, names)))
    return found


def _why_not_idle(cuff: InstrumentState) -> Code | None:
    if cuff.told is None or cuff.told.status.presence is Presence.MISSING:
        return Code.DEVICE_MISSING
    if cuff.is_running:
        return Code.DEVICE_BUSY
    return Code.RESULT_UNDECIDED if cuff.is_undecided else None
