"""What is said with an A&D TM-2655 or TM-2657: frames and ticks in, measurements and bytes out.

Our start belongs to a visit; a result after the unit's own key belongs to none, nor does the one it
remembers. A start is never repeated; what is unclear ends in the stop command and a reason.
"""

from enum import StrEnum

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import NoMeasurement
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fault import Fault
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.drivers.tm2655.codec import Answer, Command, Frame, encode
from peripherals.moment import Moment

# A result takes 0.3 s at 2400 baud, and the unit thinks before it answers.
ANSWER_LIMIT_S = 1.0
POLL_RESTING_S = 5.0
MEASUREMENT_LIMIT_S = 130.0  # above the longest cycle of an adult
LATE_ANSWER_S = 2.0  # a failure that was known before may still be told again so long
SILENT_AFTER = 3  # unanswered questions
STOP_AGAIN_S = 0.5


class Phase(StrEnum):
    CLEARING = "clearing"  # the line was opened; what may still run from before is stopped
    GREETING = "greeting"  # asked for the last result, which moves nothing
    RESTING = "resting"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"


FOR_A_VISIT = {Phase.STARTING, Phase.RUNNING}
STOP = Send(encode(Command.STOP), is_urgent=True)
_START = Send(encode(Command.START))
_RESULT = Send(encode(Command.READ_RESULT))
# What is asked again in each phase: after how long, how often in vain, and the question.
_QUESTIONS: dict[Phase, tuple[float, int, Send]] = {
    Phase.CLEARING: (STOP_AGAIN_S, 1, STOP),
    Phase.GREETING: (ANSWER_LIMIT_S, SILENT_AFTER, _RESULT),
    Phase.RESTING: (POLL_RESTING_S, SILENT_AFTER, _RESULT),
    Phase.STOPPING: (STOP_AGAIN_S, 2 * SILENT_AFTER, STOP),
}


class Tm2655Conversation:
    """One life of an open line. `at` is when the bytes came, or now for ticks and wishes."""

    abort_bytes = STOP.data

    def __init__(self, device: DeviceIdentity) -> None:
        self.device = device
        self.phase = Phase.CLEARING
        self.visit: VisitId | None = None
        self.is_silent = False
        self._started_s = 0.0
        self._asked_s = 0.0
        self._unanswered = 0
        self._start_waits = False  # for the answer to a question that was asked before it
        self._known = b""  # the last block that was told, or that was there before us

    @property
    def is_ready(self) -> bool:
        """The unit has answered since the line was opened."""
        return self.phase not in (Phase.CLEARING, Phase.GREETING)

    @property
    def is_running(self) -> bool:
        return self.phase in FOR_A_VISIT

    # --- wishes --------------------------------------------------------------------------------

    def opened(self, at: Moment) -> list[Said]:
        """The first word on every line is stop: whatever runs belongs to nobody."""
        return self._asked(Phase.CLEARING, STOP, at)

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if self.phase is not Phase.RESTING:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit = visit
        self._started_s = at.monotonic_s
        if self._awaits_result():  # told apart from ours only when it came before
            self.phase, self._start_waits = Phase.STARTING, True
            return []
        return self._asked(Phase.STARTING, _START, at)

    def stop(self, at: Moment) -> list[Said]:
        return self._given_up(Code.CUFF_STOPPED, at) if self.is_running else [STOP]

    def aborted_by_switch(self, at: Moment) -> list[Said]:
        """The port has sent the stop command itself."""
        said = self._given_up(Code.CUFF_STOPPED, at) if self.is_running else []
        return [thing for thing in said if thing is not STOP]

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        """The line is given up; stop is still tried, for it may carry one way."""
        return self._given_up(reason, at) if self.is_running else []

    # --- time ----------------------------------------------------------------------------------

    def tick(self, at: Moment) -> list[Said]:
        since_asked_s = at.monotonic_s - self._asked_s
        if self.phase is Phase.STARTING:
            if since_asked_s < ANSWER_LIMIT_S:
                return []
            if self._start_waits:
                return self._started(at)
            return self._given_up(Code.DEVICE_SILENT, at)
        if self.phase is Phase.RUNNING:  # it says nothing until it is done
            late = at.monotonic_s - self._started_s >= MEASUREMENT_LIMIT_S
            return self._given_up(Code.CUFF_TIME_LIMIT, at) if late else []
        pause_s, limit, question = _QUESTIONS[self.phase]
        if self.phase is Phase.RESTING and self._unanswered:
            pause_s = ANSWER_LIMIT_S
        if since_asked_s < pause_s:
            return []
        if self.phase is Phase.CLEARING:  # a unit at rest may have nothing to say to a stop
            return self._asked(Phase.GREETING, _RESULT, at)
        if self._unanswered >= limit:
            self.is_silent = True
            return []
        return self._asked(self.phase, question, at)

    # --- what the unit says --------------------------------------------------------------------

    def heard(self, frame: Frame | Fault, at: Moment) -> list[Said]:
        if isinstance(frame, Fault):
            return [Ignored(f"bytes without a frame: {frame.why}")]
        if isinstance(frame, Answer):
            return self._answered(frame, at)
        if not isinstance(frame, BloodPressure | Failed):
            return [Ignored("a frame of another kind")]
        was_asked = self._awaits_result()
        self._unanswered = 0
        if self.phase is Phase.RUNNING and not self._is_late(frame, at):
            self._known = frame.raw
            return self._heard_for_visit(frame, at)
        return [*self._heard_unasked(frame, at, was_asked=was_asked), *self._went_on(at)]

    def _answered(self, answer: Answer, at: Moment) -> list[Said]:
        if self.phase is Phase.CLEARING:
            return self._asked(Phase.GREETING, _RESULT, at)
        if self._awaits_result():  # the result follows, unless there is none
            return [] if answer.is_taken else self._went_on(at)
        if self.phase is Phase.STARTING and answer.is_taken:
            self.phase = Phase.RUNNING
        elif self.phase is Phase.STARTING:
            return [*self._rest(at), self._ended(Code.DEVICE_REFUSED, at)]
        elif self.phase is Phase.STOPPING:
            return self._rest(at)
        return []

    def _is_late(self, frame: BloodPressure | Failed, at: Moment) -> bool:
        """Known before, so not of this measurement; the same failure may well come twice."""
        is_fresh = at.monotonic_s - self._started_s < LATE_ANSWER_S
        return frame.raw == self._known and (is_fresh or isinstance(frame, BloodPressure))

    def _heard_for_visit(self, frame: BloodPressure | Failed, at: Moment) -> list[Said]:
        if isinstance(frame, Failed):
            return [*self._rest(at), self._ended(frame.reason, at)]
        visit, self.visit = self.visit, None  # asked once, answered once
        return [*self._rest(at), frame.measured(self.device, visit, at)]

    def _heard_unasked(
        self, frame: BloodPressure | Failed, at: Moment, *, was_asked: bool
    ) -> list[Said]:
        """Remembered, late after a stop, or started with the unit's own key: for nobody."""
        if frame.raw == self._known:
            return [Ignored("a result that was known before")]
        self._known = frame.raw
        if isinstance(frame, BloodPressure):
            return [
                frame.remembered(self.device, at)
                if was_asked
                else frame.measured(self.device, None, at)
            ]
        if was_asked:
            return [Ignored("the last measurement failed, before anybody asked")]
        return [NoMeasurement(None, frame.reason, self.device, at.utc)]

    # --- moves ---------------------------------------------------------------------------------

    def _awaits_result(self) -> bool:
        """We asked for the last result and were not answered yet."""
        is_asking = self.phase in (Phase.GREETING, Phase.RESTING) or self._start_waits
        return is_asking and self._unanswered > 0

    def _went_on(self, at: Moment) -> list[Said]:
        """What waited for the answer."""
        self._unanswered = 0
        if self._start_waits:
            return self._started(at)
        is_answered = self.phase in (Phase.CLEARING, Phase.GREETING, Phase.RESTING)
        return self._rest(at) if is_answered else []

    def _started(self, at: Moment) -> list[Said]:
        self._start_waits = False
        return self._asked(Phase.STARTING, _START, at)

    def _asked(self, phase: Phase, question: Send, at: Moment) -> list[Said]:
        if phase is not self.phase:
            self.phase, self._unanswered = phase, 0
        self._asked_s = at.monotonic_s
        self._unanswered += 1
        return [question]

    def _rest(self, at: Moment) -> list[Said]:
        self.phase, self._asked_s, self._unanswered = Phase.RESTING, at.monotonic_s, 0
        return []

    def _given_up(self, reason: Code, at: Moment) -> list[Said]:
        """Stop first, then the reason."""
        return [*self._asked(Phase.STOPPING, STOP, at), self._ended(reason, at)]

    def _ended(self, reason: Code, at: Moment) -> NoMeasurement:
        self._start_waits = False
        visit, self.visit = self.visit, None
        return NoMeasurement(visit, reason, self.device, at.utc)
