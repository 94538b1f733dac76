"""Ports without a thread: what a name tells, Bluetooth with a client that stands in for bleak."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.cuff import CuffState
from app.domain.device import Presence
from app.domain.failures import Code, Unavailable
from app.domain.measurement import Measurement
from peripherals import ble_port
from peripherals.arrivals import WAITING_CHUNKS, Arrivals
from peripherals.ble_port import GAP_S, MEASUREMENT_UUID, BlePort
from peripherals.byte_port import Chunk
from peripherals.catalogue import DRIVERS
from peripherals.drivers.owed import Owed
from peripherals.hid_port import HidPort, bytes_of_report
from peripherals.line_setting import LineSetting, Parity
from peripherals.moment import now_of
from peripherals.monitor import InstrumentMonitor
from peripherals.port_names import is_there, port_named
from peripherals.serial_port import SerialPort
from tests.fakes.byte_port import VirtualClock
from tests.unit.peripherals.instrument_cart import values_of, visit_of
from tests.unit.peripherals.pressure_vectors import vectors_of

ADDRESS = "AA:BB:CC:DD:EE:0F"
LINE = LineSetting(9600)


class FakeClient:
    """What bleak.BleakClient does, told by hand."""

    def __init__(self, address: str, gone: Callable[[Any], None]) -> None:
        self.address = address
        self.gone = gone
        self.heard: Callable[[Any, bytearray], None] = lambda who, data: None
        self.uuid = ""
        self.fails: Exception | None = None
        self.is_connected = False

    async def connect(self) -> None:
        if self.fails is not None:
            raise self.fails
        self.is_connected = True

    async def start_notify(self, uuid: str, heard: Callable[[Any, bytearray], None]) -> None:
        self.uuid, self.heard = uuid, heard

    async def disconnect(self) -> None:
        self.is_connected = False


class Radio:
    """Makes one client and keeps it."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.client: FakeClient | None = None
        self._fails = fails

    def make(self, address: str, gone: Callable[[Any], None]) -> FakeClient:
        self.client = FakeClient(address, gone)
        self.client.fails = self._fails
        return self.client

    @property
    def there(self) -> FakeClient:
        assert self.client is not None
        return self.client


async def test_each_indication_is_a_chunk_of_its_own_with_silence_behind_it() -> None:
    radio = Radio()
    port = BlePort(ADDRESS, make_client=radio.make)
    await port.open()
    assert (radio.there.address, radio.there.uuid) == (ADDRESS, MEASUREMENT_UUID)
    for byte in (b"\x01", b"\x02"):
        radio.there.heard(None, bytearray(byte))
    first = await port.read(1.0)
    assert isinstance(first, Chunk) and first.data == b"\x01"
    began_s, quiet = time.monotonic(), 0
    while (second := await port.read(0.05)) is None:
        quiet += 1
    assert second.data == b"\x02"
    assert quiet >= 1 and time.monotonic() - began_s >= GAP_S - 0.05
    await port.close()
    assert not radio.there.is_connected


async def test_a_device_that_goes_away_is_told_after_what_it_said() -> None:
    radio = Radio()
    port = BlePort(ADDRESS, make_client=radio.make)
    await port.open()
    radio.there.heard(None, bytearray(b"\x01"))
    radio.there.gone(None)
    assert await port.read(0.5) is not None
    with pytest.raises(Unavailable) as away:
        while True:
            await port.read(0.1)
    assert away.value.code is Code.DEVICE_PULLED
    await port.close()


@pytest.mark.parametrize("fails", [OSError(), TimeoutError(), EOFError()])
async def test_a_device_that_is_not_there_is_missing(fails: Exception) -> None:
    port = BlePort(ADDRESS, make_client=Radio(fails).make)
    with pytest.raises(Unavailable) as away:
        await port.open()
    assert away.value.code is Code.DEVICE_MISSING
    await port.close()


async def test_nothing_is_written_to_such_a_device() -> None:
    port = BlePort(ADDRESS, make_client=Radio().make)
    for write in (port.write, port.write_now):
        with pytest.raises(Unavailable):
            write(b"\x01")


async def test_two_indications_at_once_are_two_measurements() -> None:
    """One is of another day, the other too soon after the arming to have been begun for it."""
    radio = Radio()
    raws = {v.name: v.raw for v in vectors_of("ble_bp")}
    told: list[Measurement] = []
    async with asyncio.timeout(10):
        monitor = InstrumentMonitor(
            ADDRESS,
            DRIVERS["ble_bp"],
            owed=Owed(),
            make_port=lambda *_: BlePort(ADDRESS, make_client=radio.make),
        )
        async with monitor:
            events = monitor.events()
            async for event in events:
                if isinstance(event, CuffState) and event.status.presence is Presence.FOUND:
                    break
            await monitor.start(visit_of(1))
            for name in ("124/86 of a device", "120/80, mean 90, nothing else"):
                radio.there.heard(None, bytearray(raws[name]))
            async for event in events:
                told += [event] if isinstance(event, Measurement) else []
                if len(told) == 2:
                    break
    assert [m.visit for m in told] == [None, None]
    assert [values_of(m)[:2] for m in told] == [(124, 86), (120, 80)]


def test_a_name_tells_what_kind_of_port_it_is() -> None:
    assert isinstance(port_named("/dev/ttyUSB0", LINE), SerialPort)
    assert isinstance(port_named("COM3", LINE), SerialPort)
    assert isinstance(port_named("/dev/hidraw2", LINE), HidPort)


async def test_bluetooth_is_tried_and_never_looked_for_in_the_file_system() -> None:
    assert isinstance(port_named(ADDRESS, LINE), BlePort)
    assert is_there(ADDRESS)
    assert not is_there("/dev/ttyThatIsNot")


async def test_without_the_optional_package_the_port_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ble_port, "bleak", None)
    with pytest.raises(Unavailable) as away:
        await BlePort(ADDRESS).open()
    assert away.value.code is Code.DEVICE_UNUSABLE


@pytest.mark.parametrize(
    ("report", "counted"),
    [
        ("074d3a0002810a00", "4d3a0002810a00"),
        ("034d3a00ffffffff", "4d3a00"),
        ("00", ""),
        ("f301", "01"),
    ],
)
def test_a_hid_report_counts_in_its_low_four_bits(report: str, counted: str) -> None:
    assert bytes_of_report(bytes.fromhex(report)).hex() == counted


async def test_what_nobody_takes_is_an_overrun_not_silence() -> None:
    arrivals = Arrivals()
    for _ in range(WAITING_CHUNKS + 2):
        arrivals.put(Chunk(b"\x00", now_of(VirtualClock())))
    taken = 0
    with pytest.raises(Unavailable) as overrun:
        while await arrivals.take(0.1) is not None:
            taken += 1
    assert (taken, overrun.value.code) == (WAITING_CHUNKS, Code.OVERRUN)


@pytest.mark.parametrize(
    "setting", [LineSetting(2400, 7, Parity.EVEN), LineSetting(19200, 8, Parity.ODD)]
)
async def test_a_pty_is_opened_again_with_a_setting_it_has_not(setting: LineSetting) -> None:
    """It refuses a setting of which it can change nothing: the second opening's."""
    master, slave = os.openpty()
    try:
        for _ in range(3):
            port = SerialPort(os.ttyname(slave), setting)
            await port.open()
            os.write(master, b"4")
            said = await port.read(2.0)
            assert isinstance(said, Chunk) and said.data == b"4"
            await port.close()
    finally:
        os.close(master)
        os.close(slave)
