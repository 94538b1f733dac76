"""What is said with a Beurer BM58: it is asked for its records one by one when a person wants them.

A record is somebody's, taken some time ago: it belongs to no visit until a person assigns it.
"""

from collections.abc import Callable
from enum import StrEnum

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import NoMeasurement
from peripherals.drivers.bm58.codec import (
    COUNT,
    NAME,
    NAME_BYTES,
    PING,
    PING_REPLY,
    Reply,
    read_record,
    record_of,
)
from peripherals.drivers.fault import Fault
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.moment import Moment

ANSWER_LIMIT_S = 0.6  # above a name at 4800 baud and the silence that ends it
ASKED_MOST = 3


class Phase(StrEnum):
    GREETING = "greeting"
    NAMING = "naming"
    RESTING = "resting"
    COUNTING = "counting"
    READING = "reading"


FOR_A_VISIT = {Phase.COUNTING, Phase.READING}


class Bm58Conversation:
    """One life of an open line."""

    abort_bytes = b""  # reading a memory moves nothing

    def __init__(self, device: DeviceIdentity) -> None:
        self.device = device
        self.phase = Phase.GREETING
        self.visit: VisitId | None = None
        self.is_silent = False
        self._question = PING
        self._asked_s = 0.0
        self._times_asked = 0
        self._record = 0
        self._records = 0
        self._unreadable = 0
        self._after_reply: dict[Phase, Callable[[bytes, Moment], list[Said] | None]] = {
            Phase.GREETING: self._greeted,
            Phase.NAMING: self._named,
            Phase.COUNTING: self._counted,
            Phase.READING: self._read,
        }

    @property
    def is_ready(self) -> bool:
        return self.phase not in (Phase.GREETING, Phase.NAMING)

    @property
    def is_running(self) -> bool:
        return self.phase in FOR_A_VISIT

    def opened(self, at: Moment) -> list[Said]:
        return self._ask(Phase.GREETING, PING, at)

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if self.phase is not Phase.RESTING:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit = visit
        self._unreadable = 0
        return self._ask(Phase.COUNTING, COUNT, at)

    def stop(self, at: Moment) -> list[Said]:
        return self._ended(Code.CUFF_STOPPED, at)

    def aborted_by_switch(self, at: Moment) -> list[Said]:
        return self._ended(Code.CUFF_STOPPED, at)

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return self._ended(reason, at)

    def tick(self, at: Moment) -> list[Said]:
        if self.phase is Phase.RESTING or at.monotonic_s - self._asked_s < ANSWER_LIMIT_S:
            return []
        return self._ask_again(at, is_silent=True)

    def heard(self, frame: Reply | Fault, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            return [
                Ignored(f"bytes without a frame: {frame.why}"),
                *self._ask_again(at, is_silent=False),
            ]
        react = self._after_reply.get(self.phase)
        if react is None:
            return [Ignored("a reply to nothing")]
        said = react(frame.raw, at)
        if said is None:
            return [Ignored("a reply that is none"), *self._ask_again(at, is_silent=False)]
        return said

    # --- what a reply brings; None when it is none to this question ----------------------------

    def _greeted(self, raw: bytes, at: Moment) -> list[Said] | None:
        return self._ask(Phase.NAMING, NAME, at) if raw == PING_REPLY else None

    def _named(self, raw: bytes, at: Moment) -> list[Said] | None:
        if len(raw) != NAME_BYTES:
            return None
        self.phase = Phase.RESTING
        return []

    def _counted(self, raw: bytes, at: Moment) -> list[Said] | None:
        if len(raw) != 1:
            return None
        self._records, self._record = raw[0], 1
        if not self._records:
            return self._ended(Code.MEMORY_EMPTY, at)
        return self._ask(Phase.READING, read_record(1), at)

    def _read(self, raw: bytes, at: Moment) -> list[Said] | None:
        record = record_of(raw)
        if record is None:
            return None
        return [record.remembered(self.device, at), *self._next(at)]

    # --- moves ---------------------------------------------------------------------------------

    def _next(self, at: Moment) -> list[Said]:
        if self._record < self._records:
            self._record += 1
            return self._ask(Phase.READING, read_record(self._record), at)
        return self._ended(Code.DEVICE_UNREADABLE if self._unreadable else Code.MEMORY_READ, at)

    def _ask(self, phase: Phase, question: bytes, at: Moment) -> list[Said]:
        self.phase, self._question = phase, question
        self._asked_s, self._times_asked = at.monotonic_s, 1
        return [Send(question)]

    def _ask_again(self, at: Moment, *, is_silent: bool) -> list[Said]:
        """A record that cannot be read is passed over; a device that is silent is given up."""
        if self.phase is Phase.RESTING:
            return []
        if self._times_asked < ASKED_MOST:
            self._asked_s = at.monotonic_s
            self._times_asked += 1
            return [Send(self._question)]
        if self.phase is Phase.READING and not is_silent:
            self._unreadable += 1
            return self._next(at)
        self.is_silent = True
        return self._ended(Code.DEVICE_SILENT, at)

    def _ended(self, reason: Code, at: Moment) -> list[Said]:
        if not self.is_running:
            return []
        self.phase = Phase.RESTING
        visit, self.visit = self.visit, None
        return [NoMeasurement(visit, reason, self.device, at.utc)]
