"""What is said with a device that only pushes: nothing, and a result when its own key was pressed.

A person arms a measurement for a visit and has so long to press the key; what comes then belongs to
that visit, anything else to none. The device cannot be stopped: what it still owes after its window
was closed, and what comes too soon after arming, was begun on somebody else.
"""

from collections import deque
from hashlib import sha256
from typing import Any

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import Measurement, NoMeasurement, QualityFlag
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fault import Fault, Why
from peripherals.drivers.owed import Owed
from peripherals.drivers.said import Ignored, Said
from peripherals.drivers.wall_clock import instant_of
from peripherals.moment import Moment

WINDOW_S = 180.0
TOLD_MOST = 32
SHORTEST_S = 5.0  # no measurement is shorter
LONGEST_S = 130.0  # and none is longer
WRONG_SPEED_BYTES = 32  # about half a result
# Noise on the line says nothing; a line of our device's form that is wrong says that it was one.
_SPEAKS = {Why.BAD_FIELD, Why.BAD_CHECKSUM, Why.BAD_LENGTH}


class PushedConversation:
    """One life of an open line. `memory_age_s`: what is dated older than that was remembered.

    Where the device may be set to several speeds, half a result of nonsense before any good one
    gives the line up (`is_silent`), so that the next speed is tried.
    """

    abort_bytes = b""  # nothing can be stopped from here
    longest_s = LONGEST_S

    def __init__(
        self,
        device: DeviceIdentity,
        *,
        memory_age_s: float | None = None,
        has_other_speeds: bool = False,
    ) -> None:
        self.device = device
        self.is_silent = False
        self._looks_for_speed = has_other_speeds
        self._nonsense_bytes = 0
        self.visit: VisitId | None = None
        self._memory_age_s = memory_age_s
        self._armed_s = 0.0
        self.owed = Owed()  # a closed window's key may have been pressed
        self._was_unreadable = False
        self._told: deque[tuple[bytes, float]] = deque(maxlen=TOLD_MOST)  # digest, when it was told

    @property
    def is_ready(self) -> bool:
        """It never speaks unasked: whether it is there shows with its first result."""
        return True

    @property
    def is_running(self) -> bool:
        return self.visit is not None

    def opened(self, at: Moment) -> list[Said]:
        return []

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if self.visit is not None:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit, self._armed_s, self._was_unreadable = visit, at.monotonic_s, False
        return []

    def stop(self, at: Moment) -> list[Said]:
        return self._ended(Code.CUFF_STOPPED, at)

    def aborted_by_switch(self, at: Moment) -> list[Said]:
        return self._ended(Code.CUFF_STOPPED, at)

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return self._ended(reason, at)

    def tick(self, at: Moment) -> list[Said]:
        if self.visit is None or at.monotonic_s - self._armed_s < WINDOW_S:
            return []
        reason = Code.DEVICE_UNREADABLE if self._was_unreadable else Code.NO_RESULT_CAME
        return self._ended(reason, at)

    def heard(self, frame: Any, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            self._was_unreadable = self._was_unreadable or frame.why in _SPEAKS
            self._nonsense_bytes += frame.byte_count
            if self._looks_for_speed and self._nonsense_bytes >= WRONG_SPEED_BYTES:
                self.is_silent = True
            return [Ignored(f"bytes without a frame: {frame.why}")]
        self._looks_for_speed = False
        if isinstance(frame, BloodPressure):
            return self._heard_result(frame, at)
        if isinstance(frame, Failed):
            if self.owed.takes(at.monotonic_s):
                return [NoMeasurement(None, frame.reason, self.device, at.utc)]
            visit, self.visit = self.visit, None
            return [NoMeasurement(visit, frame.reason, self.device, at.utc)]
        return [Ignored("a frame of another kind")]

    def _heard_result(self, frame: BloodPressure, at: Moment) -> list[Said]:
        digest = sha256(frame.raw).digest()
        if self._was_told(digest, frame, at):  # sent twice, or again, so not measured now
            return [Ignored("a result that was told before")]
        self._told.append((digest, at.monotonic_s))
        return [self._measured(frame, at)]

    def _was_told(self, digest: bytes, frame: BloodPressure, at: Moment) -> bool:
        """Without a date the same numbers may come twice, but not so soon."""
        since_s = [at.monotonic_s - told_s for told, told_s in self._told if told == digest]
        return any(frame.wall_clock is not None or s < SHORTEST_S for s in since_s)

    def _measured(self, frame: BloodPressure, at: Moment) -> Measurement:
        if self._is_remembered(frame, at):
            return frame.remembered(self.device, at)
        undated = [] if frame.wall_clock is not None else [QualityFlag.UNDATED]
        visit = self._whose(at)
        return frame.measured(self.device, visit, at, *(undated if visit is None else []))

    def _whose(self, at: Moment) -> VisitId | None:
        """Of the armed visit, once; nobody's while it may have been begun before the arming."""
        is_owed = self.owed.takes(at.monotonic_s)
        if is_owed or at.monotonic_s - self._armed_s < SHORTEST_S:
            return None
        visit, self.visit = self.visit, None  # asked once, answered once
        return visit

    def _is_remembered(self, frame: BloodPressure, at: Moment) -> bool:
        if self._memory_age_s is None or frame.wall_clock is None:
            return False
        age_s = (at.utc - instant_of(frame.wall_clock)).total_seconds()
        return abs(age_s) > self._memory_age_s

    def _ended(self, reason: Code, at: Moment) -> list[Said]:
        if self.visit is None:
            return []
        visit, self.visit = self.visit, None
        self.owed.add(at.monotonic_s + LONGEST_S)
        return [NoMeasurement(visit, reason, self.device, at.utc)]
