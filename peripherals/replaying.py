"""A recorded trace as a byte port, in its own time: what the device said then, it says again.

Order is kept rather than time: what came after our words comes only when they were said. Where the
driver of today says something else than the recorded one, that is a difference, told by its place.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.domain.failures import Code, Unavailable
from peripherals.byte_port import Chunk, SwitchFired
from peripherals.moment import Moment, now_of

ROUNDING = 1e-3
PATIENCE_S = 10.0  # of the trace's time, for words of ours that do not come
TURN_S = 0.05  # of the monitor that was recorded: it looked at the time so often
LONGEST_TRACE_BYTES = 128 * 1024 * 1024

Wished = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Trace:
    driver: str
    begun: datetime
    entries: tuple[dict[str, Any], ...]


def read_trace(path: Path) -> Trace:
    """ValueError with a sentence when the file is no trace of ours."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = file.read(LONGEST_TRACE_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            "the trace cannot be read: no such file, no text, or not for you"
        ) from error
    try:
        head, *entries = (json.loads(line) for line in lines)
        trace = Trace(str(head["driver"]), datetime.fromisoformat(head["begun"]), tuple(entries))
        for entry in trace.entries:
            float(entry["t"]), bytes.fromhex(entry.get("in", "") + entry.get("out", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no trace of a device") from error
    return trace


class TraceClock:
    """Fulfils Clock: it stands where the trace stands."""

    def __init__(self, begun: datetime) -> None:
        self._begun = begun
        self._passed_s = 0.0

    def now(self) -> datetime:
        return self._begun + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        return self._passed_s

    def advance_to(self, passed_s: float) -> None:
        self._passed_s = max(self._passed_s, passed_s)

    def advance_by(self, seconds: float) -> None:
        self._passed_s += seconds


class ReplayPort:
    """Fulfils BytePort. `wished` is told each start and stop of the recording, in its place."""

    def __init__(self, trace: Trace, clock: TraceClock, wished: Wished) -> None:
        self._entries = deque(trace.entries)
        self._clock = clock
        self._wished = wished
        self._said: deque[bytes] = deque()
        self._quiet_steps: deque[float] | None = None  # until the next entry; None: not yet known
        self.differences: list[str] = []
        self.is_over = asyncio.Event()

    async def open(self) -> None:
        """As it was then: an attempt that failed fails."""
        if self._entries and "lost" in self._entries[0]:
            self._lose(self._entries.popleft())

    async def close(self) -> None:
        self.is_over.set()

    async def read(self, limit_s: float) -> Chunk | SwitchFired | None:
        await asyncio.sleep(0)
        while self._entries:
            entry = self._entries[0]
            if self._is_quiet_before(entry, is_turn=limit_s > 0):
                return None
            self._entries.popleft()
            self._quiet_steps = None
            if "out" in entry:
                continue
            self._clock.advance_to(entry["t"])
            if "wish" in entry:
                await self._wished(entry["wish"])
            elif "in" in entry:
                return Chunk(bytes.fromhex(entry["in"]), self._at())
            elif "switch" in entry:
                return SwitchFired(self._at())
            elif "lost" in entry:
                self._lose(entry)
        raise Unavailable(Code.DEVICE_PULLED, "the trace ends")

    def write(self, data: bytes) -> None:
        self._said.append(data)

    def write_now(self, data: bytes) -> None:
        self.write(data)

    def arm(self, abort: bytes) -> None:
        """The switch fires where it fired in the recording."""

    def renew(self) -> None:
        """As above."""

    def disarm(self) -> None:
        """As above."""

    def _is_quiet_before(self, entry: dict[str, Any], *, is_turn: bool) -> bool:
        """As many quiet turns as there were, so that silence divides what it divided.

        Time stands still meanwhile: our words are to be said when they were said, not a turn
        earlier. Before something that came, it is looked at once more, as it was then.
        """
        is_ours = "out" in entry
        if is_ours and self._said:
            said = self._said.popleft().hex()
            if said != entry["out"]:
                self.differences.append(f"{entry['t']:.3f} s: {said} instead of {entry['out']}")
            return False
        if self._quiet_steps is None:
            gap_s = max(entry["t"] - self._clock.monotonic(), 0)
            turns = int(gap_s / TURN_S + ROUNDING)
            last = [gap_s] if is_ours else [gap_s - TURN_S][:turns]
            patience = [TURN_S] * int(PATIENCE_S / TURN_S) if is_ours else []
            self._quiet_steps = deque([*([0.0] * (turns - 1)), *last, *patience])
        if self._quiet_steps and not is_turn:
            return True  # nothing more of this turn
        if self._quiet_steps:
            self._clock.advance_by(self._quiet_steps.popleft())
            return True
        if is_ours:
            self.differences.append(f"{entry['t']:.3f} s: {entry['out']} was not said")
        return False

    def _lose(self, entry: dict[str, Any]) -> None:
        raise Unavailable(Code(entry["lost"]))

    def _at(self) -> Moment:
        return now_of(self._clock)
