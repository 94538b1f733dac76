"""What is said with a SunTech-family cuff: frames and ticks in, measurements and bytes out; no I/O.

It knows what was asked and for whom: a result that nobody asked for belongs to no visit. A start is
never repeated on its own; whatever is unclear ends in abort and a reason, never in a number.
"""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement, Quantity, VitalKind
from app.domain.vitals import PLAUSIBLE, assess
from peripherals.drivers.fault import Fault
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.drivers.suntech.codec import (
    Ack,
    Answer,
    Command,
    CuffPressure,
    Frame,
    Result,
    encode,
)
from peripherals.moment import Moment

POLL_RUNNING_S = 0.2
POLL_RESTING_S = 1.0
ANSWER_LIMIT_S = 0.3
START_LIMIT_S = 1.0
READ_AGAIN_S = 0.5
MEASUREMENT_LIMIT_S = 130.0  # above the longest cycle of an adult; the cuff's own timer is later
SILENT_AFTER_RUNNING = 10  # unanswered polls, so that a loop that stood still accuses nobody
SILENT_AFTER_RESTING = 3
SILENT_AFTER = 5  # unanswered greetings, aborts or reads
# A measurement whose cuff was never seen inflated did not happen: its result is an older one.
INFLATED_MMHG = 30
# A cuff that was inflated and is empty for so many polls may be done although `done` was lost on
# the line. It is asked, and believed only when its result is not the one that it had before.
EMPTY_MMHG = 5
EMPTY_POLLS = 10

# The published codes are decimal; one public implementation compares hexadecimal and never matches.
ERRORS: dict[int, Code] = {
    1: Code.CUFF_WEAK_SIGNAL,
    2: Code.CUFF_ARTEFACT,
    3: Code.CUFF_OUT_OF_RANGE,
    4: Code.CUFF_TIME_LIMIT,
    85: Code.CUFF_BLOCKED,
    86: Code.CUFF_STOPPED,
    87: Code.CUFF_LEAK,
    88: Code.CUFF_SAFETY,
    89: Code.CUFF_OVERPRESSURE,
    90: Code.CUFF_HARDWARE,
    91: Code.CUFF_HARDWARE,
    97: Code.CUFF_HARDWARE,
    99: Code.CUFF_HARDWARE,
}


class Phase(StrEnum):
    CLEARING = "clearing"  # the line was opened; what may still run from before is aborted
    GREETING = "greeting"  # asked for the pressure, which moves nothing
    RESTING = "resting"
    STARTING = "starting"
    RUNNING = "running"
    READING = "reading"
    STOPPING = "stopping"


FOR_A_VISIT = {Phase.STARTING, Phase.RUNNING, Phase.READING}


ABORT = Send(encode(Command.ABORT), is_urgent=True)
_START = Send(encode(Command.START_ADULT))
_PRESSURE = Send(encode(Command.CUFF_PRESSURE))
_RESULT = Send(encode(Command.READ_RESULT))
# What is asked again in each phase: after how long, how often in vain, and the question.
_QUESTIONS: dict[Phase, tuple[float, int, Send]] = {
    Phase.CLEARING: (ANSWER_LIMIT_S, 1, ABORT),
    Phase.GREETING: (ANSWER_LIMIT_S, SILENT_AFTER, _PRESSURE),
    Phase.RESTING: (POLL_RESTING_S, SILENT_AFTER_RESTING, _PRESSURE),
    Phase.STARTING: (START_LIMIT_S, 1, _START),
    Phase.RUNNING: (POLL_RUNNING_S, SILENT_AFTER_RUNNING, _PRESSURE),
    Phase.READING: (READ_AGAIN_S, SILENT_AFTER, _RESULT),
    Phase.STOPPING: (ANSWER_LIMIT_S, SILENT_AFTER, ABORT),
}

# Aborted, carried out, or nothing there to abort; any other answer and abort is said again.
_STOPPED = {Answer.ABORTED, Answer.DONE, Answer.INVALID, Answer.UNRECOGNISED}


