"""What is said with a scale: nothing; it tells weights by itself, on its key or without end.

Only a weight that the scale calls stable counts, and one weighing is told once: until the scale was
empty, or was silent as one is that tells on its key only, more of the same stream says nothing new.
"""

from decimal import Decimal
from hashlib import sha256

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement, Quantity, VitalKind
from app.domain.vitals import PLAUSIBLE
from peripherals.drivers.and_scale.codec import Mode, State, Weighing
from peripherals.drivers.fault import Fault
from peripherals.drivers.said import Ignored, Said
from peripherals.moment import Moment

RESULT_LIMIT_S = 180.0
SAME_STREAM_S = 2.0
LIVE_EVERY_S = 0.5
LOST_BYTES_MOST = 200
EMPTY_BELOW_KG = PLAUSIBLE[VitalKind.WEIGHT_KG][0]
FINEST_KG = Decimal("0.000001")  # as many decimals as a reading may have on the wire


class ScaleConversation:
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes = b""  # nothing that could hurt is running
    is_ready = True  # it cannot be asked: that the line is open is all that is known

    def __init__(self, device: DeviceIdentity) -> None:
        self.device = device
        self.visit: VisitId | None = None
        self.is_silent = False  # one that tells on its key only says nothing for hours
        self._lost_bytes = 0
        self._started_s = self._heard_s = self._live_s = 0.0
        self._is_told = False  # what lies on the scale

    @property
    def is_running(self) -> bool:
        return self.visit is not None

    def opened(self, _: Moment) -> list[Said]:
        return []

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if self.visit is not None:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit, self._started_s, self._is_told = visit, at.monotonic_s, False
        return []

    def stop(self, at: Moment) -> list[Said]:
        return self._ended(Code.MEASURING_STOPPED, at)

    def aborted_by_switch(self, _: Moment) -> list[Said]:
        """It goes on: a screen that stands still makes no scale dangerous."""
        return []

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return self._ended(reason, at)

    def tick(self, at: Moment) -> list[Said]:
        is_over = at.monotonic_s - self._started_s >= RESULT_LIMIT_S
        return self._ended(Code.NO_RESULT_CAME, at) if is_over else []

    def heard(self, frame: Weighing | Fault, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            return self._lost_bytes_heard(frame, at)
        self._lost_bytes = 0
        silent_s, self._heard_s = at.monotonic_s - self._heard_s, at.monotonic_s
        kilograms = frame.kilograms
        if frame.mode is Mode.TARE:
            return [Ignored("the weight of a container")]
        if kilograms is None:
            return self._ended(Code.SCALE_OVERLOAD, at)
        if kilograms < EMPTY_BELOW_KG:
            self._is_told = False
            return []
        if silent_s > SAME_STREAM_S:
            self._is_told = False
        if frame.state is State.MOVING:
            return self._live(kilograms, at)
        if self._is_told:
            return []
        self._is_told = True
        visit, self.visit = self.visit, None  # asked once, answered once
        return [self._measurement(frame, kilograms, visit, at)]

    def _lost_bytes_heard(self, fault: Fault, at: Moment) -> list[Said]:
        """It speaks, and not so that it is understood: another line setting may help."""
        self._lost_bytes += fault.byte_count
        said: list[Said] = [Ignored(f"bytes without a frame: {fault.why}")]
        if self._lost_bytes <= LOST_BYTES_MOST:
            return said
        self.is_silent = True
        return said + self._ended(Code.DEVICE_UNREADABLE, at)

    def _live(self, kilograms: Decimal, at: Moment) -> list[Said]:
        if self.visit is None or at.monotonic_s - self._live_s < LIVE_EVERY_S:
            return []
        self._live_s = at.monotonic_s
        return [LiveValue(self.visit, _quantity(kilograms), at.utc)]

    def _measurement(
        self, frame: Weighing, kilograms: Decimal, visit: VisitId | None, at: Moment
    ) -> Measurement:
        quantity = _quantity(kilograms)
        digest = sha256(frame.raw).hexdigest()
        return Measurement(visit, (quantity,), self.device, None, at.utc, digest)

    def _ended(self, reason: Code, at: Moment) -> list[Said]:
        if self.visit is None:
            return []
        visit, self.visit = self.visit, None
        return [NoMeasurement(visit, reason, self.device, at.utc)]


def _quantity(kilograms: Decimal) -> Quantity:
    """Pounds come to more decimals than a reading may have."""
    finest = kilograms.quantize(FINEST_KG)
    return Quantity(VitalKind.WEIGHT_KG, kilograms if kilograms == finest else finest)
