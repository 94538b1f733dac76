"""The task that owns the cuff's port, on a line without wires and in virtual time."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import Presence
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement, VitalKind
from app.services.ports import Cuff
from peripherals.drivers.suntech.codec import Command, encode
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.emulators.suntech import Shown, SimulatedSunTech
from peripherals.monitor import InstrumentMonitor
from tests.fakes.byte_port import FakeLine

ABORT, START = encode(Command.ABORT), encode(Command.START_ADULT)
PRESSURE = encode(Command.CUFF_PRESSURE)
VISIT = VisitId(UUID(int=7))
LIMIT_S = 10.0


class Cart:
    """A simulated cuff on a fake line, the monitor of it, and all that it told."""

    def __init__(self) -> None:
        self.device = SimulatedSunTech(Shown(127, 81, 66), 6.0, lambda name, raw: None)
        self.line = FakeLine(self.device.heard, self.device.tick)
        self.told: list[CuffEvent] = []
        self.monitor = InstrumentMonitor(
            "fake",
            SUNTECH,
            clock=self.line.clock,
            make_port=self.line.port,
            is_port_there=self.line.is_there,
            sleep=self.line.clock.sleep,
        )
        self.cuff: Cuff = self.monitor  # mypy compares the two here

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[AsyncIterator[CuffEvent]]:
        async with asyncio.timeout(LIMIT_S), self.monitor:
            yield self.cuff.events()

    async def until(
        self, events: AsyncIterator[CuffEvent], kind: type[CuffEvent] | Presence
    ) -> CuffEvent:
        async for event in events:
            self.told.append(event)
            if isinstance(kind, Presence):
                if isinstance(event, CuffState) and event.status.presence is kind:
                    return event
            elif isinstance(event, kind):
                return event
        raise AssertionError("the events ended")

    async def passes(self, seconds: float) -> None:
        """Let the monitor's task live on for so long."""
        end_s = self.line.clock.monotonic() + seconds
        while True:
            await asyncio.sleep(0)
            if self.line.clock.monotonic() >= end_s:
                return

    def written(self) -> list[bytes]:
        return [data for _, data in self.line.written]


async def test_the_first_act_on_every_line_is_abort() -> None:
    cart = Cart()
    async with cart.watched() as events:
        await cart.until(events, Presence.FOUND)
        assert cart.written()[:2] == [ABORT, PRESSURE]
        cart.line.is_plugged = False
        await cart.until(events, Presence.MISSING)
        cart.line.written.clear()
        cart.line.is_plugged = True
        await cart.until(events, Presence.FOUND)
        assert cart.written()[:2] == [ABORT, PRESSURE]


async def test_a_measurement_from_start_to_end() -> None:
    cart = Cart()
    async with cart.watched() as events:
        await cart.until(events, Presence.FOUND)
        await cart.cuff.start(VISIT)
        measured = await cart.until(events, Measurement)
        running = [state for state in cart.told if isinstance(state, CuffState)][-1]
    assert isinstance(measured, Measurement)
    assert measured.visit == VISIT
    assert measured.value_of(VitalKind.SYSTOLIC_MMHG) == 127
    assert (running.is_running, running.visit) == (True, VISIT)
    assert cart.written().count(START) == 1
    assert len([event for event in cart.told if isinstance(event, LiveValue)]) > 25


async def test_the_switch_is_armed_before_the_start_and_renewed_while_it_runs() -> None:
    cart = Cart()
    async with cart.watched() as events:
        await cart.until(events, Presence.FOUND)
        assert cart.line.armed_for == []
        await cart.cuff.start(VISIT)
        assert cart.line.armed_for == [ABORT]
        await cart.until(events, Measurement)
        assert 5 <= cart.line.renewals <= 6
        await cart.passes(10)
    assert cart.line.renewals <= 6
    assert cart.written().count(ABORT) == 1


async def test_stop_writes_abort_before_it_returns() -> None:
    cart = Cart()
    async with cart.watched() as events:
        await cart.until(events, Presence.FOUND)
        await cart.cuff.start(VISIT)
        await cart.cuff.stop()
        assert cart.written()[-1] == ABORT
        nothing = await cart.until(events, NoMeasurement)
    assert isinstance(nothing, NoMeasurement)
    assert (nothing.visit, nothing.reason) == (VISIT, Code.CUFF_STOPPED)


