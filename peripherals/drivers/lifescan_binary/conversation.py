"""What is said with a LifeScan meter: who it is, and on demand what its memory holds.

It measures by itself; all that it tells is remembered and so belongs to no visit until a person
says whose it is. Each side repeats what was not acknowledged and passes over what is repeated.
"""

from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
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
from peripherals.drivers.lifescan_binary.codec import (
    ACKNOWLEDGES,
    DISCONNECTS,
    EXPECTS,
    SEQUENCE,
    Packet,
    Question,
    Stored,
    count_of,
    encode,
    read_record,
    serial_number_of,
    stored_of,
)
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.drivers.wall_clock import FIRST_YEAR, instant_of
from peripherals.moment import Moment

ANSWER_LIMIT_S = 0.5
SILENT_AFTER = 6  # unanswered questions
LOOK_AFTER_EVERY_S = 5.0


class Phase(StrEnum):
    CONNECTING = "connecting"  # both sides count from 0 again
    NAMING = "naming"  # its serial number
    RESTING = "resting"
    COUNTING = "counting"
    READING = "reading"


class LifeScanConversation:
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes = b""  # nothing that could hurt is running

    def __init__(self, device: DeviceIdentity) -> None:
        self.device = device
        self.phase = Phase.CONNECTING
        self.visit: VisitId | None = None
        self.is_silent = False
        self._sequence = self._expected = False
        self._question = b""  # as it was sent; empty when none is open
        self._asked_s = 0.0
        self._unanswered = 0
        self._record = self._records = 0
        self._has_asked_count = False

    @property
    def is_ready(self) -> bool:
        return self.phase not in (Phase.CONNECTING, Phase.NAMING)

    @property
    def is_running(self) -> bool:
        return self.visit is not None

    def opened(self, at: Moment) -> list[Said]:
        return self._connects(at)

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        """Its memory is read; `visit` is told when that is done, and gets none of it."""
        if self.phase is not Phase.RESTING:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit, self.phase, self._has_asked_count = visit, Phase.COUNTING, False
        return [] if self._question else self._asks_count(at)  # one question at a time

    def stop(self, at: Moment) -> list[Said]:
        return self._ended(Code.MEASURING_STOPPED, at)

    def aborted_by_switch(self, _: Moment) -> list[Said]:
        """It goes on: reading a memory hurts nobody."""
        return []

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return self._ended(reason, at)

    def tick(self, at: Moment) -> list[Said]:
        passed_s = at.monotonic_s - self._asked_s
        if not self._question:
            is_due = passed_s >= LOOK_AFTER_EVERY_S
            return self._asks(Question.SERIAL_NUMBER.value, at) if is_due else []
        if passed_s < ANSWER_LIMIT_S:
            return []
        if self._unanswered >= SILENT_AFTER:
            self.is_silent = True
            return self._ended(Code.DEVICE_SILENT, at)
        self._asked_s = at.monotonic_s
        self._unanswered += 1
        return [Send(self._question)]

    # --- what the meter says -------------------------------------------------------------------

    def heard(self, packet: Packet | Fault, at: Moment) -> list[Said]:
        if isinstance(packet, Fault):
            return [Ignored(f"bytes without a frame: {packet.why}")]
        if packet.link & DISCONNECTS:
            return self._connected(at)
        if packet.link & ACKNOWLEDGES:
            return []  # the answer itself follows, or the question is asked again
        if self.phase is Phase.CONNECTING:
            return [Ignored("an answer from before the line was opened")]
        if bool(packet.link & SEQUENCE) is not self._expected:
            return [self._acknowledged(), Ignored("an answer that was told before")]
        self._expected = not self._expected
        said: list[Said] = [self._acknowledged()]
        if not self._question:
            return [*said, Ignored("an answer to no question")]
        self._question, self._unanswered = b"", 0
        return said + self._answered(packet, at)

    def _connected(self, at: Moment) -> list[Said]:
        if self.phase is not Phase.CONNECTING:
            return []
        self._sequence = self._expected = False
        self.phase = Phase.NAMING
        return self._asks(Question.SERIAL_NUMBER.value, at)

    def _answered(self, packet: Packet, at: Moment) -> list[Said]:
        if self.phase is Phase.NAMING:
            return self._named(packet.message)
        if self.phase is Phase.COUNTING:
            return self._counted(packet.message, at)
        if self.phase is Phase.READING:
            return self._read(packet, at)
        return []

    def _named(self, message: bytes) -> list[Said]:
        number = serial_number_of(message)
        if number is None:
            return [Ignored("an answer that is no serial number")]
        self.device = replace(self.device, serial_number=number)
        self.phase = Phase.RESTING
        return []

    def _asks_count(self, at: Moment) -> list[Said]:
        self._has_asked_count = True
        return self._asks(Question.RECORD_COUNT.value, at)

    def _counted(self, message: bytes, at: Moment) -> list[Said]:
        if not self._has_asked_count:  # the answer to what was asked before the start
            return self._asks_count(at)
        records = count_of(message)
        if records is None:
            return self._ended(Code.DEVICE_UNREADABLE, at)
        if not records:
            return self._ended(Code.MEMORY_EMPTY, at)
        self.phase, self._record, self._records = Phase.READING, 0, records
        return self._asks(read_record(0), at)

    def _read(self, packet: Packet, at: Moment) -> list[Said]:
        stored = stored_of(packet.message)
        if stored is None:
            return self._ended(Code.DEVICE_UNREADABLE, at)
        measured = self._measurement(stored, packet.raw, at)
        self._record += 1
        if self._record < self._records:
            return [measured, *self._asks(read_record(self._record), at)]
        return [measured, *self._ended(Code.MEMORY_READ, at)]

    # --- moves ---------------------------------------------------------------------------------

    def _connects(self, at: Moment) -> list[Said]:
        self._question, self._asked_s, self._unanswered = (
            encode(b"", DISCONNECTS),
            at.monotonic_s,
            1,
        )
        return [Send(self._question)]

    def _asks(self, message: bytes, at: Moment) -> list[Said]:
        self._question = encode(message, self._link())
        self._sequence = not self._sequence
        self._asked_s, self._unanswered = at.monotonic_s, 1
        return [Send(self._question)]

    def _acknowledged(self) -> Send:
        return Send(encode(b"", self._link() | ACKNOWLEDGES))

    def _link(self) -> int:
        return self._sequence * SEQUENCE | self._expected * EXPECTS

    def _ended(self, reason: Code, at: Moment) -> list[Said]:
        if self.visit is None:
            return []
        visit, self.visit, self.phase = self.visit, None, Phase.RESTING
        return [NoMeasurement(visit, reason, self.device, at.utc)]

    def _measurement(self, stored: Stored, raw: bytes, at: Moment) -> Measurement:
        """A clock that was never set counts from 1970."""
        is_dated = stored.wall_clock.year >= FIRST_YEAR
        flags = {QualityFlag.FROM_MEMORY} | (set() if is_dated else {QualityFlag.UNDATED})
        return Measurement(
            visit=None,
            quantities=(Quantity(VitalKind.GLUCOSE_MG_PER_DL, Decimal(stored.mg_per_dl)),),
            device=self.device,
            device_time=instant_of(stored.wall_clock) if is_dated else None,
            received_at=at.utc,
            frame_sha256=sha256(raw).hexdigest(),
            quality=frozenset(flags),
        )
