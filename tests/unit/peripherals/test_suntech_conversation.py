"""What is said with a cuff: every answer in every phase, every error, what comes late."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import pytest

from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement, VitalKind
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.drivers.suntech.codec import Answer, Command, SunTechCodec, encode
from peripherals.drivers.suntech.conversation import (
    MEASUREMENT_LIMIT_S,
    Phase,
    SunTechConversation,
)
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.emulators.suntech import Shown, module_frame, result_frame
from peripherals.moment import Moment

VISIT = VisitId(UUID(int=1))
OTHER_VISIT = VisitId(UUID(int=2))
SHOWN = Shown(131, 83, 67)
RESULT = result_frame(SHOWN, 22, 0)
OLDER_RESULT = result_frame(Shown(144, 92, 80), 25, 0)  # of the patient before
BEGIN = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)

START, ABORT = encode(Command.START_ADULT), encode(Command.ABORT)
PRESSURE, READ = encode(Command.CUFF_PRESSURE), encode(Command.READ_RESULT)


class Desk:
    """A conversation, a codec and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.conversation = SunTechConversation(SUNTECH.identity("/dev/ttyUSB0"))
        self.codec = SunTechCodec()
        self.seconds = 100.0
        self.said: list[Said] = []
        self.take(self.conversation.opened(self.at))

    @property
    def at(self) -> Moment:
        return Moment(BEGIN + timedelta(seconds=self.seconds), self.seconds)

    def take(self, said: list[Said]) -> list[Said]:
        self.said += said
        return said

    def device_says(self, raw: bytes) -> list[Said]:
        frames = self.codec.feed(raw) + self.codec.idle()
        return [
            thing
            for frame in frames
            for thing in self.take(self.conversation.heard(frame, self.at))
        ]

    def answers(self, answer: Answer) -> list[Said]:
        return self.device_says(module_frame(answer.encode()))

    def cuff_at(self, mmhg: int) -> list[Said]:
        return self.device_says(module_frame(mmhg.to_bytes(2, "little", signed=True)))

    def passes(self, seconds: float) -> list[Said]:
        self.seconds += seconds
        return self.take(self.conversation.tick(self.at))

    def starts(self, visit: VisitId = VISIT) -> list[Said]:
        return self.take(self.conversation.start(visit, self.at))

    def poll(self, mmhg: int) -> list[Said]:
        self.passes(0.2)
        return self.cuff_at(mmhg)

    def brought_to(self, phase: Phase) -> "Desk":
        """By what the device would say on the way there."""
        if phase is Phase.CLEARING:
            return self
        self.answers(Answer.ABORTED)
        if phase is Phase.GREETING:
            return self
        self.cuff_at(0)
        self.device_says(OLDER_RESULT)
        if phase is Phase.RESTING:
            return self
        self.starts()
        if phase is Phase.STARTING:
            return self
        if phase is Phase.STOPPING:
            self.take(self.conversation.stop(self.at))
            return self
        self.answers(Answer.RECEIVED)
        self.cuff_at(3)
        self.poll(150)
        if phase is Phase.READING:
            self.answers(Answer.DONE)
        return self


def sent(said: list[Said]) -> list[bytes]:
    return [thing.data for thing in said if isinstance(thing, Send)]


def reasons(said: list[Said]) -> list[Code]:
    return [thing.reason for thing in said if isinstance(thing, NoMeasurement)]


def measurements(said: list[Said]) -> list[Measurement]:
    return [thing for thing in said if isinstance(thing, Measurement)]