async def test_leaving_while_it_runs_stops_the_cuff() -> None:
    cart = Cart()
    async with cart.watched() as events:
        await cart.until(events, Presence.FOUND)
        await cart.cuff.start(VISIT)
        await cart.until(events, LiveValue)
    assert cart.written()[-1] == ABORT
    assert isinstance(await cart.until(events, NoMeasurement), NoMeasurement)
    with pytest.raises(AssertionError, match="ended"):
        await cart.until(events, Measurement)


async def test_without_a_cuff_nothing_is_started() -> None:
    cart = Cart()
    cart.line.is_plugged = False
    async with cart.watched():
        with pytest.raises(Unavailable) as away:
            await cart.cuff.start(VISIT)
        assert away.value.code is Code.DEVICE_MISSING
        await cart.cuff.stop()  # harmless


async def test_since_when_it_is_missing_is_told_once_and_the_reason_stays() -> None:
    cart = Cart()
    async with cart.watched() as events:
        await cart.until(events, Presence.FOUND)
        await cart.passes(30)
        cart.line.is_plugged = False
        gone = await cart.until(events, Presence.MISSING)
        await cart.passes(60)
        cart.line.is_plugged = True
        told = len(cart.told)
        await cart.until(events, Presence.FOUND)
    assert isinstance(gone, CuffState)
    assert gone.status.reason is Code.DEVICE_PULLED
    assert 30 <= (gone.status.since - cart.line.clock.now()).total_seconds() + 91 <= 32
    assert len(cart.told) == told + 1


async def test_a_silent_device_is_tried_again_and_again() -> None:
    cart = Cart()
    cart.line.heard = lambda data, now_s: []
    async with cart.watched() as events:
        silent = await cart.until(events, CuffState)
        while isinstance(silent, CuffState) and silent.status.reason is not Code.DEVICE_SILENT:
            silent = await cart.until(events, CuffState)
        await cart.passes(20)
        assert cart.written().count(ABORT) >= 4
        cart.line.heard = cart.device.heard
        await cart.until(events, Presence.FOUND)


async def test_a_port_in_use_is_tried_with_growing_pauses() -> None:
    cart = Cart()
    cart.line.is_open = True
    async with cart.watched() as events:
        busy = await cart.until(events, CuffState)
        while isinstance(busy, CuffState) and busy.status.reason is not Code.DEVICE_BUSY:
            busy = await cart.until(events, CuffState)
        await cart.passes(5)
        cart.line.is_open = False
        freed_s = cart.line.clock.monotonic()
        await cart.until(events, Presence.FOUND)
        assert cart.line.clock.monotonic() - freed_s <= 2.3


async def test_every_listener_is_told_the_state_first() -> None:
    cart = Cart()
    async with cart.watched() as events:
        await cart.until(events, Presence.FOUND)
        late = cart.cuff.events()
        first = await anext(late)
        assert isinstance(first, CuffState) and first.status.presence is Presence.FOUND


@pytest.mark.parametrize("seed", range(40))
async def test_no_schedule_gives_a_result_to_another_visit(seed: int) -> None:
    """Starts, stops, pulls, waits in any order: each number belongs to the start it came from."""
    chance = random.Random(seed)
    cart = Cart()
    shown_for: dict[VisitId, Shown] = {}
    async with cart.watched() as events:
        await cart.until(events, Presence.FOUND)
        for number in range(30):
            match chance.choice(("start", "start", "wait", "wait", "stop", "pull")):
                case "start":
                    visit = VisitId(UUID(int=number))
                    shown = Shown(100 + number, 50 + number, 60 + number)
                    try:
                        await cart.cuff.start(visit)
                    except (Rejected, Unavailable):
                        continue
                    shown_for[visit] = cart.device.shown = shown
                case "wait":
                    await cart.passes(chance.uniform(0, 8))
                case "stop":
                    await cart.cuff.stop()
                case "pull":
                    cart.line.is_plugged = not cart.line.is_plugged
        cart.line.is_plugged = True
        await cart.passes(20)
        last = VisitId(UUID(int=1000))
        await cart.cuff.start(last)
        shown_for[last] = cart.device.shown = Shown(140, 90, 99)
        await cart.passes(10)
    cart.told += [event async for event in events]
    ended = [e for e in cart.told if isinstance(e, Measurement | NoMeasurement)]
    for event in ended:
        if isinstance(event, Measurement):
            assert event.visit is not None
            shown = shown_for[event.visit]
            assert event.value_of(VitalKind.SYSTOLIC_MMHG) == shown.systolic
            assert event.value_of(VitalKind.PULSE_PER_MINUTE) == shown.pulse
    # Every start that was taken ended exactly once, with a number or with a reason.
    assert [event.visit for event in ended] == list(shown_for)
    assert isinstance(ended[-1], Measurement)
