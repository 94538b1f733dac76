"""What the desk needs of a simulated device, and how one is made: the shape of each emulator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from peripherals.emulators.wire_faults import SPLIT_GAP_S

Seen = Callable[[str, bytes], None]  # the name of a command that was received, and its bytes
Told = dict[str, str | int | float | bool | None]


class Simulated(Protocol):
    """One device: commands and time in, answers out; no I/O. `now` is monotonic seconds."""

    def shows(self, result: str) -> None:
        """What it measures from now on; ValueError with a sentence when it cannot show that."""
        ...

    def fails(self, fault: str) -> None:
        """One of its own faults, or "none"; ValueError with a sentence when it has no such."""
        ...

    def pressed(self, now: float) -> list[bytes]:
        """Somebody pressed the device's own start key; ValueError where there is none."""
        ...

    def heard(self, data: bytes, now: float) -> list[bytes]: ...
    def tick(self, now: float) -> list[bytes]:
        """What it says by itself as time goes on."""
        ...

    def is_striking(self, now: float) -> bool:
        """In the middle of something: now `stall` and `unplug` strike."""
        ...

    def told(self, now: float) -> Told:
        """For `status`."""
        ...


@dataclass(frozen=True, slots=True)
class Emulator:
    """`faults` are the device's own, besides those of the line; `false_sync` begins garbage.

    `split_gap_s`: a stream cut into bytes must still get through in time.
    """

    make: Callable[[float, Seen], Simulated]  # seconds of a measurement
    result: str  # what it shows when nothing else was said
    result_form: str  # for people: "SYS/DIA/PULSE"
    faults: tuple[str, ...] = ()
    false_sync: bytes = b""
    split_gap_s: float = SPLIT_GAP_S
