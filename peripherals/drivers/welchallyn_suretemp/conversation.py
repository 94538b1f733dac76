"""What is said with a SureTemp Plus module: its record is asked for until there is a result.

A result is taken for a visit when the module was seen without one after the start: what it still
holds from before is somebody else's. Its final temperature of 0 K is no temperature.
"""

from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import Measurement, NoMeasurement, Quantity, VitalKind
from peripherals.drivers.fault import Fault
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.drivers.welchallyn_suretemp.codec import (
    READY,
    CommandClass,
    Frame,
    Record,
    Refusal,
    encode,
)
from peripherals.moment import Moment

POLL_RUNNING_S = 0.25  # the manual: not faster than every 173 ms
POLL_RESTING_S = 1.0
SILENT_AFTER = 5  # unanswered questions
RESULT_LIMIT_S = 300.0  # in monitor mode the manual of such probes has people wait minutes

_RECORD = Send(encode(CommandClass.SEND_RECORD))


class Phase(StrEnum):
    GREETING = "greeting"
    RESTING = "resting"
    WAITING = "waiting"  # for a probe that is taken out: the module still has an older result
    MEASURING = "measuring"


class SureTempConversation:
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes = b""  # nothing that could hurt is running

    def __init__(self, device: DeviceIdentity) -> None:
        self.device = device
        self.phase = Phase.GREETING
        self.visit: VisitId | None = None
        self.is_silent = False
        self._asked_s = self._started_s = 0.0
        self._unanswered = 0

    @property
    def is_ready(self) -> bool:
        return self.phase is not Phase.GREETING

    @property
    def is_running(self) -> bool:
        return self.visit is not None

    def opened(self, at: Moment) -> list[Said]:
        return self._asked(at)

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if self.phase is not Phase.RESTING:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit, self.phase, self._started_s = visit, Phase.WAITING, at.monotonic_s
        return []  # the next tick asks, and so never too soon after the last question

    def stop(self, at: Moment) -> list[Said]:
        return self._ended(Code.MEASURING_STOPPED, at)

    def aborted_by_switch(self, _: Moment) -> list[Said]:
        """It goes on: a screen that stands still makes no thermometer dangerous."""
        return []

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return self._ended(reason, at)

    def tick(self, at: Moment) -> list[Said]:
        if self.is_running and at.monotonic_s - self._started_s >= RESULT_LIMIT_S:
            return self._ended(Code.NO_RESULT_CAME, at)
        pause_s = POLL_RUNNING_S if self.is_running else POLL_RESTING_S
        if at.monotonic_s - self._asked_s < pause_s:
            return []
        if self._unanswered >= SILENT_AFTER:
            self.is_silent = True
            return self._ended(Code.DEVICE_SILENT, at)
        return self._asked(at)

    def heard(self, frame: Frame | Fault, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            return [Ignored(f"bytes without a frame: {frame.why}")]
        if not isinstance(frame, Record):
            self._unanswered = 0
            is_refused = isinstance(frame, Refusal)
            return self._ended(Code.DEVICE_REFUSED, at) if is_refused else []
        if not self._unanswered:
            return [Ignored("a record that was not asked for")]
        self._unanswered = 0
        if self.phase is Phase.GREETING:
            self.phase = Phase.RESTING
        return self._judged(frame, at) if self.is_running else []

    def _judged(self, record: Record, at: Moment) -> list[Said]:
        if record.error:
            return self._ended(Code.THERMOMETER_ERROR, at)
        final = record.final_celsius
        if final is None:
            self.phase = Phase.MEASURING
            return []
        if self.phase is not Phase.MEASURING or record.state != READY:
            return []
        visit, self.visit, self.phase = self.visit, None, Phase.RESTING  # answered once
        return [self._measurement(record, final, visit, at)]

    def _measurement(
        self, record: Record, final: Decimal, visit: VisitId | None, at: Moment
    ) -> Measurement:
        quantity = Quantity(VitalKind.TEMPERATURE_CELSIUS, final)
        digest = sha256(record.raw).hexdigest()
        return Measurement(visit, (quantity,), self.device, None, at.utc, digest)

    def _asked(self, at: Moment) -> list[Said]:
        self._asked_s = at.monotonic_s
        self._unanswered += 1
        return [_RECORD]

    def _ended(self, reason: Code, at: Moment) -> list[Said]:
        if self.visit is None:
            return []
        visit, self.visit, self.phase = self.visit, None, Phase.RESTING
        return [NoMeasurement(visit, reason, self.device, at.utc)]