class SunTechConversation:
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes = ABORT.data

    def __init__(self, device: DeviceIdentity) -> None:
        self.device = device
        self.phase = Phase.CLEARING
        self.visit: VisitId | None = None
        self.is_silent = False  # the line is open and nobody answers: it must be opened anew
        self._started_s = 0.0  # the measurement
        self._asked_s = 0.0  # the last question
        self._unanswered = 0
        self._awaits_pressure = False
        self._has_slept = False
        self._says_error = False
        self._is_guess = False  # nobody said `done`; the empty cuff did
        self._highest_mmhg = 0
        self._empty_polls = 0
        self._known_result = b""  # what the module had to tell before this measurement
        self._awaits_known = True
        self._after_answer: dict[Phase, Callable[[Answer, Moment], list[Said]]] = {
            Phase.CLEARING: self._cleared,
            Phase.STARTING: self._answered_start,
            Phase.RUNNING: self._answered_while_running,
            Phase.READING: self._answered_read,
            Phase.STOPPING: self._answered_abort,
        }

    @property
    def is_ready(self) -> bool:
        """The cuff has answered since the line was opened."""
        return self.phase not in (Phase.CLEARING, Phase.GREETING)

    @property
    def is_running(self) -> bool:
        return self.phase in FOR_A_VISIT

    # --- wishes --------------------------------------------------------------------------------

    def opened(self, at: Moment) -> list[Said]:
        """The first word on every line is abort: harmless, and whatever runs belongs to nobody."""
        return self._asked(Phase.CLEARING, ABORT, at)

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if self.phase is not Phase.RESTING:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit = visit
        self._started_s = at.monotonic_s
        self._has_slept = self._says_error = False
        self._highest_mmhg = self._empty_polls = 0
        return self._asked(Phase.STARTING, _START, at)

    def stop(self, at: Moment) -> list[Said]:
        """Abort in every phase; what ran for a visit ends without a number."""
        if self.is_running:
            return self._given_up(Code.CUFF_STOPPED, at)
        return [ABORT]

    def aborted_by_switch(self, at: Moment) -> list[Said]:
        """The port has sent the abort bytes itself."""
        said = self._given_up(Code.CUFF_STOPPED, at) if self.is_running else []
        return [thing for thing in said if thing is not ABORT]

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        """The line is given up; abort is still tried, for it may carry one way."""
        return self._given_up(reason, at) if self.is_running else []

    # --- time ----------------------------------------------------------------------------------

    def tick(self, at: Moment) -> list[Said]:
        """What is due. To be called often; a late call costs time, never truth."""
        since_asked_s = at.monotonic_s - self._asked_s
        if self.is_running and at.monotonic_s - self._started_s >= MEASUREMENT_LIMIT_S:
            return self._given_up(Code.CUFF_TIME_LIMIT, at)
        pause_s, limit, question = _QUESTIONS[self.phase]
        if since_asked_s < pause_s:
            return []
        if self.phase is Phase.CLEARING:  # one that answers no abort at rest may still greet
            return self._asked(Phase.GREETING, _PRESSURE, at)
        if self.phase is Phase.STARTING:
            return self._given_up(Code.DEVICE_SILENT, at)
        if self._unanswered >= limit:
            self.is_silent = True
            return self._given_up(Code.DEVICE_SILENT, at) if self.is_running else []
        return self._asked(self.phase, question, at)

    # --- what the module says ------------------------------------------------------------------

    def heard(self, frame: Frame | Fault, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            return [Ignored(f"bytes without a frame: {frame.why}")]
        if self.phase is not Phase.GREETING:  # there only the pressure will do
            self._unanswered = 0
        if isinstance(frame, Ack):
            react = self._after_answer.get(self.phase)
            return react(frame.answer, at) if react is not None else []
        if isinstance(frame, CuffPressure):
            return self._heard_pressure(frame, at)
        if isinstance(frame, Result):
            return self._heard_result(frame, at)
        return [Ignored("a frame of another kind")]

    def _cleared(self, _: Answer, at: Moment) -> list[Said]:
        return self._asked(Phase.GREETING, _PRESSURE, at)

    def _answered_start(self, answer: Answer, at: Moment) -> list[Said]:
        if answer in (Answer.RECEIVED, Answer.DONE):
            return self._asked(Phase.RUNNING, _PRESSURE, at)
        if answer in (Answer.ASLEEP, Answer.TIMED_OUT) and not self._has_slept:
            self._has_slept = True  # it says that it did not obey, so once more is not twice
            return self._asked(Phase.STARTING, _START, at)
        if answer is Answer.ABORTED:  # the late answer to an abort before the start
            return []
        is_busy = answer is Answer.BUSY
        return self._rested(Code.DEVICE_BUSY if is_busy else Code.DEVICE_REFUSED, at)

    def _answered_while_running(self, answer: Answer, at: Moment) -> list[Said]:
        if answer is Answer.ABORTED:  # perhaps the late answer to one before: then it still runs
            return self._given_up(Code.CUFF_STOPPED, at)
        if answer in (Answer.DONE, Answer.ERROR):
            self._says_error, self._is_guess = answer is Answer.ERROR, False
            return self._asked(Phase.READING, _RESULT, at)
        return []

    def _answered_read(self, answer: Answer, at: Moment) -> list[Said]:
        if answer is Answer.ABORTED:
            return self._given_up(Code.CUFF_STOPPED, at)
        if answer in (Answer.INVALID, Answer.UNRECOGNISED, Answer.ERROR):
            return self._given_up(Code.DEVICE_REFUSED, at)
        if answer is Answer.BUSY:  # it still measures: what sounded like `done` was something else
            return self._asked(Phase.RUNNING, _PRESSURE, at)
        self._is_guess = self._is_guess and answer is not Answer.DONE
        return []

    def _answered_abort(self, answer: Answer, at: Moment) -> list[Said]:
        return self._rest(at) if answer in _STOPPED else []

    def _heard_pressure(self, frame: CuffPressure, at: Moment) -> list[Said]:
        if not self._awaits_pressure:
            return [Ignored("a cuff pressure that was not asked for")]
        self._awaits_pressure = False
        if self.phase is Phase.GREETING:
            return self._rest(at)
        if self.phase is not Phase.RUNNING:
            return []
        low, high = PLAUSIBLE[VitalKind.CUFF_PRESSURE_MMHG]
        if not low <= frame.mmhg <= high:
            return [Ignored("a cuff pressure outside what a cuff can have")]
        self._highest_mmhg = max(self._highest_mmhg, frame.mmhg)
        pressure = Quantity(VitalKind.CUFF_PRESSURE_MMHG, Decimal(frame.mmhg))
        live = LiveValue(self.visit, pressure, at.utc)
        is_empty = self._highest_mmhg >= INFLATED_MMHG and frame.mmhg <= EMPTY_MMHG
        self._empty_polls = self._empty_polls + 1 if is_empty else 0
        if self._empty_polls < EMPTY_POLLS or self._awaits_known:
            return [live]
        self._empty_polls, self._is_guess = 0, True
        return [live, *self._asked(Phase.READING, _RESULT, at)]

    def _heard_result(self, frame: Result, at: Moment) -> list[Said]:
        if self.phase is not Phase.READING:
            return self._unasked(frame, at)
        if self._is_guess and frame.raw == self._known_result:  # not done, only empty
            return self._asked(Phase.RUNNING, _PRESSURE, at)
        self._known_result, self._awaits_known = frame.raw, False
        if frame.error:
            return self._rested(ERRORS.get(frame.error, Code.CUFF_ERROR), at)
        if self._says_error or self._highest_mmhg < INFLATED_MMHG:
            return self._given_up(Code.CUFF_ERROR, at)
        visit, self.visit = self.visit, None  # asked once, answered once
        return [*self._rest(at), self._measurement(frame, visit, at)]

    def _unasked(self, frame: Result, at: Moment) -> list[Said]:
        """Late, after a stop, or unprompted: for nobody, if it is a measurement at all."""
        measured = self._measurement(frame, None, at)
        if frame.raw == self._known_result:
            return [Ignored("a result that was known before")]
        if self._awaits_known and self.phase is not Phase.STOPPING:
            self._known_result, self._awaits_known = frame.raw, False
            return [Ignored("the result that was there before")]
        if frame.error or assess(measured) is not None:
            return [Ignored("a result that was not asked for and is none")]
        self._known_result = frame.raw
        return [measured]

    # --- moves ---------------------------------------------------------------------------------

    def _asked(self, phase: Phase, question: Send, at: Moment) -> list[Said]:
        if phase is not self.phase:
            self.phase, self._unanswered = phase, 0
        self._asked_s = at.monotonic_s
        self._unanswered += 1
        self._awaits_pressure = question is _PRESSURE
        return [question]

    def _rest(self, at: Moment) -> list[Said]:
        """Reading the result at rest moves nothing; it tells later ones from this one."""
        self.phase, self._asked_s, self._unanswered = Phase.RESTING, at.monotonic_s, 0
        self._awaits_pressure = False
        return [_RESULT] if self._awaits_known else []

    def _rested(self, reason: Code, at: Moment) -> list[Said]:
        ended = self._ended(reason, at)
        return [*self._rest(at), ended]

    def _given_up(self, reason: Code, at: Moment) -> list[Said]:
        """Abort first, then the reason."""
        return [*self._asked(Phase.STOPPING, ABORT, at), self._ended(reason, at)]

    def _ended(self, reason: Code, at: Moment) -> NoMeasurement:
        visit, self.visit = self.visit, None
        self._awaits_known = True  # what the module makes of it, a later result is told from
        return NoMeasurement(visit, reason, self.device, at.utc)

    def _measurement(self, frame: Result, visit: VisitId | None, at: Moment) -> Measurement:
        numbers = {
            VitalKind.SYSTOLIC_MMHG: frame.systolic_mmhg,
            VitalKind.DIASTOLIC_MMHG: frame.diastolic_mmhg,
            VitalKind.MEAN_ARTERIAL_MMHG: frame.mean_mmhg,
            VitalKind.PULSE_PER_MINUTE: frame.pulse_per_minute,
        }
        return Measurement(
            visit=visit,
            quantities=tuple(Quantity(kind, Decimal(value)) for kind, value in numbers.items()),
            device=self.device,
            device_time=None,  # this family tells none
            received_at=at.utc,
            frame_sha256=sha256(frame.raw).hexdigest(),
        )