# (phase, answer): phase after it, bytes sent, reason why there is no number. Any other pair
# changes nothing and sends nothing.
P, A = Phase, Answer
TABLE: dict[tuple[Phase, Answer], tuple[Phase, list[bytes], Code | None]] = {
    **{(P.CLEARING, answer): (P.GREETING, [PRESSURE], None) for answer in Answer},
    (P.STARTING, A.RECEIVED): (P.RUNNING, [PRESSURE], None),
    (P.STARTING, A.DONE): (P.RUNNING, [PRESSURE], None),
    (P.STARTING, A.BUSY): (P.RESTING, [READ], Code.DEVICE_BUSY),
    (P.STARTING, A.ERROR): (P.RESTING, [READ], Code.DEVICE_REFUSED),
    (P.STARTING, A.INVALID): (P.RESTING, [READ], Code.DEVICE_REFUSED),
    (P.STARTING, A.UNRECOGNISED): (P.RESTING, [READ], Code.DEVICE_REFUSED),
    (P.STARTING, A.ASLEEP): (P.STARTING, [START], None),
    (P.STARTING, A.TIMED_OUT): (P.STARTING, [START], None),
    (P.RUNNING, A.DONE): (P.READING, [READ], None),
    (P.RUNNING, A.ERROR): (P.READING, [READ], None),
    (P.RUNNING, A.ABORTED): (P.STOPPING, [ABORT], Code.CUFF_STOPPED),
    (P.READING, A.ABORTED): (P.STOPPING, [ABORT], Code.CUFF_STOPPED),
    (P.READING, A.BUSY): (P.RUNNING, [PRESSURE], None),
    (P.READING, A.ERROR): (P.STOPPING, [ABORT], Code.DEVICE_REFUSED),
    (P.READING, A.INVALID): (P.STOPPING, [ABORT], Code.DEVICE_REFUSED),
    (P.READING, A.UNRECOGNISED): (P.STOPPING, [ABORT], Code.DEVICE_REFUSED),
    (P.STOPPING, A.ABORTED): (P.RESTING, [READ], None),
    (P.STOPPING, A.DONE): (P.RESTING, [READ], None),
    (P.STOPPING, A.INVALID): (P.RESTING, [READ], None),
    (P.STOPPING, A.UNRECOGNISED): (P.RESTING, [READ], None),
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("answer", Answer)
def test_every_answer_in_every_phase(phase: Phase, answer: Answer) -> None:
    desk = Desk().brought_to(phase)
    assert desk.conversation.phase is phase
    after, bytes_sent, reason = TABLE.get((phase, answer), (phase, [], None))
    said = desk.answers(answer)
    assert desk.conversation.phase is after
    assert sent(said) == bytes_sent
    assert reasons(said) == ([] if reason is None else [reason])
    assert not measurements(said)


def test_the_first_word_is_abort_and_the_second_moves_nothing() -> None:
    desk = Desk()
    assert desk.said == [Send(ABORT, is_urgent=True)]
    assert sent(desk.answers(Answer.ABORTED)) == [PRESSURE]
    assert not desk.conversation.is_ready
    desk.cuff_at(0)
    assert desk.conversation.phase is Phase.RESTING


def test_a_device_that_answers_no_abort_at_rest_is_greeted_all_the_same() -> None:
    desk = Desk()
    assert sent(desk.passes(0.31)) == [PRESSURE]
    desk.cuff_at(0)
    assert desk.conversation.is_ready


def test_a_whole_measurement_belongs_to_the_visit_of_its_start() -> None:
    desk = Desk().brought_to(Phase.READING)
    (measured,) = measurements(desk.device_says(RESULT))
    assert measured.visit == VISIT
    assert {q.kind: q.value for q in measured.quantities} == {
        VitalKind.SYSTOLIC_MMHG: Decimal(131),
        VitalKind.DIASTOLIC_MMHG: Decimal(83),
        VitalKind.MEAN_ARTERIAL_MMHG: Decimal(99),
        VitalKind.PULSE_PER_MINUTE: Decimal(67),
    }
    assert measured.frame_sha256 == sha256(RESULT).hexdigest()
    assert measured.device.driver_version == SUNTECH.version
    assert measured.received_at == desk.at.utc
    assert desk.conversation.phase is Phase.RESTING
    assert desk.conversation.visit is None


def test_the_pressure_is_asked_five_times_a_second_and_shown_for_the_visit() -> None:
    desk = Desk().brought_to(Phase.STARTING)
    desk.answers(Answer.RECEIVED)
    shown = [desk.cuff_at(0), *(desk.poll(mmhg) for mmhg in (40, 90, 140))]
    values = [thing for said in shown for thing in said if isinstance(thing, LiveValue)]
    assert [int(live.quantity.value) for live in values] == [0, 40, 90, 140]
    assert {live.visit for live in values} == {VISIT}
    assert desk.passes(0.19) == []
    assert sent(desk.passes(0.02)) == [PRESSURE]


@pytest.mark.parametrize("mmhg", [-30, 400, 25_000])
def test_a_pressure_that_no_cuff_has_is_not_shown(mmhg: int) -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    (ignored,) = desk.poll(mmhg)
    assert isinstance(ignored, Ignored)


def test_a_pressure_that_was_not_asked_for_is_not_shown() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    desk.poll(120)
    (ignored,) = desk.cuff_at(121)
    assert isinstance(ignored, Ignored)


ERROR_CODES = {
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
    0x85: Code.CUFF_ERROR,  # the published codes are decimal
    200: Code.CUFF_ERROR,
}


@pytest.mark.parametrize(("number", "code"), ERROR_CODES.items())
def test_an_error_is_a_reason_and_never_a_number(number: int, code: Code) -> None:
    desk = Desk().brought_to(Phase.READING)
    raw = bytearray(RESULT)  # even with plausible numbers beside it
    raw[20] = number
    raw[-1] = (raw[-1] - number) % 256
    said = desk.device_says(bytes(raw))
    (nothing,) = [thing for thing in said if isinstance(thing, NoMeasurement)]
    assert not measurements(said)
    assert (nothing.visit, nothing.reason) == (VISIT, code)
    assert desk.conversation.visit is None


def test_an_error_answer_with_a_clean_result_is_still_no_number() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    desk.answers(Answer.ERROR)
    assert reasons(desk.device_says(RESULT)) == [Code.CUFF_ERROR]
    assert not measurements(desk.said)


def test_the_result_of_a_cuff_that_never_inflated_is_an_older_one() -> None:
    desk = Desk().brought_to(Phase.STARTING)
    desk.answers(Answer.DONE)
    desk.cuff_at(2)
    desk.answers(Answer.DONE)  # the same word, doubled on the wire
    said = desk.device_says(RESULT)
    assert reasons(said) == [Code.CUFF_ERROR]
    assert sent(said) == [ABORT]
    assert not measurements(desk.said)


def test_a_doubled_result_is_told_once() -> None:
    desk = Desk().brought_to(Phase.READING)
    said = desk.device_says(RESULT + RESULT)
    assert len(measurements(said)) == 1
    assert isinstance(said[-1], Ignored)
    assert desk.device_says(RESULT) == [said[-1]]


def test_a_result_after_stop_belongs_to_nobody() -> None:
    desk = Desk().brought_to(Phase.READING)
    said = desk.take(desk.conversation.stop(desk.at))
    assert sent(said) == [ABORT]
    assert reasons(said) == [Code.CUFF_STOPPED]
    (late,) = measurements(desk.device_says(RESULT))
    assert late.visit is None


def test_a_late_result_does_not_go_to_the_next_visit() -> None:
    desk = Desk().brought_to(Phase.READING)
    desk.take(desk.conversation.stop(desk.at))
    desk.answers(Answer.ABORTED)
    desk.starts(OTHER_VISIT)
    for step in (lambda: None, lambda: desk.answers(Answer.RECEIVED), lambda: desk.poll(120)):
        step()
        assert all(m.visit is None for m in measurements(desk.device_says(RESULT)))
    desk.answers(Answer.DONE)
    own = result_frame(Shown(118, 70, 60), 20, 0)
    (measured,) = measurements(desk.device_says(own))
    assert measured.visit == OTHER_VISIT
    assert measured.value_of(VitalKind.SYSTOLIC_MMHG) == 118


def test_a_result_that_nobody_asked_for_belongs_to_nobody_even_while_the_cuff_runs() -> None:
    for phase in (Phase.RESTING, Phase.STARTING, Phase.RUNNING):
        desk = Desk().brought_to(phase)
        (unasked,) = measurements(desk.device_says(RESULT))
        assert unasked.visit is None


def emptied(desk: Desk) -> list[Said]:
    """The cuff is empty for two seconds, and nobody says that it is done."""
    return [thing for _ in range(10) for thing in desk.poll(2)]


def test_a_lost_done_is_made_good_by_asking() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    assert sent(emptied(desk))[-1] == READ
    (measured,) = measurements(desk.device_says(RESULT))
    assert (measured.visit, measured.frame_sha256) == (VISIT, sha256(RESULT).hexdigest())


def test_between_two_tries_of_the_cuff_the_result_before_is_not_taken() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    emptied(desk)
    assert sent(desk.device_says(OLDER_RESULT)) == [PRESSURE]
    desk.cuff_at(2)
    desk.poll(170)  # it inflates again
    emptied(desk)
    assert sent(desk.answers(Answer.BUSY)) == [PRESSURE]
    assert not measurements(desk.said)
    desk.cuff_at(2)
    desk.answers(Answer.DONE)
    (measured,) = measurements(desk.device_says(RESULT))
    assert measured.visit == VISIT


def test_the_same_numbers_twice_are_two_measurements_when_the_cuff_says_done() -> None:
    desk = Desk().brought_to(Phase.READING)
    desk.device_says(RESULT)
    desk.starts(OTHER_VISIT)
    desk.answers(Answer.RECEIVED)
    desk.cuff_at(80)
    desk.answers(Answer.DONE)
    desk.device_says(RESULT)
    assert [measured.visit for measured in measurements(desk.said)] == [VISIT, OTHER_VISIT]


def test_without_knowing_the_result_before_an_empty_cuff_is_not_asked() -> None:
    desk = Desk().brought_to(Phase.READING)
    desk.take(desk.conversation.stop(desk.at))
    desk.answers(Answer.ABORTED)  # the answer to the question after it is lost
    desk.starts(OTHER_VISIT)
    desk.answers(Answer.RECEIVED)
    desk.cuff_at(80)
    assert READ not in sent(emptied(desk))


def test_an_unasked_result_that_is_none_is_counted_not_told() -> None:
    desk = Desk().brought_to(Phase.RESTING)
    (nonsense,) = desk.device_says(result_frame(Shown(40_000, 12, 0), 0, 0))
    (failed,) = desk.device_says(result_frame(SHOWN, 0, 87))
    assert isinstance(nonsense, Ignored) and isinstance(failed, Ignored)


def test_stop_says_abort_in_every_phase() -> None:
    for phase in Phase:
        desk = Desk().brought_to(phase)
        said = desk.take(desk.conversation.stop(desk.at))
        assert said[0] == Send(ABORT, is_urgent=True)
        assert len(said) == (2 if phase in (Phase.STARTING, Phase.RUNNING, Phase.READING) else 1)


def test_abort_is_said_again_until_it_is_answered() -> None:
    desk = Desk().brought_to(Phase.STOPPING)
    assert sent(desk.passes(0.31)) == [ABORT]
    desk.answers(Answer.BUSY)
    assert sent(desk.passes(0.31)) == [ABORT]
    desk.answers(Answer.ABORTED)
    assert desk.passes(0.31) == []


def test_the_switch_ends_the_measurement_without_a_second_abort() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    said = desk.take(desk.conversation.aborted_by_switch(desk.at))
    assert reasons(said) == [Code.CUFF_STOPPED]
    assert sent(said) == []
    assert desk.conversation.phase is Phase.STOPPING


def test_a_running_cuff_is_not_started_for_another_visit() -> None:
    for phase in set(Phase) - {Phase.RESTING}:
        desk = Desk().brought_to(phase)
        with pytest.raises(Rejected) as refusal:
            desk.starts(OTHER_VISIT)
        assert refusal.value.code is Code.DEVICE_BUSY
        assert desk.conversation.visit != OTHER_VISIT


def test_a_start_without_an_answer_is_never_repeated() -> None:
    desk = Desk().brought_to(Phase.STARTING)
    desk.answers(Answer.ABORTED)  # the late answer to an earlier abort
    said = [thing for _ in range(40) for thing in desk.passes(0.05)]
    assert START not in sent(said)
    assert sent(said)[0] == ABORT
    assert reasons(said) == [Code.DEVICE_SILENT]


def test_a_cuff_that_sleeps_is_asked_once_more() -> None:
    desk = Desk().brought_to(Phase.STARTING)
    assert sent(desk.answers(Answer.ASLEEP)) == [START]
    assert reasons(desk.answers(Answer.ASLEEP)) == [Code.DEVICE_REFUSED]


def test_a_cuff_that_falls_silent_is_aborted_and_its_line_given_up() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    said = [thing for _ in range(60) for thing in desk.passes(0.05)]
    assert reasons(said) == [Code.DEVICE_SILENT]
    assert ABORT in sent(said)
    assert desk.conversation.is_silent
    assert desk.seconds < 104


def test_a_loop_that_stood_still_accuses_nobody_of_silence() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    assert sent(desk.passes(8.0)) == [PRESSURE]
    assert not desk.conversation.is_silent


def test_a_cuff_at_rest_is_looked_after_and_missed_after_four_seconds() -> None:
    desk = Desk().brought_to(Phase.RESTING)
    assert sent(desk.passes(1.0)) == [PRESSURE]
    desk.cuff_at(0)
    for _ in range(84):
        desk.passes(0.05)
    assert desk.conversation.is_silent


def test_a_device_that_never_tells_a_pressure_is_not_our_cuff() -> None:
    desk = Desk().brought_to(Phase.GREETING)
    for _ in range(40):
        desk.passes(0.05)
        desk.answers(Answer.UNRECOGNISED)
    assert not desk.conversation.is_ready
    assert desk.conversation.is_silent


def test_a_measurement_without_end_is_ended() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    said: list[Said] = []
    while not reasons(said):
        said = desk.passes(0.2)
        desk.cuff_at(150)
        assert desk.seconds < 100 + MEASUREMENT_LIMIT_S + 1
    assert reasons(said) == [Code.CUFF_TIME_LIMIT]
    assert sent(said) == [ABORT]


def test_a_lost_line_ends_the_measurement_with_its_reason() -> None:
    desk = Desk().brought_to(Phase.RUNNING)
    assert reasons(desk.conversation.lost(Code.DEVICE_PULLED, desk.at)) == [Code.DEVICE_PULLED]
    assert desk.conversation.lost(Code.DEVICE_PULLED, desk.at) == []


def test_noise_without_a_request_is_never_a_measurement() -> None:
    desk = Desk().brought_to(Phase.RESTING)
    noise = random.Random(411)
    for _ in range(32):
        desk.device_says(noise.randbytes(65_536))
    assert not measurements(desk.said)
    assert not [thing for thing in desk.said if isinstance(thing, LiveValue)]


def test_noise_around_it_does_not_lose_a_measurement() -> None:
    noise = random.Random(97)
    kept = 0
    for _ in range(200):
        desk = Desk().brought_to(Phase.RUNNING)
        desk.device_says(noise.randbytes(60))
        desk.poll(150)
        desk.device_says(noise.randbytes(60) + module_frame(b"K") + noise.randbytes(60))
        for _ in range(4):  # a result lost in noise is read again
            if not measurements(desk.said):
                desk.device_says(noise.randbytes(60) + RESULT)
                desk.passes(0.5)
        kept += [m.visit for m in measurements(desk.said)] == [VISIT]
    assert kept >= 198
