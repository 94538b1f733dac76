"""A serial instrument pulled and put back, and when the desk of instruments says so.

The emulated cuff on a real pty, in a process of its own; the port's list is looked at every second
and knows the pty as a USB adapter with a number. What the system itself needs is not in it.
"""

import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.clock import SystemClock
from app.domain.device import DeviceKind, DeviceStatus, Presence
from app.domain.device_binding import PortIdentity, SeenPort
from bench.devices.amount import Amount
from bench.rows import Row, p95_row
from peripherals.catalogue import DRIVERS
from peripherals.finding.instrument_desk import InstrumentDesk

LIMIT_S = 10.0
UNPLUG_GOAL, RETURN_GOAL = "<= 1.0", "<= 2.0"
ADAPTER = PortIdentity(0x0403, 0x6001, "BENCH123", "1-3")
NOTE = "emulated cuff on a pty in its own process, list every second, no event of the system"


@dataclass(slots=True)
class Times:
    """Seconds from the emulator's deed to the status that says so."""

    noticed_s: list[float] = field(default_factory=list)
    usable_s: list[float] = field(default_factory=list)


class Emulator:
    """Another program; what it is told it does before it answers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(LIMIT_S):
            return (await self._process.stdout.readline()).decode().strip()

    async def told(self, order: str) -> float:
        """The moment in which it was told."""
        assert self._process.stdin is not None
        at_s = time.monotonic()
        self._process.stdin.write(f"{order}\n".encode())
        answer = await self.line()
        assert answer.startswith("ok"), answer
        return at_s


@asynccontextmanager
async def emulator(link: Path) -> AsyncIterator[Emulator]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "peripherals.emulate", "suntech"),
        *("--link", str(link), "--log", os.devnull),
        stdin=PIPE,
        stdout=PIPE,
    )
    made = Emulator(process)
    try:
        assert await made.line() == f"port {link}"
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(LIMIT_S):
            await process.wait()


async def until(desk: InstrumentDesk, presence: Presence) -> float:
    """The moment in which the desk says so."""
    said: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def heard(status: DeviceStatus | None) -> None:
        if status is not None and status.presence is presence and not said.done():
            said.set_result(time.monotonic())

    stop = desk.slot(DeviceKind.BLOOD_PRESSURE_CUFF).status.listen(heard)
    try:
        async with asyncio.timeout(LIMIT_S):
            return await said
    finally:
        stop()


async def pull_and_put_back(folder: Path, rounds: int) -> Times:
    link, times = folder / "cuff", Times()

    def listed() -> tuple[SeenPort, ...]:
        return (SeenPort(str(link), ADAPTER, "adapter"),) if link.exists() else ()

    async with (
        emulator(link) as cuff,
        InstrumentDesk(folder, DRIVERS, SystemClock(), list_ports=listed) as desk,
    ):
        await desk.bind(str(link), "suntech")
        await until(desk, Presence.FOUND)
        for number in range(rounds):
            pulled_s = await cuff.told("unplug")
            times.noticed_s.append(await until(desk, Presence.MISSING) - pulled_s)
            await asyncio.sleep(0.3 + number % 10 * 0.17)  # at every moment of the list's second
            back_s = await cuff.told("replug")
            times.usable_s.append(await until(desk, Presence.FOUND) - back_s)
    return times


def rows(amount: Amount) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="bedside-plugging-") as folder:
        yield from rows_of(asyncio.run(pull_and_put_back(Path(folder), amount.plug_rounds)))


def rows_of(times: Times) -> Iterator[Row]:
    yield p95_row("instrument pulled: noticed", "s", times.noticed_s, NOTE, UNPLUG_GOAL)
    yield p95_row("instrument back: usable", "s", times.usable_s, NOTE, RETURN_GOAL)
