"""The code with one of its guards taken out: a simulation that misses one proves nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.device import DeviceKind
from app.domain.ids import VisitId
from app.domain.measurement import Measurement
from app.domain.tray import Place, TrayItem, WhyAside
from app.services.bp_protocol import BpProtocol
from app.services.tray import Tray
from app.services.vitals import Vitals
from offline_store.measurements import Measurements
from peripherals.drivers.owed import Owed
from peripherals.drivers.pushing import PushedConversation
from peripherals.drivers.said import Said
from peripherals.drivers.suntech.codec import Answer
from peripherals.drivers.suntech.conversation import SunTechConversation
from peripherals.moment import Moment
from peripherals.monitor import InstrumentMonitor

Patch = Callable[[pytest.MonkeyPatch], None]


def stamped_at_arrival(patch: pytest.MonkeyPatch) -> None:
    original = Vitals._heard_measurement

    async def stamp(self: Vitals, kind: DeviceKind, measured: Measurement) -> None:
        if self._visit is not None:
            self._asked[kind] = self._visit
            measured = replace(measured, visit=self._visit)
        await original(self, kind, measured)

    patch.setattr(Vitals, "_heard_measurement", stamp)


def no_fence(patch: pytest.MonkeyPatch) -> None:
    """Whatever was started for anybody is shown to whoever is there."""

    async def show(self: Vitals, kind: DeviceKind, measured: Measurement) -> None:
        if measured.visit is None:
            await self._tray.take(measured, WhyAside.NOBODY_ASKED)
            return
        item = await self._tray.take(measured, None)
        self._tell_of(kind, result=item, live={})

    patch.setattr(Vitals, "_heard_measurement", show)


def no_second_look_after_writing(patch: pytest.MonkeyPatch) -> None:
    """Between arriving and being written down the patient may change."""

    async def show(self: Vitals, kind: DeviceKind, measured: Measurement) -> None:
        why = self._why_aside(kind, measured)
        self._asked.pop(kind, None)
        item = await self._tray.take(measured, why)
        if why is None:
            self._tell_of(kind, result=item, live={})

    patch.setattr(Vitals, "_heard_measurement", show)


def no_abort_at_a_change(patch: pytest.MonkeyPatch) -> None:
    async def stop_all(self: Vitals) -> None:
        return None

    patch.setattr(Vitals, "stop_all", stop_all)


def no_abort_of_what_says_that_it_rests(patch: pytest.MonkeyPatch) -> None:
    """Only what has said that it runs is stopped: not what was started a moment ago."""

    async def stop_all(self: Vitals) -> None:
        for kind, one in self.state.value.instruments.items():
            if one.is_running:
                await self.stop(kind)

    async def hurried(self: Any) -> None:
        await self.starts_the_cuff()
        await self.opens_another()

    patch.setattr(Vitals, "stop_all", stop_all)
    patch.setattr("tests.story.attribution.days.Day.leaves", hurried)


def no_stop_on_the_wire(patch: pytest.MonkeyPatch) -> None:
    async def stop(self: InstrumentMonitor) -> None:
        return None

    patch.setattr(InstrumentMonitor, "stop", stop)


def no_abort_at_the_start(patch: pytest.MonkeyPatch) -> None:
    """The first word of a new life is not abort, but a greeting."""

    def opened(self: SunTechConversation, at: Moment) -> list[Said]:
        return self._cleared(Answer.ABORTED, at)

    patch.setattr(SunTechConversation, "opened", opened)


def no_tray(patch: pytest.MonkeyPatch) -> None:
    original = Tray.take

    async def take(self: Tray, measured: Measurement, why: WhyAside | None) -> TrayItem | None:
        return await original(self, measured, None) if why is None else None

    patch.setattr(Tray, "take", take)


def a_tray_in_memory(patch: pytest.MonkeyPatch) -> None:
    """It is shown, and gone with the program."""
    original = Measurements.put

    def put(self: Measurements, item: TrayItem, place: Place) -> TrayItem:
        return item if place is Place.ASIDE else original(self, item, place)

    async def look(self: Tray) -> None:
        return None

    async def take(self: Tray, measured: Measurement, why: WhyAside | None) -> TrayItem | None:
        item = await original_take(self, measured, why)
        if item is not None and why is not None:
            self._tell(items=(*self.state.value.items, item))
        return item

    original_take = Tray.take
    patch.setattr(Measurements, "put", put)
    patch.setattr(Tray, "take", take)
    patch.setattr(Tray, "_look", look)


def shown_before_it_is_written(patch: pytest.MonkeyPatch) -> None:
    """What waits on the screen for a person is nowhere else."""
    original = Measurements.put

    def put(self: Measurements, item: TrayItem, place: Place) -> TrayItem:
        return item if place is Place.SHOWN else original(self, item, place)

    patch.setattr(Measurements, "put", put)


def nothing_recovered(patch: pytest.MonkeyPatch) -> None:
    async def recovered(self: Tray) -> bool:
        await self._look()
        return True

    patch.setattr(Tray, "_recovered", recovered)


def no_duplicate_is_known(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Measurements, "known", lambda self, measured: None)


def unasked_is_taken_for_asked(patch: pytest.MonkeyPatch) -> None:
    original = Vitals._heard_measurement

    async def hear(self: Vitals, kind: DeviceKind, measured: Measurement) -> None:
        if measured.visit is None and self._visit is not None:
            self._asked[kind] = self._visit
            measured = replace(measured, visit=self._visit)
        await original(self, kind, measured)

    patch.setattr(Vitals, "_heard_measurement", hear)


def started_without_a_token(patch: pytest.MonkeyPatch) -> None:
    original = InstrumentMonitor.start

    async def start(self: InstrumentMonitor, visit: VisitId) -> None:
        await original(self, visit)
        if self._line is not None:
            self._line.conversation.visit = None

    patch.setattr(InstrumentMonitor, "start", start)


def a_key_that_answers_for_whoever_is_armed(patch: pytest.MonkeyPatch) -> None:
    """What a closed window still brings is given to the next one."""

    def whose(self: PushedConversation, at: Moment) -> VisitId | None:
        visit, self.visit = self.visit, None
        return visit

    patch.setattr(PushedConversation, "_whose", whose)


def what_is_owed_goes_with_its_line(patch: pytest.MonkeyPatch) -> None:
    """A key that was pressed before the cable was pulled answers for the next one."""

    def opened(self: PushedConversation, at: Moment) -> list[Said]:
        self.owed = Owed()
        return []

    patch.setattr(PushedConversation, "opened", opened)


def left_undecided_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    async def set_aside(self: Tray, *items: TrayItem) -> None:
        return None

    patch.setattr(Tray, "set_aside", set_aside)


def assigned_and_still_there(patch: pytest.MonkeyPatch) -> None:
    original = Measurements.put

    def put(self: Measurements, item: TrayItem, place: Place) -> TrayItem:
        return item if place is Place.ASSIGNED else original(self, item, place)

    patch.setattr(Measurements, "put", put)


def a_full_disk_loses_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tray, "_keep_in_memory", lambda self, item, place, code: None)


def discarded_without_a_trace(patch: pytest.MonkeyPatch) -> None:
    def discard(self: Tray, unit: Any, item: TrayItem) -> None:
        unit.measurements.put(item, Place.DISCARDED)

    patch.setattr(Tray, "discard_in", discard)


def a_series_that_outlives_its_patient(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(BpProtocol, "_chart_changed", lambda self, chart: None)


MUTANTS: list[Patch] = [
    stamped_at_arrival,
    no_fence,
    no_second_look_after_writing,
    no_abort_at_a_change,
    no_abort_of_what_says_that_it_rests,
    no_stop_on_the_wire,
    no_abort_at_the_start,
    no_tray,
    a_tray_in_memory,
    shown_before_it_is_written,
    nothing_recovered,
    no_duplicate_is_known,
    unasked_is_taken_for_asked,
    started_without_a_token,
    a_key_that_answers_for_whoever_is_armed,
    what_is_owed_goes_with_its_line,
    left_undecided_is_forgotten,
    assigned_and_still_there,
    a_full_disk_loses_it,
    discarded_without_a_trace,
    a_series_that_outlives_its_patient,
]
