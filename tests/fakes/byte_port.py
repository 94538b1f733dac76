"""A byte port without a line: a device function answers, and time is virtual.

Time passes only while somebody waits in `read` or `sleep`, so hours of a conversation take moments.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.domain.failures import Code, Unavailable
from peripherals.byte_port import Chunk, SwitchFired
from peripherals.line_setting import LineSetting
from peripherals.moment import Moment, now_of

BEGIN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
STEP_S = 0.01
DEAD_MAN_S = 5.0

Heard = Callable[[bytes, float], list[bytes]]  # bytes and monotonic seconds -> answers
Tick = Callable[[float], list[bytes]]


class VirtualClock:
    """Fulfils Clock; moved by hand."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
        await asyncio.sleep(0)


class FakeLine:
    """The socket in the wall: what is plugged into it answers; ports are opened on it."""

    def __init__(self, heard: Heard, tick: Tick | None = None) -> None:
        self.clock = VirtualClock()
        self.heard = heard
        self.tick = tick or (lambda _: [])
        self.is_plugged = True
        self.is_open = False
        self.written: list[tuple[float, bytes]] = []
        self.armed_for: list[bytes] = []
        self.renewals = 0
        self.opened_as: list[LineSetting] = []

    def port(self, _: str, line: LineSetting) -> "FakeBytePort":
        self.opened_as.append(line)
        return FakeBytePort(self)

    def is_there(self, _: str) -> bool:
        return self.is_plugged


class FakeBytePort:
    """Keeps the promises of BytePort, with the switch in virtual time."""

    def __init__(self, line: FakeLine) -> None:
        self._line = line
        self._waiting: deque[Chunk | SwitchFired] = deque()
        self._abort: bytes | None = None
        self._renewed_s = 0.0
        self._lost: Unavailable | None = None

    async def open(self) -> None:
        if not self._line.is_plugged:
            raise Unavailable(Code.DEVICE_MISSING)
        if self._line.is_open:
            raise Unavailable(Code.DEVICE_BUSY)
        self._line.is_open = True

    async def close(self) -> None:
        if self._abort is not None:
            self._pass(self._abort)
        self._line.is_open = False

    async def read(self, limit_s: float) -> Chunk | SwitchFired | None:
        clock = self._line.clock
        end_s = clock.monotonic() + limit_s
        while not self._waiting and self._lost is None and clock.monotonic() < end_s:
            await clock.sleep(min(STEP_S, end_s - clock.monotonic()))
            self._look()
        if self._waiting:
            return self._waiting.popleft()
        if self._lost is not None:
            raise self._lost
        return None

    def write(self, data: bytes) -> None:
        self._pass(data)

    def write_now(self, data: bytes) -> None:
        self._pass(data)

    def arm(self, abort: bytes) -> None:
        self._line.armed_for.append(abort)
        self._abort = abort
        self._renewed_s = self._line.clock.monotonic()

    def renew(self) -> None:
        self._line.renewals += 1
        self._renewed_s = self._line.clock.monotonic()

    def disarm(self) -> None:
        self._abort = None

    def _pass(self, data: bytes) -> None:
        if not self._line.is_plugged or not self._line.is_open:
            return
        now_s = self._line.clock.monotonic()
        self._line.written.append((now_s, data))
        self._take(self._line.heard(data, now_s))

    def _look(self) -> None:
        now_s = self._line.clock.monotonic()
        if not self._line.is_plugged:
            self._lost = Unavailable(Code.DEVICE_PULLED)
            return
        self._take(self._line.tick(now_s))
        if self._abort is not None and now_s - self._renewed_s > DEAD_MAN_S:
            abort, self._abort = self._abort, None
            self._pass(abort)
            self._waiting.append(SwitchFired(self._at()))

    def _take(self, answers: list[bytes]) -> None:
        self._waiting += [Chunk(answer, self._at()) for answer in answers]

    def _at(self) -> Moment:
        return now_of(self._line.clock)
