"""The wires of the simulation: real emulators at one end, byte ports in virtual time at the other.

Only here is anything not real. Answers may come late; a wire may be pulled; a program may die, and
then not one byte more of it is sent.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.clock import Clock
from app.domain.failures import Code, Unavailable
from peripherals.byte_port import Chunk, SwitchFired
from peripherals.emulators.simulated import Simulated
from peripherals.line_setting import LineSetting
from peripherals.moment import now_of

GRAIN_S = 0.1  # how finely time passes on a wire
DEAD_MAN_S = 5.0

IsAlive = Callable[[], bool]


@dataclass
class Wire:
    """What is plugged in at the far end answers; one port at a time is open on it."""

    clock: Clock
    device: Simulated
    is_plugged: bool = True
    lag_s: float = 0.0  # of what the device says
    quiet_s: float = GRAIN_S  # how long nothing has to happen here
    on_the_way: deque[tuple[float, bytes]] = field(default_factory=deque)

    def says(self, answers: list[bytes]) -> None:
        now_s = self.clock.monotonic()
        for answer in answers:
            last_s = self.on_the_way[-1][0] if self.on_the_way else 0.0
            self.on_the_way.append((max(last_s, now_s + self.lag_s), answer))

    def arrived(self) -> list[bytes]:
        self.says(self.device.tick(self.clock.monotonic()))
        now_s, found = self.clock.monotonic(), []
        while self.on_the_way and self.on_the_way[0][0] <= now_s:
            found.append(self.on_the_way.popleft()[1])
        return found


class SimulatedPort:
    """Fulfils BytePort for one life of the program."""

    def __init__(self, wire: Wire, is_alive: IsAlive) -> None:
        self._wire = wire
        self._is_alive = is_alive
        self._waiting: deque[Chunk | SwitchFired] = deque()
        self._abort: bytes | None = None
        self._renewed_s = 0.0

    async def open(self) -> None:
        if not self._wire.is_plugged:
            raise Unavailable(Code.DEVICE_MISSING)
        self._wire.on_the_way.clear()  # nobody listened

    async def close(self) -> None:
        if self._abort is not None:
            self.write(self._abort)

    async def read(self, limit_s: float) -> Chunk | SwitchFired | None:
        if self._waiting:
            return self._waiting.popleft()
        if limit_s == 0:
            return None
        await asyncio.sleep(max(limit_s, self._wire.quiet_s))
        if not self._wire.is_plugged:
            raise Unavailable(Code.DEVICE_PULLED)
        at = now_of(self._wire.clock)
        self._waiting += [Chunk(data, at) for data in self._wire.arrived()]
        if self._abort is not None and at.monotonic_s - self._renewed_s > DEAD_MAN_S:
            self.write(self._abort)
            self._abort = None
            self._waiting.append(SwitchFired(at))
        return self._waiting.popleft() if self._waiting else None

    def write(self, data: bytes) -> None:
        if self._wire.is_plugged and self._is_alive():
            self._wire.says(self._wire.device.heard(data, self._wire.clock.monotonic()))

    def write_now(self, data: bytes) -> None:
        self.write(data)

    def arm(self, abort: bytes) -> None:
        self._abort, self._renewed_s = abort, self._wire.clock.monotonic()

    def renew(self) -> None:
        self._renewed_s = self._wire.clock.monotonic()

    def disarm(self) -> None:
        self._abort = None


def maker(wire: Wire, is_alive: IsAlive) -> Callable[[str, LineSetting], SimulatedPort]:
    return lambda _path, _line: SimulatedPort(wire, is_alive)
