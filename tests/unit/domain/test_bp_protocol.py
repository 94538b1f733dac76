"""A series of pressures: rest, pauses, doubts that wait for a person, an average of what counts."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.bp_protocol import (
    DOUBTFUL,
    FILLS,
    BpPolicy,
    BpSeries,
    Choice,
    Phase,
    Verdict,
    begun,
)
from app.domain.bp_setting import Arm, BpSetting, CuffSize, Position, Taken
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId, VisitId, new_id
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.vitals import assess

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
VISIT = VisitId(new_id())
SETTING = BpSetting(Arm.RIGHT, CuffSize.LARGE_ADULT, Position.SEATED)
SYS, DIA = VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG
MEAN, PULSE = VitalKind.MEAN_ARTERIAL_MMHG, VitalKind.PULSE_PER_MINUTE
THREE = BpPolicy()
IRREGULAR = frozenset({QualityFlag.IRREGULAR})


def measured(
    systolic: int,
    diastolic: int,
    pulse: int | None = 70,
    mean: int | None = None,
    flags: frozenset[QualityFlag] = frozenset(),
) -> Measurement:
    values = {SYS: systolic, DIA: diastolic, MEAN: mean, PULSE: pulse}
    return Measurement(
        visit=VISIT,
        quantities=tuple(
            Quantity(kind, Decimal(value)) for kind, value in values.items() if value is not None
        ),
        device=DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "Cuff", "fake"),
        device_time=None,
        received_at=NINE,
        frame_sha256=sha256(f"{systolic}/{diastolic}".encode()).hexdigest(),
        quality=flags,
    )


def a_series(policy: BpPolicy = THREE) -> BpSeries:
    return begun(RecordId(new_id()), VISIT, SETTING, policy, now_s=100.0)


def with_readings(series: BpSeries, *readings: Measurement) -> BpSeries:
    """Each taken as soon as it is due."""
    for one in readings:
        now_s = series.due_s
        assert series.is_due(now_s), series.phase
        series = series.started(now_s).measured(RecordId(new_id()), one, now_s + 30)
    return series


def average_of(series: BpSeries) -> dict[VitalKind, Decimal]:
    average = series.average()
    assert average is not None
    return {quantity.kind: quantity.value for quantity in average.quantities}


def test_rest_first_then_readings_at_their_intervals() -> None:
    series = a_series()
    assert (series.phase, series.is_due(399.9), series.is_due(400.0)) == (
        Phase.RESTING,
        False,
        True,
    )
    series = series.started(400.0)
    assert (series.phase, series.rested_s) == (Phase.MEASURING, 300)
    series = series.measured(RecordId(new_id()), measured(130, 80), 435.0)
    assert series.phase is Phase.WAITING
    assert not series.is_due(494.9)
    assert series.is_due(495.0)  # a minute after the end of the one before
    series = with_readings(series, measured(128, 78), measured(126, 76))
    assert (series.phase, series.is_over) == (Phase.DONE, True)
    assert average_of(series) == {SYS: 128, DIA: 78, PULSE: 70}
    assert series.taken() == Taken(Arm.RIGHT, CuffSize.LARGE_ADULT, Position.SEATED, 300)


def test_the_first_is_left_out_when_the_policy_says_so_and_only_then() -> None:
    readings = measured(150, 90), measured(130, 80), measured(128, 78)
    plain = with_readings(a_series(), *readings)
    policy = with_readings(a_series(BpPolicy(leaves_out_first=True)), *readings)
    assert average_of(plain)[SYS] == 136
    assert average_of(policy)[SYS] == 129
    assert [one.verdict for one in policy.tries] == [
        Verdict.FIRST,
        Verdict.COUNTED,
        Verdict.COUNTED,
    ]


def test_a_repeated_first_is_still_the_first() -> None:
    policy = BpPolicy(leaves_out_first=True)
    series = a_series(policy).started(400).failed(Code.CUFF_LEAK, 430).decided(Choice.REPEAT, 440)
    series = with_readings(series, measured(150, 90), measured(130, 80), measured(128, 78))
    assert [one.verdict for one in series.tries][:2] == [Verdict.REPEATED, Verdict.FIRST]
    assert average_of(series)[SYS] == 129


@pytest.mark.parametrize("flag", sorted(DOUBTFUL))
def test_a_doubtful_reading_waits_for_a_person(flag: QualityFlag) -> None:
    series = with_readings(
        a_series(), measured(130, 80), measured(170, 99, flags=frozenset({flag}))
    )
    assert series.phase is Phase.DECIDING
    assert not series.is_due(10_000)
    assert [one.verdict for one in series.tries] == [Verdict.COUNTED, Verdict.UNDECIDED]
    assert series.average() is None


@pytest.mark.parametrize(
    ("choice", "systolic", "tries"),
    [(Choice.REPEAT, 129, 4), (Choice.LEAVE_OUT, 129, 3), (Choice.COUNT, 143, 3)],
)
def test_repeated_left_out_or_counted_by_a_persons_word(
    choice: Choice, systolic: int, tries: int
) -> None:
    series = with_readings(a_series(), measured(130, 80), measured(170, 99, flags=IRREGULAR))
    series = series.decided(choice, series.last_ended_s + 5)
    while not series.is_over:
        series = with_readings(series, measured(128, 78))
    assert average_of(series)[SYS] == Decimal(systolic)
    assert len(series.tries) == tries
    average = series.average()
    assert average is not None
    assert (QualityFlag.IRREGULAR in average.quality) is (choice is Choice.COUNT)


def test_deciding_costs_no_pause_that_has_passed() -> None:
    series = with_readings(a_series(), measured(170, 99, flags=IRREGULAR))
    ended_s = series.last_ended_s
    assert series.decided(Choice.REPEAT, ended_s + 10).due_s == ended_s + 60
    assert series.decided(Choice.REPEAT, ended_s + 500).due_s == ended_s + 500


@pytest.mark.parametrize("refused", [None, measured(301, 80)])
def test_what_is_no_number_can_be_repeated_or_left_out_and_never_counted(
    refused: Measurement | None,
) -> None:
    series = a_series().started(400).failed(Code.OUT_OF_RANGE, 430, refused)
    assert series.phase is Phase.DECIDING
    with pytest.raises(Rejected):
        series.decided(Choice.COUNT, 431)
    assert series.decided(Choice.LEAVE_OUT, 431).filled == 1
    assert series.decided(Choice.REPEAT, 431).filled == 0


def test_deciding_twice_decides_once() -> None:
    series = with_readings(a_series(), measured(170, 99, flags=IRREGULAR))
    once = series.decided(Choice.LEAVE_OUT, 999)
    assert once.decided(Choice.COUNT, 999) is once


def test_an_arm_is_squeezed_only_so_often() -> None:
    series = a_series(BpPolicy(readings=1, most_tries=2))
    for _ in range(2):
        series = series.started(500).failed(Code.CUFF_ARTEFACT, 530)
        if series.may_try_again:
            series = series.decided(Choice.REPEAT, 540)
    with pytest.raises(Rejected):
        series.decided(Choice.REPEAT, 550)
    done = series.decided(Choice.LEAVE_OUT, 550)
    assert (done.phase, done.once_more(600)) == (Phase.DONE, done)


def test_readings_far_apart_are_said_to_be_and_one_more_can_be_taken() -> None:
    series = with_readings(a_series(), measured(130, 80), measured(128, 78), measured(141, 79))
    assert series.is_far_apart
    near = with_readings(a_series(), measured(130, 80), measured(128, 78), measured(138, 79))
    assert not near.is_far_apart
    more = with_readings(series.once_more(series.last_ended_s + 1), measured(131, 80))
    assert (more.phase, len(more.counted)) == (Phase.DONE, 4)


def test_held_until_a_person_says_when() -> None:
    series = a_series().held(Code.DEVICE_BUSY)
    assert (series.phase, series.is_due(10_000)) == (Phase.HELD, False)
    assert series.hurried(450).is_due(450)
    assert series.hurried(450).phase is Phase.RESTING
    waiting = with_readings(a_series(), measured(130, 80)).held(Code.DEVICE_MISSING)
    assert waiting.hurried(600).phase is Phase.WAITING


def test_cutting_the_rest_short_is_written_down() -> None:
    series = a_series().hurried(160.0)
    assert series.is_due(160.0)
    assert series.started(160.0).rested_s == 60
    running = series.started(160.0)
    assert running.hurried(170.0) is running


def test_stopped_before_its_end_nothing_undecided_counts() -> None:
    series = with_readings(
        a_series(), measured(130, 80), measured(128, 78), measured(170, 99, flags=IRREGULAR)
    ).ended(Code.CUFF_STOPPED)
    assert (series.phase, series.undecided) == (Phase.ENDED, None)
    assert average_of(series)[SYS] == 129
    one = with_readings(a_series(), measured(130, 80)).ended(Code.CUFF_STOPPED)
    assert one.average() is None


def test_an_average_of_one_is_one_where_one_was_asked_for() -> None:
    single = with_readings(a_series(BpPolicy(readings=1)), measured(130, 80))
    assert average_of(single)[SYS] == 130
    two = BpPolicy(readings=2, leaves_out_first=True)
    assert (
        average_of(with_readings(a_series(two), measured(150, 90), measured(130, 80)))[SYS] == 130
    )


def test_a_value_that_one_of_them_lacks_is_not_averaged_over_the_others() -> None:
    series = with_readings(
        a_series(), measured(130, 80, mean=95), measured(128, 78, None), measured(126, 76, mean=92)
    )
    assert set(average_of(series)) == {SYS, DIA}


def test_rounded_half_up() -> None:
    series = with_readings(
        a_series(BpPolicy(readings=2)), measured(130, 80, 71), measured(129, 79, 70)
    )
    assert average_of(series) == {SYS: 130, DIA: 80, PULSE: 71}


PRESSURE = st.tuples(st.integers(40, 300), st.integers(20, 220)).filter(lambda p: p[0] - p[1] >= 10)


@settings(max_examples=200, deadline=None)
@given(st.lists(PRESSURE, min_size=3, max_size=3), st.lists(st.floats(0.01, 0.99), min_size=3))
def test_an_average_of_what_may_be_kept_may_be_kept(
    pressures: list[tuple[int, int]], between: list[float]
) -> None:
    readings = []
    for (systolic, diastolic), part in zip(pressures, between, strict=False):
        mean = diastolic + max(1, min(systolic - diastolic - 1, int((systolic - diastolic) * part)))
        readings.append(measured(systolic, diastolic, mean=mean))
    assert all(assess(one) is None for one in readings)
    series = with_readings(a_series(), *readings)
    average = series.average()
    assert average is not None
    assert assess(average) is None


MOVES = st.sampled_from(
    ["tick", "reading", "doubt", "fail", *Choice, "more", "held", "hurry", "end"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(MOVES, max_size=40), st.booleans())
def test_whatever_happens_only_what_a_person_or_the_policy_let_through_is_averaged(
    moves: list[str], leaves_out_first: bool
) -> None:
    series, now_s = a_series(BpPolicy(leaves_out_first=leaves_out_first)), 100.0
    allowed: set[RecordId] = set()
    for move in moves:
        now_s += 31
        undecided = series.undecided
        if series.is_due(now_s) and move in ("tick", "reading", "doubt", "fail"):
            series = series.started(now_s)
        record = RecordId(new_id())
        if series.phase is Phase.MEASURING and move in ("reading", "doubt"):
            flags = IRREGULAR if move == "doubt" else frozenset()
            series = series.measured(record, measured(130, 80, flags=flags), now_s)
            if move == "reading":
                allowed.add(record)
        elif series.phase is Phase.MEASURING and move == "fail":
            series = series.failed(Code.CUFF_LEAK, now_s)
        elif move in list(Choice) and undecided is not None:
            try:
                series = series.decided(Choice(move), now_s)
            except Rejected:
                continue
            if move is Choice.COUNT and undecided.record is not None:
                allowed.add(undecided.record)
        elif move == "more":
            series = series.once_more(now_s)
        elif move == "held" and series.is_due(now_s):
            series = series.held(Code.DEVICE_BUSY)
        elif move == "hurry":
            series = series.hurried(now_s)
        elif move == "end" and not series.is_over:
            series = series.ended(Code.CUFF_STOPPED)
        counted = {one.record for one in series.counted}
        assert counted <= allowed
        assert len(series.tries) <= series.policy.most_tries
        assert sum(one.verdict in FILLS for one in series.tries) <= series.wanted
        if series.is_over:
            assert series.undecided is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"readings": 0},
        {"readings": 7},
        {"readings": 1, "leaves_out_first": True},
        {"most_tries": 13},
        {"rest_s": -1},
        {"rest_s": 3601},
        {"interval_s": -0.1},
    ],
)
def test_a_policy_that_makes_no_sense_is_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="are"):
        replace(BpPolicy(), **wrong)  # type: ignore[arg-type]  # of a file
