"""What the monitor needs of a line to a device: bytes both ways and a dead man's switch.

A loss is told as Unavailable with its code, by `open` and by `read`, never by silence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from peripherals.line_setting import LineSetting
from peripherals.moment import Moment


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes as they came, stamped when the last of them was read."""

    data: bytes
    at: Moment


@dataclass(frozen=True, slots=True)
class SwitchFired:
    """Nobody renewed the switch in time: the port itself has sent the abort bytes, once."""

    at: Moment


class BytePort(Protocol):
    """One owner, one use: opened once, closed once."""

    async def open(self) -> None: ...
    async def close(self) -> None:
        """An armed switch sends its bytes first."""
        ...

    async def read(self, limit_s: float) -> Chunk | SwitchFired | None:
        """What comes next, or None when nothing did within the limit."""
        ...

    def write(self, data: bytes) -> None:
        """Never waits for the line; Unavailable(OVERRUN) when it takes nothing any more."""
        ...

    def write_now(self, data: bytes) -> None:
        """Instead of everything that waits: no waiting start may follow a stop."""
        ...

    def arm(self, abort: bytes) -> None:
        """From now on `renew` must come more often than the switch's limit."""
        ...

    def renew(self) -> None: ...
    def disarm(self) -> None: ...


MakePort = Callable[[str, LineSetting], BytePort]
