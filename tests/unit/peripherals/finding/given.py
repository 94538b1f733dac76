"""A machine with sockets: cuffs behind adapters that are plugged in, pulled and carried about."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from app.domain.device import DeviceKind
from app.domain.device_binding import NamedInstrument, PortIdentity, SeenPort
from peripherals.byte_port import BytePort
from peripherals.catalogue import DRIVERS
from peripherals.drivers.driver import Driver
from peripherals.emulators.suntech import Shown, SimulatedSunTech
from peripherals.finding.instrument_desk import InstrumentDesk
from peripherals.line_setting import LineSetting
from tests.fakes.byte_port import FakeBytePort, FakeLine, VirtualClock
from tests.fakes.time_loop import LoopClock

CUFF = DeviceKind.BLOOD_PRESSURE_CUFF
CHEAP = PortIdentity(0x1A86, 0x7523, "", "1-2")
NUMBERED = PortIdentity(0x0403, 0x6001, "A900XYZ1", "1-3")


class LoopTime(VirtualClock):
    """Of the fake lines: the loop's own time."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Machine:
    """`lines` by path: what is plugged in now, and what the list of ports says of it."""

    def __init__(self) -> None:
        self.clock = LoopClock(asyncio.get_running_loop())
        self.lines: dict[str, FakeLine] = {}
        self.ports: dict[str, SeenPort] = {}
        self.looks = 0

    def cuff(self) -> SimulatedSunTech:
        return SimulatedSunTech(Shown(127, 81, 66), 6.0, lambda name, raw: None)

    def line_of(self, cuff: SimulatedSunTech) -> FakeLine:
        line = FakeLine(cuff.heard, cuff.tick)
        line.clock = LoopTime(self.clock)
        return line

    def plug(self, path: str, identity: PortIdentity, line: FakeLine | None = None) -> FakeLine:
        line = line or self.line_of(self.cuff())
        line.is_plugged = True
        self.lines[path] = line
        self.ports[path] = SeenPort(path, identity, "adapter")
        return line

    def pull(self, path: str) -> FakeLine:
        line = self.lines.pop(path)
        line.is_plugged = False
        del self.ports[path]
        return line

    def list_ports(self) -> tuple[SeenPort, ...]:
        self.looks += 1
        return tuple(self.ports[path] for path in sorted(self.ports))

    def make_port(self, path: str, _: LineSetting) -> BytePort:
        missing = FakeLine(lambda data, now_s: [])
        missing.is_plugged = False
        return FakeBytePort(self.lines.get(path, missing))

    @asynccontextmanager
    async def desk(
        self, folder: Path, *named: NamedInstrument, drivers: dict[str, Driver] = DRIVERS
    ) -> AsyncIterator[InstrumentDesk]:
        async with InstrumentDesk(
            folder,
            drivers,
            self.clock,
            named=named,
            list_ports=self.list_ports,
            make_port=self.make_port,
        ) as desk:
            yield desk

    async def opened(self, folder: Path, *named: NamedInstrument) -> None:
        """Opened and closed again."""
        async with self.desk(folder, *named):
            pass


def free_paths(desk: InstrumentDesk) -> list[str]:
    return [port.path for port in desk.state.value.free]
