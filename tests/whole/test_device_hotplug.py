"""Instruments on real ptys that come, go and move, looked after by the desk of instruments."""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import pytest

from app.domain.clock import SystemClock
from app.domain.cuff import CuffState
from app.domain.device import DeviceKind, Presence
from app.domain.device_binding import Answer, NamedInstrument, PortIdentity, SeenPort
from app.domain.failures import Code
from app.domain.ids import VisitId
from app.domain.measurement import Measurement, NoMeasurement
from bench.devices.plugging import pull_and_put_back, rows_of
from peripherals.catalogue import DRIVERS
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.finding.handshake import shake_hands
from peripherals.finding.instrument_desk import InstrumentDesk
from peripherals.finding.instrument_slot import InstrumentSlot
from peripherals.port_names import port_named
from peripherals.serial_port import SerialPort
from tests.fakes.time_loop import until
from tests.whole.cuff_emulator import CuffEmulator

pytestmark = pytest.mark.whole

CUFF = DeviceKind.BLOOD_PRESSURE_CUFF
LIMIT_S = 12.0
CHEAP = PortIdentity(0x1A86, 0x7523, "", "1-2")


class Sockets:
    """Which pty counts as which adapter; one that is pulled is not listed."""

    def __init__(self) -> None:
        self.plugged: dict[str, PortIdentity] = {}

    def list_ports(self) -> tuple[SeenPort, ...]:
        return tuple(
            SeenPort(path, identity)
            for path, identity in self.plugged.items()
            if Path(path).exists()
        )


async def until_found(slot: InstrumentSlot) -> None:
    assert await slot.until_found(LIMIT_S)


def is_missing(slot: InstrumentSlot) -> bool:
    status = slot.status.value
    return status is not None and status.presence is Presence.MISSING


async def test_pulled_is_noticed_within_a_second_and_usable_two_after_its_return(
    tmp_path: Path,
) -> None:
    times = await pull_and_put_back(tmp_path, rounds=5)
    rows = list(rows_of(times))
    for row in rows:
        print(row.told())
    assert len(times.noticed_s) == len(times.usable_s) == 5
    assert [row.holds for row in rows] == [True, True]
    assert max(times.noticed_s) <= 1.0
    assert max(times.usable_s) <= 2.0


async def test_a_cuff_that_moves_in_mid_measurement_measures_again_after_a_yes(
    tmp_path: Path,
) -> None:
    sockets, heard = Sockets(), list[object]()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with (
        CuffEmulator(tmp_path / "one", "--seconds", "1.6") as here,
        CuffEmulator(tmp_path / "two", "--seconds", "1.6") as there,
        InstrumentDesk(
            tmp_path, DRIVERS, SystemClock(), list_ports=sockets.list_ports, look_every_s=0.2
        ) as desk,
    ):
        sockets.plugged[here.port] = CHEAP
        await asyncio.sleep(0.5)
        slot = desk.slot(CUFF)
        events = slot.events()
        await desk.bind(here.port, "suntech")
        await until_found(slot)
        await slot.start(VisitId(uuid4()))
        await here.until_heard("start-adult", 1)
        await here.told("unplug")
        async with asyncio.timeout(LIMIT_S):
            async for event in events:
                heard.append(event)
                if isinstance(event, NoMeasurement):
                    break
        assert isinstance(heard[-1], NoMeasurement)
        assert heard[-1].reason is Code.DEVICE_PULLED
        await until(lambda: is_missing(slot), LIMIT_S)
        sockets.plugged = {there.port: PortIdentity(0x1A86, 0x7523, "", "1-4")}
        await until(lambda: desk.state.value.questions, LIMIT_S)
        assert there.commands() == []
        await desk.confirm(desk.state.value.questions[0])
        await until_found(slot)
        await there.until_resting()
        visit = VisitId(uuid4())
        await slot.start(visit)
        async with asyncio.timeout(LIMIT_S):
            async for event in events:
                if isinstance(event, Measurement):
                    assert event.visit == visit
                    break
        assert there.times_of("start-adult") and not here.times_of("start-adult")[1:]


async def test_a_second_program_on_the_port_is_told_by_both_ways_of_asking(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path) as emulator:
        first = SerialPort(emulator.port, SUNTECH.line)
        await first.open()
        try:
            tried = await shake_hands(SUNTECH, port_named, emulator.port, SystemClock())
            assert tried.answer is Answer.BUSY
            named = NamedInstrument(CUFF, emulator.port, "suntech")
            async with InstrumentDesk(
                tmp_path, DRIVERS, SystemClock(), named=(named,), list_ports=lambda: ()
            ) as desk:
                assert await desk.try_instrument(CUFF) is Answer.BUSY
                await first.close()
                await until_found(desk.slot(CUFF))
        finally:
            await first.close()


async def test_a_handshake_moves_nothing(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path) as emulator:
        began_s = time.monotonic()
        tried = await shake_hands(SUNTECH, port_named, emulator.port, SystemClock())
        assert tried.answer is Answer.ANSWERED
        assert time.monotonic() - began_s < 3.0
        names = {command["command"] for command in emulator.commands()}
        assert names <= {"abort", "cuff-pressure", "read-result"}
        await emulator.until_resting()


async def test_a_device_that_says_nothing_is_silent(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path, "--fault", "silent") as emulator:
        tried = await shake_hands(SUNTECH, port_named, emulator.port, SystemClock(), limit_s=1.0)
        assert tried.answer is Answer.SILENT


async def test_the_state_that_a_late_listener_hears_is_the_newest(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path) as emulator:
        named = NamedInstrument(CUFF, emulator.port, "suntech")
        async with InstrumentDesk(
            tmp_path, DRIVERS, SystemClock(), named=(named,), list_ports=lambda: ()
        ) as desk:
            await until_found(desk.slot(CUFF))
            async with asyncio.timeout(LIMIT_S):
                first = await anext(aiter(desk.slot(CUFF).events()))
            assert isinstance(first, CuffState)
            assert first.status.presence is Presence.FOUND
            assert first.status.identity.port == emulator.port
