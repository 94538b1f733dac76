"""An oximeter over a real pty: measured once, empty when the finger goes, missed when pulled."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import Presence
from app.domain.failures import Code
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement, VitalKind
from peripherals.catalogue import DRIVERS
from peripherals.drivers.owed import Owed
from peripherals.monitor import InstrumentMonitor
from tests.whole.cuff_emulator import CuffEmulator

pytestmark = pytest.mark.whole

WAIT_LIMIT_S = 15.0
VISIT = VisitId(UUID(int=1))


async def until(events: AsyncIterator[CuffEvent], kind: type[CuffEvent]) -> list[CuffEvent]:
    told: list[CuffEvent] = []
    async with asyncio.timeout(WAIT_LIMIT_S):
        async for event in events:
            told.append(event)
            if isinstance(event, kind):
                return told
    raise AssertionError("the events ended")


async def until_it_is(presence: Presence, events: AsyncIterator[CuffEvent]) -> CuffState:
    async with asyncio.timeout(WAIT_LIMIT_S):
        async for event in events:
            if isinstance(event, CuffState) and event.status.presence is presence:
                return event
    raise AssertionError("the events ended")


@pytest.mark.parametrize("name", ["nonin_9560", "cms50_v7"])
async def test_a_finger_is_measured_and_missed(name: str, tmp_path: Path) -> None:
    chance = random.Random()
    spo2, pulse = chance.randint(80, 99), chance.randint(45, 150)
    async with CuffEmulator(tmp_path, "--result", f"{spo2}/{pulse}", device=name) as emulator:
        async with InstrumentMonitor(emulator.port, DRIVERS[name], owed=Owed()) as monitor:
            events = monitor.events()
            await until_it_is(Presence.FOUND, events)
            await monitor.start(VISIT)
            told = await until(events, Measurement)
            measured = told[-1]
            assert isinstance(measured, Measurement) and measured.visit == VISIT
            assert measured.value_of(VitalKind.SPO2_PERCENT) == spo2
            assert measured.value_of(VitalKind.PULSE_PER_MINUTE) == pulse
            assert any(isinstance(event, LiveValue) for event in told)
            await emulator.told("fault no-finger")
            ended = (await until(events, NoMeasurement))[-1]
            assert isinstance(ended, NoMeasurement) and ended.reason is Code.NO_FINGER
            await emulator.told("unplug")
            missed = await until_it_is(Presence.MISSING, events)
    assert missed.status.reason is Code.DEVICE_PULLED
