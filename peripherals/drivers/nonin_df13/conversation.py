"""What is said with an oximeter that tells one reading when the finger was measured.

It is told the format and the time; then a person is waited for. A reading out of its memory, or one
that nobody asked for, belongs to no visit.
"""

from collections import deque
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import (
    Measurement,
    NoMeasurement,
    QualityFlag,
    Quantity,
    VitalKind,
)
from peripherals.drivers.fault import Fault
from peripherals.drivers.nonin.words import Answer, select_format, set_time
from peripherals.drivers.nonin_df13.codec import FORMAT, SpotCheck
from peripherals.drivers.owed import Owed
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.drivers.wall_clock import instant_of
from peripherals.moment import Moment

ASK_AGAIN_S = 1.0
GREETING_LIMIT_S = 6.0
RESULT_LIMIT_S = 180.0  # from the start until a finger was put in and measured
LONGEST_S = 30.0  # from a finger put in to its reading
TOLD_MOST = 32


class SpotCheckConversation:
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes = b""  # nothing that could hurt is running
    longest_s = LONGEST_S

    def __init__(self, device: DeviceIdentity) -> None:
        self.device = device
        self.visit: VisitId | None = None
        self.is_silent = False
        self.is_ready = False
        self._has_format = False
        self._opened_s = self._asked_s = self._started_s = 0.0
        self.owed = Owed()  # a finger may have been in when its visit was closed
        self._told: deque[bytes] = deque(maxlen=TOLD_MOST)  # frames that were told

    @property
    def is_running(self) -> bool:
        return self.visit is not None

    def opened(self, at: Moment) -> list[Said]:
        self._opened_s = at.monotonic_s
        return self._asked(at)

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if self.visit is not None or not self.is_ready:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit, self._started_s = visit, at.monotonic_s
        return []

    def stop(self, at: Moment) -> list[Said]:
        return self._closed(Code.MEASURING_STOPPED, at)

    def aborted_by_switch(self, _: Moment) -> list[Said]:
        """It goes on: a screen that stands still makes no oximeter dangerous."""
        return []

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return self._closed(reason, at)

    def tick(self, at: Moment) -> list[Said]:
        if not self.is_ready:
            self.is_silent = at.monotonic_s - self._opened_s >= GREETING_LIMIT_S
            is_due = at.monotonic_s - self._asked_s >= ASK_AGAIN_S
            return self._asked(at) if is_due else []
        if at.monotonic_s - self._started_s < RESULT_LIMIT_S:
            return []
        return self._closed(Code.NO_RESULT_CAME, at)

    def heard(self, frame: SpotCheck | Answer | Fault, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            return [Ignored(f"bytes without a frame: {frame.why}")]
        if isinstance(frame, Answer):
            return self._answered(frame, at)
        self.is_ready = True  # it speaks our format, whoever told it to
        if frame.raw in self._told:
            return [Ignored("a reading that was told before")]
        self._told.append(frame.raw)
        has_numbers = frame.spo2_percent is not None and frame.pulse_per_minute is not None
        if frame.is_without_result or not has_numbers:
            return self._ended(Code.PULSE_NOT_FOUND, at)
        if frame.is_from_memory:
            return [self._measurement(frame, None, at)]
        if self.owed.takes(at.monotonic_s):  # begun for the visit before
            return [self._measurement(frame, None, at)]
        visit, self.visit = self.visit, None  # asked once, answered once
        return [self._measurement(frame, visit, at)]

    def _asked(self, at: Moment) -> list[Said]:
        """First the format; the clock is set so that the next reading carries a true time."""
        self._asked_s = at.monotonic_s
        question = set_time(_wall(at)) if self._has_format else select_format(FORMAT)
        return [Send(question)]

    def _answered(self, answer: Answer, at: Moment) -> list[Said]:
        """Noise holds such bytes too: one counts only while a question is open."""
        if self.is_ready or not answer.is_accepted:
            return []
        if self._has_format:
            self.is_ready = True
            return []
        self._has_format = True
        return self._asked(at)

    def _closed(self, reason: Code, at: Moment) -> list[Said]:
        """Without a word of the device: its reading may still come."""
        if self.visit is not None:
            self.owed.add(at.monotonic_s + LONGEST_S)
        return self._ended(reason, at)

    def _ended(self, reason: Code, at: Moment) -> list[Said]:
        if self.visit is None:
            return []
        visit, self.visit = self.visit, None
        return [NoMeasurement(visit, reason, self.device, at.utc)]

    def _measurement(self, frame: SpotCheck, visit: VisitId | None, at: Moment) -> Measurement:
        numbers = {
            VitalKind.SPO2_PERCENT: frame.spo2_percent,
            VitalKind.PULSE_PER_MINUTE: frame.pulse_per_minute,
        }
        told = {kind: value for kind, value in numbers.items() if value is not None}
        wall = frame.wall_clock
        flags = {
            QualityFlag.FROM_MEMORY: frame.is_from_memory,
            QualityFlag.UNDATED: wall is None and visit is None,
            QualityFlag.LOW_BATTERY: frame.is_low_battery,
        }
        return Measurement(
            visit=visit,
            quantities=tuple(Quantity(kind, Decimal(value)) for kind, value in told.items()),
            device=self.device,
            device_time=None if wall is None else instant_of(wall),
            received_at=at.utc,
            frame_sha256=sha256(frame.raw).hexdigest(),
            quality=frozenset(flag for flag, is_set in flags.items() if is_set),
        )


def _wall(at: Moment) -> datetime:
    """The time of the place where this machine stands, as wall_clock.instant_of takes it back."""
    return at.utc.astimezone().replace(tzinfo=None)
