"""The instruments in a visit: started for a visit, shown live, kept or refused with the reason.

A measurement carries its visit from its start. One that belongs to no open visit, or to another,
or that comes after its visit was closed, goes to the tray and cannot be kept here.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from app.domain.device import DeviceKind
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import RecordId, VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement, VitalKind
from app.domain.reading import Reading
from app.domain.tray import Place, TrayItem, WhyAside, why_unasked
from app.domain.vitals import assess
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart, ChartState
from app.services.ports import CuffEvent, CuffState, Instrument, UnitOfWork
from app.services.readings import TellFar, kept_words, must_be_allowed, write_reading
from app.services.tray import Tray
from app.services.vitals_state import (
    ASIDE_CODE,
    CUFF,
    InstrumentState,
    VitalsState,
    ended_payload,
    live_payload,
)

TELL_FAR_EVERY_S = 0.15  # of one value: a cuff is asked five times a second, a stream may say more
LAST_WORDS_LIMIT_S = 3.0


class Vitals:
    """`tell_far` hands live values and kept readings to the call or the server, best effort."""

    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        tray: Tray,
        instruments: Mapping[DeviceKind, Instrument],
        tell_far: TellFar,
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._tray = tray
        self._instruments = dict(instruments)
        self._tell_far = tell_far
        self.state: Broadcast[VitalsState] = Broadcast(VitalsState())
        self._tasks = TaskOwner("vitals")
        self._busy: set[DeviceKind] = set()  # an event of that one is being heard
        self._at_rest = asyncio.Event()
        self._asked: dict[DeviceKind, VisitId] = {}  # the token: started, and not answered yet
        self._used: set[DeviceKind] = set()  # started in this visit, whatever became of it
        self._visit: VisitId | None = None  # that the tokens are good for
        self._is_closing = False
        self._is_over = False
        self._told_far_s: dict[VitalKind, float] = {}
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._stop_listening = self._chart.state.listen(self._chart_changed)
        for kind, instrument in self._instruments.items():
            self._tasks.start_lasting(partial(self._listen, kind, instrument), str(kind))

    async def close(self) -> None:
        """What was said already is heard first, whatever the disk is doing."""
        self._stop_listening()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_LIMIT_S):
                while self._busy:
                    self._at_rest.clear()
                    await self._at_rest.wait()
        await self._tasks.close()

    # --- the visit -----------------------------------------------------------------------------

    def _chart_changed(self, chart: ChartState) -> None:
        """Another visit: what was asked for the old one is answered for nobody here.

        A visit that somebody finished, here or at the far end, stops its instruments.
        """
        visit = None if chart.row is None else chart.row.visit.id
        if visit != self._visit:
            self._visit, self._is_closing = visit, False
            self._asked, self._used = {}, set()
        is_over = chart.row is not None and not chart.row.visit.is_open
        if is_over and not self._is_over:
            self._tasks.start(self.stop_all(), "stop")
        self._is_over = is_over

    async def visit_closed(self) -> None:
        """The open visit changes: what runs for it is stopped, what comes late is fenced off."""
        self._asked, self._is_closing = {}, True
        await self.stop_all()
        state = self.state.value
        left = [one.result for one in state.instruments.values() if one.is_undecided]
        cleared = {kind: InstrumentState(told=one.told) for kind, one in state.instruments.items()}
        self._tell(instruments=cleared, code=None)
        undecided = [replace(item, why=WhyAside.UNDECIDED) for item in left if item is not None]
        if undecided:
            await self._tray.set_aside(*undecided)

    # --- what a person wants -------------------------------------------------------------------

    async def measure(self, kind: DeviceKind = CUFF) -> None:
        """Start it for the open visit; a result that may be kept is decided upon first."""
        visit = self._chart.row.visit
        instrument = self._instruments.get(kind)
        if instrument is None:
            self._tell_of(kind, code=Code.DEVICE_MISSING)
            return
        if not visit.is_open or self._is_closing:
            raise Rejected(Code.NO_VISIT_OPEN)
        if self.state.value.of(kind).is_undecided or kind in self._busy:
            raise Rejected(Code.RESULT_UNDECIDED)  # or one is about to stand there
        self._tell_of(kind, result=None, refused=None, no_measurement=None, live={}, code=None)
        self._tell(code=None)
        self._used.add(kind)
        before = {kind: self._asked[kind]} if kind in self._asked else {}
        self._asked[kind] = visit.id
        try:
            await instrument.start(visit.id)
        except Failure as failure:
            self._asked.pop(kind, None)
            self._asked |= before  # what ran already still does
            self._tell_of(kind, code=failure.code)
            return
        if self._is_closing or self._visit != visit.id:  # closed while the start was under way
            await self.stop(kind)

    async def stop(self, kind: DeviceKind = CUFF) -> None:
        """Abort on the wire, whatever else is going on."""
        instrument = self._instruments.get(kind)
        if instrument is not None:
            try:
                await instrument.stop()
            except Unavailable as away:
                self._tell_of(kind, code=away.code)
            else:
                self._tell_of(kind, code=None)

    async def stop_all(self) -> None:
        """Also what says that it is at rest: that may be an old word, and stopping is harmless."""
        told = {kind for kind, one in self.state.value.instruments.items() if one.is_running}
        for kind in [kind for kind in DeviceKind if kind in told | self._used]:
            await self.stop(kind)

    async def keep(self, kind: DeviceKind = CUFF) -> RecordId:
        """Keep the shown result as a reading of the visit that it was started for."""
        row, person, item = self._chart.row, self._acts.person, self.state.value.of(kind).result
        if item is None:
            raise Rejected(Code.NOTHING_TO_KEEP)
        if item.measured.visit is None:
            raise Rejected(Code.NOBODY_ASKED)
        if item.measured.visit != row.visit.id:
            raise Rejected(Code.MEASURED_FOR_ANOTHER_VISIT)
        must_be_allowed(row, person)
        if (refused := assess(item.measured)) is not None:
            raise Rejected(refused)
        stamp = self._acts.stamp()
        reading = Reading(
            id=item.id,
            visit=row.visit.id,
            patient=row.patient.id,
            measured=item.measured,
            kept_at=stamp.device_time,
            kept_by=person.id,
        )

        def write(unit: UnitOfWork) -> None:
            write_reading(unit, self._acts, reading, stamp)
            unit.measurements.put(item, Place.KEPT)

        # Taken off the screen first: a second press while the store works finds nothing to keep.
        self._tell_of(kind, result=None, refused=None, code=None)
        try:
            await self._acts.do(write)
        except Failure:
            await self._put_back(kind, item)
            raise
        self._tray.forget(item.id)
        self._tell_far(reading.visit, kept_words(reading))
        return reading.id

    async def _put_back(self, kind: DeviceKind, item: TrayItem) -> None:
        """It was not kept: the person decides again, if their visit still stands open."""
        if self._visit == item.measured.visit and not self._is_closing:
            self._tell_of(kind, result=item)
        else:
            await self._tray.set_aside(replace(item, why=WhyAside.UNDECIDED))

    async def discard(self, kind: DeviceKind = CUFF) -> None:
        """A person looked at the result and does not want it; of one to keep that is an act."""
        state = self.state.value.of(kind)
        item = state.result
        if item is not None and state.is_undecided:
            await self._acts.do_beside(lambda unit: self._tray.discard_in(unit, item))
            self._tray.forget(item.id)
        if self.state.value.of(kind).result is item:
            self._tell_of(kind, result=None, refused=None, no_measurement=None, code=None)

    def hand_over(self, kind: DeviceKind) -> None:
        """What it came to was taken by whoever asks the person about it in another place."""
        self._tell_of(kind, result=None, refused=None, no_measurement=None, code=None)

    # --- what an instrument says ---------------------------------------------------------------

    async def _listen(self, kind: DeviceKind, instrument: Instrument) -> None:
        async for event in instrument.events():
            self._busy.add(kind)
            try:
                await self._heard(kind, event)
            finally:
                self._busy.discard(kind)  # the next one, if it waits, makes it busy at once
                self._at_rest.set()

    async def _heard(self, kind: DeviceKind, event: CuffEvent) -> None:
        if isinstance(event, CuffState):
            self._tell_of(kind, told=event)
        elif isinstance(event, LiveValue):
            self._heard_live(kind, event)
        elif isinstance(event, NoMeasurement):
            if not event.goes_on:
                self._asked.pop(kind, None)
            if event.visit is None or event.visit == self._visit:
                self._tell_of(kind, no_measurement=event, live={})
            if event.visit is not None:
                self._tell_far(event.visit, ended_payload(kind, event.reason))
        else:
            await self._heard_measurement(kind, event)

    def _heard_live(self, kind: DeviceKind, live: LiveValue) -> None:
        """Whose it is not known to be stands beside nobody's name; the pressure in a cuff may."""
        vital = live.quantity.kind
        is_nobodys = live.visit is None and vital is VitalKind.CUFF_PRESSURE_MMHG
        if is_nobodys or (live.visit is not None and live.visit == self._visit):
            before = self.state.value.of(kind)
            ended = before.no_measurement
            ended = None if ended is not None and ended.goes_on else ended  # it has one again
            self._tell_of(kind, live={**before.live, vital: live}, no_measurement=ended)
        if live.visit is None:
            return
        now_s = self._acts.clock.monotonic()
        if now_s - self._told_far_s.get(vital, -TELL_FAR_EVERY_S) >= TELL_FAR_EVERY_S:
            self._told_far_s[vital] = now_s
            self._tell_far(live.visit, live_payload(live))

    async def _heard_measurement(self, kind: DeviceKind, measured: Measurement) -> None:
        why = self._why_aside(kind, measured)
        if why is None:
            del self._asked[kind]  # asked once, answered once
        item = await self._tray.take(measured, why)
        if why is not None:
            self._tell(code=None if item is None else ASIDE_CODE[why])
            return
        if item is None:
            self._tell_of(kind, code=Code.KNOWN_BEFORE, live={})
            return
        if self._visit != measured.visit or self._is_closing:  # while it was written down
            if assess(measured) is None:
                await self._tray.set_aside(replace(item, why=WhyAside.LATE))
            return
        before = self.state.value.of(kind)
        live = before.live if before.is_running else {}
        self._tell_of(kind, result=item, refused=assess(measured), no_measurement=None, live=live)
        if before.is_undecided and before.result is not None:  # it gives way, and is not gone
            await self._tray.set_aside(replace(before.result, why=WhyAside.UNDECIDED))

    def _why_aside(self, kind: DeviceKind, measured: Measurement) -> WhyAside | None:
        """None: asked for here, for the visit that stands open, and nothing came between."""
        if measured.visit is None:
            return why_unasked(measured)
        if self._visit is not None and measured.visit != self._visit:
            return WhyAside.ANOTHER_VISIT
        if self._asked.get(kind) != measured.visit or self._is_closing:
            return WhyAside.LATE
        return None

    def _tell_of(self, kind: DeviceKind, **fields: object) -> None:
        state = self.state.value
        changed = replace(state.of(kind), **fields)  # type: ignore[arg-type]  # own fields
        self._tell(instruments={**state.instruments, kind: changed})

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields
