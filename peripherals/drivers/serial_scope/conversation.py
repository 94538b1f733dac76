"""What is said with a serial stethoscope: nothing. It is there as long as its blocks come.

Its sound makes no reading and goes another way (peripherals/scope_sound.py).
"""

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from peripherals.drivers.fault import Fault
from peripherals.drivers.said import Ignored, Said
from peripherals.drivers.serial_scope.codec import Block
from peripherals.moment import Moment

SILENT_AFTER_S = 5.0
FOUND_AFTER_BLOCKS = 3  # each has a CRC


class ScopeConversation:
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes = b""
    visit: VisitId | None = None
    is_running = False

    def __init__(self, device: DeviceIdentity) -> None:
        self.device = device
        self.is_silent = False
        self._heard_s = 0.0
        self._blocks = 0

    @property
    def is_ready(self) -> bool:
        return self._blocks >= FOUND_AFTER_BLOCKS

    def opened(self, at: Moment) -> list[Said]:
        self._heard_s = at.monotonic_s
        return []

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        raise Rejected(Code.DEVICE_UNUSABLE, "a stethoscope measures no vital sign")

    def stop(self, _: Moment) -> list[Said]:
        return []

    def aborted_by_switch(self, _: Moment) -> list[Said]:
        return []

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return []

    def tick(self, at: Moment) -> list[Said]:
        self.is_silent = at.monotonic_s - self._heard_s >= SILENT_AFTER_S
        return []

    def heard(self, frame: Block | Fault, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            return [Ignored(f"bytes without a frame: {frame.why}")]
        self._heard_s = at.monotonic_s
        self._blocks += 1
        return []
