"""What every driver is made of: a codec, a conversation, and what is known of both.

A codec is pure (bytes to frames, commands to bytes; no clock), a conversation is a pure state
machine (frames and ticks in, measurements and bytes out). The monitor binds them to a line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.device import Evidence as Evidence  # the domain's word: the screen shows it
from app.domain.failures import Code
from app.domain.ids import VisitId
from peripherals.drivers.owed import Owed
from peripherals.drivers.said import Said
from peripherals.line_setting import LineSetting
from peripherals.moment import Moment


class Codec(Protocol):
    """However the bytes are cut, the same frames and faults come out. Buffers at most 4 KiB."""

    @property
    def buffered_bytes(self) -> int: ...
    def feed(self, data: bytes) -> Sequence[Any]:
        """Frames of the driver's own kinds and Faults, in the order of the bytes."""
        ...

    def idle(self) -> Sequence[Any]:
        """The line was silent so long that a begun frame will not be finished."""
        ...


class Conversation(Protocol):
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes: bytes  # what the dead man's switch sends; empty where nothing can be stopped
    visit: VisitId | None
    is_silent: bool  # the line is open and nobody answers: it must be opened anew

    @property
    def is_ready(self) -> bool: ...
    @property
    def is_running(self) -> bool:
        """For a visit: what it brings now carries that visit."""
        ...

    def opened(self, at: Moment) -> list[Said]: ...
    def start(self, visit: VisitId, at: Moment) -> list[Said]: ...
    def stop(self, at: Moment) -> list[Said]: ...
    def tick(self, at: Moment) -> list[Said]: ...
    def heard(self, frame: Any, at: Moment) -> list[Said]: ...
    def aborted_by_switch(self, at: Moment) -> list[Said]: ...
    def lost(self, reason: Code, at: Moment) -> list[Said]: ...


@runtime_checkable
class Owing(Protocol):
    """A conversation with what cannot be stopped: a result that was begun before is nobody's.

    Its line may be opened anew meanwhile; what is owed stays owed. Nothing takes longer than
    `longest_s` from its begin to its result.
    """

    owed: Owed
    longest_s: float


@dataclass(frozen=True, slots=True)
class Driver:
    """`name` as in tests/vectors/<name>.json and on the command line.

    `other_lines`: how the unit may be set besides; tried in turn until it answers. `mask` blanks
    what identifies a patient in bytes of the device, for traces; None where nothing does.
    """

    name: str
    kind: DeviceKind
    model: str
    version: str
    evidence: Evidence
    line: LineSetting
    codec: Callable[[], Codec]
    conversation: Callable[[DeviceIdentity], Conversation]
    other_lines: tuple[LineSetting, ...] = ()
    mask: Callable[[bytes], bytes] | None = None

    def identity(self, port: str) -> DeviceIdentity:
        return DeviceIdentity(self.kind, self.model, port, driver_version=self.version)
