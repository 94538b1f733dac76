"""What is said with an oximeter: a stream for a visit, live while it is good, kept when steady.

One measurement for each start, after 3 s of steady frames; then live values until the stop. The
moment the finger is gone the live values end with the reason: the device repeats its last number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import (
    LiveValue,
    Measurement,
    NoMeasurement,
    QualityFlag,
    Quantity,
    VitalKind,
)
from peripherals.drivers.fault import Fault
from peripherals.drivers.oximeter.sample import NO_FLAGS, Sample
from peripherals.drivers.oximeter.steadiness import Steadiness
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.moment import Moment

LIVE_EVERY_S = 0.5
GREET_EVERY_S = 0.5
GREETED_TIMES = 3  # in a row: noise may look like one answer
GREETING_LIMIT_S = 6.0
ASK_EVERY_S = 1.0
LOOK_AFTER_EVERY_S = 2.0
SILENT_AFTER_S = 5.0
FOUND_AFTER_S = 2.0  # of frames at the right rate, with or without a finger
NO_FINGER_AFTER_S = 1.0  # when none was in it yet; one that goes is told at once
NO_PULSE_AFTER_S = 5.0
LOST_BYTES_MOST = 200  # between two frames: a line that says more is not this device's


def never(_: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Habits:
    """How one model behaves. `begin`: empty where the device streams unasked."""

    frames_per_s: float
    sample_of: Callable[[Any], Sample | None]  # None: a frame that is no sample
    is_greeting: Callable[[Any], bool] = never  # an answer that tells the device
    greetings: tuple[bytes, ...] = ()
    begin: bytes = b""
    end: bytes = b""
    keep_alive: bytes = b""
    shown_after: int = 3  # good frames in a row


class Phase(StrEnum):
    GREETING = "greeting"
    RESTING = "resting"
    RUNNING = "running"


class Finger(StrEnum):
    """What was told of it last."""

    SOUGHT = "sought"
    SHOWN = "shown"
    MISSED = "missed"  # with its reason


class OximeterConversation:
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes = b""  # nothing that could hurt is running

    def __init__(self, device: DeviceIdentity, habits: Habits) -> None:
        self.device = device
        self.phase = Phase.GREETING
        self.visit: VisitId | None = None
        self.is_silent = False
        self._habits = habits
        self._presence = Steadiness(habits.frames_per_s)
        self._greeted_times = 0
        self._is_greeted = False  # since it was asked last
        self._steadiness = Steadiness(habits.frames_per_s)
        self._finger = Finger.SOUGHT
        self._has_measured = False
        self._quality = NO_FLAGS
        self._perfusion: Decimal | None = None  # the last that was told of this finger
        self._opened_s = self._heard_s = self._asked_s = 0.0
        self._good_s = self._live_s = 0.0
        self._lost_bytes = 0  # since the last sample or greeting

    @property
    def is_ready(self) -> bool:
        return self.phase is not Phase.GREETING

    @property
    def is_running(self) -> bool:
        return self.phase is Phase.RUNNING

    # --- wishes --------------------------------------------------------------------------------

    def opened(self, at: Moment) -> list[Said]:
        self._opened_s = self._heard_s = at.monotonic_s
        return self._asks(at, *self._habits.greetings)

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if self.phase is not Phase.RESTING:
            raise Rejected(Code.DEVICE_BUSY)
        self.phase, self.visit = Phase.RUNNING, visit
        self._steadiness.broken()
        self._finger, self._has_measured = Finger.SOUGHT, False
        self._good_s = self._heard_s = at.monotonic_s
        return self._asks(at, self._habits.begin)

    def stop(self, at: Moment) -> list[Said]:
        return [*self._asks(at, self._habits.end), *self._ended(Code.MEASURING_STOPPED, at)]

    def aborted_by_switch(self, _: Moment) -> list[Said]:
        """It goes on: a screen that stands still makes no oximeter dangerous."""
        return []

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return self._ended(reason, at)

    # --- time ----------------------------------------------------------------------------------

    def tick(self, at: Moment) -> list[Said]:
        since_asked_s = at.monotonic_s - self._asked_s
        since_heard_s = at.monotonic_s - self._heard_s
        if self.phase is Phase.GREETING:
            self.is_silent = at.monotonic_s - self._opened_s >= GREETING_LIMIT_S
            return self._greets_again(at) if since_asked_s >= GREET_EVERY_S else []
        if since_heard_s >= SILENT_AFTER_S:
            self.is_silent = True
            return self._ended(Code.DEVICE_SILENT, at)
        if self.phase is Phase.RUNNING:
            return self._kept_alive(at, since_asked_s, since_heard_s)
        is_due = since_asked_s >= LOOK_AFTER_EVERY_S
        return self._asks(at, self._habits.end) if is_due else []  # answered, and moves nothing

    def _kept_alive(self, at: Moment, since_asked_s: float, since_heard_s: float) -> list[Said]:
        if since_asked_s < ASK_EVERY_S:
            return []
        is_streaming = since_heard_s < ASK_EVERY_S
        return self._asks(at, self._habits.keep_alive if is_streaming else self._habits.begin)

    # --- what the device says ------------------------------------------------------------------

    def heard(self, frame: Any, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            return self._lost_bytes_heard(frame)
        sample = self._habits.sample_of(frame)
        if sample is not None:
            self._lost_bytes = 0
        if self.phase is Phase.GREETING:
            return self._greeted(frame, sample, at)
        if sample is None:
            if self.phase is Phase.RESTING:
                self._heard_s = at.monotonic_s
            return []
        self._heard_s = at.monotonic_s
        return self._judged(sample, at) if self.phase is Phase.RUNNING else []

    def _greets_again(self, at: Moment) -> list[Said]:
        """Not while it streams: a device that is told its format again may begin anew."""
        if self._presence.frames:
            return []
        if not self._is_greeted:
            self._greeted_times = 0
        self._is_greeted = False
        self._lost_bytes = 0
        return self._asks(at, *self._habits.greetings)

    def _lost_bytes_heard(self, fault: Fault) -> list[Said]:
        self._lost_bytes += fault.byte_count
        if self._lost_bytes > LOST_BYTES_MOST:
            self._presence.broken()
            self._steadiness.broken()
            self._greeted_times = 0
        return [Ignored(f"bytes without a frame: {fault.why}")]

    def _greeted(self, frame: Any, sample: Sample | None, at: Moment) -> list[Said]:
        """One that streams by itself is known by its rate, one that is asked by its answer."""
        if self._habits.is_greeting(frame) and not self._is_greeted:
            self._is_greeted = True
            self._greeted_times += 1
        if sample is not None and not self._habits.begin:
            spo2, pulse = sample.spo2_percent or 0, sample.pulse_per_minute or 0
            self._presence.heard(spo2, pulse, at.monotonic_s)  # noise leaps
        is_streaming = self._presence.good_s >= FOUND_AFTER_S
        if is_streaming or self._greeted_times >= GREETED_TIMES:
            self.phase, self._heard_s = Phase.RESTING, at.monotonic_s
        return []

    def _judged(self, sample: Sample, at: Moment) -> list[Said]:
        if not sample.has_finger:
            self._steadiness.broken()
            is_told = self._finger is Finger.SHOWN or self._misses(at) >= NO_FINGER_AFTER_S
            return self._missed(Code.NO_FINGER, at) if is_told else []
        if sample.spo2_percent is None or sample.pulse_per_minute is None:
            self._steadiness.broken()
            is_told = self._misses(at) >= NO_PULSE_AFTER_S
            return self._missed(Code.PULSE_NOT_FOUND, at) if is_told else []
        self._steadiness.heard(sample.spo2_percent, sample.pulse_per_minute, at.monotonic_s)
        is_first = self._steadiness.frames == 1
        self._quality = sample.quality if is_first else self._quality | sample.quality
        if is_first or sample.perfusion_percent is not None:
            self._perfusion = sample.perfusion_percent
        if self._steadiness.frames < self._habits.shown_after:
            return []
        return self._shown(sample.spo2_percent, sample.pulse_per_minute, sample, at)

    def _shown(self, spo2: int, pulse: int, sample: Sample, at: Moment) -> list[Said]:
        was_shown, self._finger = self._finger is Finger.SHOWN, Finger.SHOWN
        self._good_s = at.monotonic_s
        quantities = [
            Quantity(VitalKind.SPO2_PERCENT, Decimal(spo2)),
            Quantity(VitalKind.PULSE_PER_MINUTE, Decimal(pulse)),
        ]
        if self._perfusion is not None:
            quantities.append(Quantity(VitalKind.PERFUSION_INDEX_PERCENT, self._perfusion))
        said: list[Said] = []
        if not was_shown or at.monotonic_s - self._live_s >= LIVE_EVERY_S:
            self._live_s = at.monotonic_s
            said += [LiveValue(self.visit, quantity, at.utc) for quantity in quantities]
        if self._steadiness.is_steady and not self._has_measured:
            self._has_measured = True
            said.append(self._measurement(tuple(quantities), self._quality, sample.raw, at))
        return said

    def _measurement(
        self,
        quantities: tuple[Quantity, ...],
        quality: frozenset[QualityFlag],
        raw: bytes,
        at: Moment,
    ) -> Measurement:
        digest = sha256(raw).hexdigest()
        return Measurement(self.visit, quantities, self.device, None, at.utc, digest, quality)

    # --- moves ---------------------------------------------------------------------------------

    def _misses(self, at: Moment) -> float:
        """Seconds since there was a number to show."""
        return at.monotonic_s - self._good_s

    def _missed(self, reason: Code, at: Moment) -> list[Said]:
        """Told once; the stream goes on, and a finger that comes back is shown again."""
        if self._finger is Finger.MISSED:
            return []
        self._finger = Finger.MISSED
        return [NoMeasurement(self.visit, reason, self.device, at.utc, goes_on=True)]

    def _asks(self, at: Moment, *questions: bytes) -> list[Said]:
        self._asked_s = at.monotonic_s
        return [Send(question) for question in questions if question]

    def _ended(self, reason: Code, at: Moment) -> list[Said]:
        """A measurement that was made stays; without one the reason is told."""
        if self.phase is not Phase.RUNNING:
            return []
        visit, self.visit, self.phase = self.visit, None, Phase.RESTING
        if self._has_measured:
            return []
        return [NoMeasurement(visit, reason, self.device, at.utc)]
