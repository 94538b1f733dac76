"""The promises of a byte port, kept by the serial port on a pty and by the fake."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from app.domain.failures import Code, Unavailable
from peripherals.byte_port import BytePort, Chunk, SwitchFired
from peripherals.emulators.pty_line import PtyLine
from peripherals.line_setting import LineSetting
from peripherals.serial_port import SerialPort
from tests.fakes.byte_port import DEAD_MAN_S, FakeLine

pytestmark = pytest.mark.whole

ABORT = b"\x3a\x79\x01\x00\x4c"
LIMIT_S = 5.0
REAL_DEAD_MAN_S = 0.3


class Wire(Protocol):
    """A port and the device's end of it."""

    dead_man_s: float

    def port(self) -> BytePort: ...
    def device_says(self, data: bytes) -> None: ...
    def device_got(self) -> bytes: ...
    def pull(self) -> None: ...


class PtyWire:
    dead_man_s = REAL_DEAD_MAN_S

    def __init__(self, folder: Path) -> None:
        self._line = PtyLine(folder / "cuff")
        self._line.plug()
        self._got = b""

    def port(self) -> BytePort:
        return SerialPort(self._line.port, LineSetting(9600), dead_man_s=self.dead_man_s)

    def device_says(self, data: bytes) -> None:
        self._line.write(data)

    def device_got(self) -> bytes:
        self._got += self._line.read()
        return self._got

    def pull(self) -> None:
        self._line.pull()


class FakeWire:
    dead_man_s = DEAD_MAN_S

    def __init__(self, _: Path) -> None:
        self._says: list[bytes] = []
        self._line = FakeLine(lambda data, now_s: [], self._tick)

    def port(self) -> BytePort:
        return self._line.port("cuff", LineSetting(9600))

    def device_says(self, data: bytes) -> None:
        self._says.append(data)

    def device_got(self) -> bytes:
        return b"".join(data for _, data in self._line.written)

    def pull(self) -> None:
        self._line.is_plugged = False

    def _tick(self, _: float) -> list[bytes]:
        said, self._says = self._says, []
        return said


@pytest.fixture(params=[PtyWire, FakeWire], ids=["pty", "fake"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    made: Wire = request.param(tmp_path)
    yield made
    made.pull()


async def got(wire: Wire, expected: bytes) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if wire.device_got() == expected:
                return
            await asyncio.sleep(0.005)


async def test_bytes_go_both_ways_in_order(wire: Wire) -> None:
    port = wire.port()
    await port.open()
    for number in range(20):
        port.write(bytes([number, 0xFF]))
    await got(wire, b"".join(bytes([number, 0xFF]) for number in range(20)))
    wire.device_says(b"\x3e\x04\x4b\x73\x00\x0a\x0d\x11\x13\x03")  # nothing is special on the line
    heard = b""
    while len(heard) < 10:
        item = await port.read(LIMIT_S)
        assert isinstance(item, Chunk)
        heard += item.data
    assert heard == b"\x3e\x04\x4b\x73\x00\x0a\x0d\x11\x13\x03"
    await port.close()


async def test_nothing_to_read_is_none_after_the_limit(wire: Wire) -> None:
    port = wire.port()
    await port.open()
    assert await port.read(0.05) is None
    assert await port.read(0) is None
    await port.close()


async def test_a_missing_line_is_missing(wire: Wire) -> None:
    port = wire.port()
    wire.pull()
    with pytest.raises(Unavailable) as missing:
        await port.open()
    assert missing.value.code is Code.DEVICE_MISSING
    await port.close()


async def test_a_line_has_one_owner(wire: Wire) -> None:
    first, second = wire.port(), wire.port()
    await first.open()
    with pytest.raises(Unavailable) as busy:
        await second.open()
    assert busy.value.code is Code.DEVICE_BUSY
    await first.close()
    third = wire.port()
    await third.open()
    await third.close()


async def test_pulling_is_told_by_read_after_what_was_heard(wire: Wire) -> None:
    port = wire.port()
    await port.open()
    wire.device_says(b"\x3e")
    first = await port.read(LIMIT_S)
    assert isinstance(first, Chunk)
    assert first.data == b"\x3e"
    wire.pull()
    pulled = time.monotonic()
    with pytest.raises(Unavailable) as gone:
        while True:
            await port.read(LIMIT_S)
    assert gone.value.code is Code.DEVICE_PULLED
    assert time.monotonic() - pulled < 1.0
    port.write(b"\x3a")  # goes nowhere and hurts nobody
    await port.close()


async def test_closing_with_an_armed_switch_sends_abort(wire: Wire) -> None:
    port = wire.port()
    await port.open()
    port.arm(ABORT)
    await port.close()
    await got(wire, ABORT)


async def test_closing_with_a_disarmed_switch_sends_nothing(wire: Wire) -> None:
    port = wire.port()
    await port.open()
    port.arm(ABORT)
    port.disarm()
    port.write(b"\x01")
    await port.close()
    await got(wire, b"\x01")


async def test_a_switch_that_is_not_renewed_fires_once(wire: Wire) -> None:
    port = wire.port()
    await port.open()
    port.arm(ABORT)
    for _ in range(5):
        assert await port.read(wire.dead_man_s / 2) is None
        port.renew()
    assert wire.device_got() == b""
    fired = await port.read(LIMIT_S + wire.dead_man_s)
    assert isinstance(fired, SwitchFired)
    await got(wire, ABORT)
    assert await port.read(2 * wire.dead_man_s) is None
    await port.close()
    assert wire.device_got() == ABORT


async def test_what_is_written_now_takes_the_place_of_what_waits(tmp_path: Path) -> None:
    """A start that still waits for the line must not follow the abort. Only the real port waits."""
    wire = PtyWire(tmp_path)
    port = wire.port()
    await port.open()
    for _ in range(20):
        port.write(b"\x3a\x20\xa6")
        port.write_now(ABORT)
    await port.close()
    assert wire.device_got().endswith(ABORT)
    wire.pull()
