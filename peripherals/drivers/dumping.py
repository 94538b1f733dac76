"""What is said with a device that hands over its whole memory at once: at most one question.

A record is somebody's, taken some time ago: it belongs to no visit until a person assigns it.
"""

from typing import Any

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import NoMeasurement
from peripherals.drivers.blood_pressure import BloodPressure, Dump
from peripherals.drivers.fault import Fault
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.moment import Moment

ANSWER_LIMIT_S = 4.0  # a memory of 200 records over the slowest line we know
ASKED_MOST = 3
WINDOW_S = 180.0  # for a device on which a person starts the transfer


class DumpConversation:
    """One life of an open line. An empty `question`: the device itself begins the transfer."""

    abort_bytes = b""  # reading a memory moves nothing

    def __init__(self, device: DeviceIdentity, question: bytes = b"") -> None:
        self.device = device
        self.visit: VisitId | None = None
        self.is_silent = False
        self.is_ready = not question
        self._question = question
        self._asked_s = 0.0
        self._times_asked = 0
        self._was_unreadable = False

    @property
    def is_running(self) -> bool:
        return self.visit is not None

    def opened(self, at: Moment) -> list[Said]:
        """Asking is also the greeting: what is answered to that is not told."""
        return self._asked(at) if self._question else []

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if not self.is_ready or self.visit is not None:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit, self._times_asked, self._was_unreadable = visit, 0, False
        return self._asked(at)

    def stop(self, at: Moment) -> list[Said]:
        return self._ended(Code.CUFF_STOPPED, at)

    def aborted_by_switch(self, at: Moment) -> list[Said]:
        return self._ended(Code.CUFF_STOPPED, at)

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return self._ended(reason, at)

    def tick(self, at: Moment) -> list[Said]:
        if self.is_ready and self.visit is None:
            return []
        since_s = at.monotonic_s - self._asked_s
        if since_s < (ANSWER_LIMIT_S if self._question else WINDOW_S):
            return []
        if self._question and self._times_asked < ASKED_MOST:
            return self._asked(at)
        self.is_silent = bool(self._question)
        missing = Code.DEVICE_SILENT if self._question else Code.NO_RESULT_CAME
        return self._ended(Code.DEVICE_UNREADABLE if self._was_unreadable else missing, at)

    def heard(self, frame: Any, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            self._was_unreadable = True
            return [Ignored(f"bytes without a frame: {frame.why}")]
        if not isinstance(frame, Dump):
            return [Ignored("a frame of another kind")]
        if not self.is_ready:
            self.is_ready = True
            return [Ignored("a memory that only greeted")]
        if self._question and self.visit is None:
            return [Ignored("a memory that nobody asked for")]
        whole = [record for record in frame.records if isinstance(record, BloodPressure)]
        reason = Code.MEMORY_READ if frame.records else Code.MEMORY_EMPTY
        if len(whole) < len(frame.records):
            reason = Code.DEVICE_UNREADABLE  # what could be read is told all the same
        return [*(one.remembered(self.device, at) for one in whole), *self._ended(reason, at)]

    def _asked(self, at: Moment) -> list[Said]:
        self._asked_s = at.monotonic_s
        self._times_asked += 1
        return [Send(self._question)] if self._question else []

    def _ended(self, reason: Code, at: Moment) -> list[Said]:
        if self.visit is None:
            return []
        visit, self.visit = self.visit, None
        return [NoMeasurement(visit, reason, self.device, at.utc)]
