"""NEWS2 against the chart, typed in a second time; incomplete is incomplete, whatever is known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.news2 import (
    COMPONENTS,
    HIGHEST_SCORE,
    Consciousness,
    Incomplete,
    Observed,
    Risk,
    Score,
    is_too_young,
    newest_of,
    news2,
)
from app.domain.patients import Patient
from app.domain.reading import Reading, SeriesPart

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RESPIRATION, SPO2 = VitalKind.RESPIRATION_PER_MINUTE, VitalKind.SPO2_PERCENT
OXYGEN, SYSTOLIC = VitalKind.OXYGEN_GIVEN, VitalKind.SYSTOLIC_MMHG
PULSE, CONSCIOUS = VitalKind.PULSE_PER_MINUTE, VitalKind.CONSCIOUSNESS_ACVPU
TEMPERATURE, SCALE = VitalKind.TEMPERATURE_CELSIUS, VitalKind.SPO2_SCALE

# Nothing scores.
WELL = {
    RESPIRATION: "16",
    SPO2: "98",
    OXYGEN: "0",
    SYSTOLIC: "120",
    PULSE: "70",
    CONSCIOUS: "0",
    TEMPERATURE: "37.0",
}


def observed(
    values: dict[VitalKind, str], age: timedelta = timedelta()
) -> dict[VitalKind, Observed]:
    return {kind: Observed(Decimal(value), NOW - age) for kind, value in values.items()}


def score(**changed: str) -> Score:
    values = WELL | {VitalKind[name]: value for name, value in changed.items()}
    came_to = news2(observed(values), now=NOW, oldest=HOUR)
    assert isinstance(came_to, Score)
    return came_to


def ladder(
    kind: VitalKind, *spans: tuple[str, str, int], step: str = "1"
) -> list[tuple[VitalKind, str, int]]:
    """Both ends of each span of the chart."""
    return [(kind, value, points) for low, high, points in spans for value in (low, high)]


CHART = [
    *ladder(RESPIRATION, ("1", "8", 3), ("9", "11", 1), ("12", "20", 0), ("21", "24", 2)),
    *ladder(RESPIRATION, ("25", "80", 3)),
    *ladder(SPO2, ("1", "91", 3), ("92", "93", 2), ("94", "95", 1), ("96", "100", 0)),
    *ladder(OXYGEN, ("0", "0", 0), ("1", "1", 2)),
    *ladder(SYSTOLIC, ("40", "90", 3), ("91", "100", 2), ("101", "110", 1), ("111", "219", 0)),
    *ladder(SYSTOLIC, ("220", "300", 3)),
    *ladder(PULSE, ("25", "40", 3), ("41", "50", 1), ("51", "90", 0), ("91", "110", 1)),
    *ladder(PULSE, ("111", "130", 2), ("131", "250", 3)),
    *ladder(CONSCIOUS, ("0", "0", 0), ("1", "4", 3), ("2", "3", 3)),
    *ladder(TEMPERATURE, ("30.0", "35.0", 3), ("35.1", "36.0", 1), ("36.1", "38.0", 0)),
    *ladder(TEMPERATURE, ("38.1", "39.0", 1), ("39.1", "43.0", 2)),
]


@pytest.mark.parametrize(("kind", "value", "points"), CHART)
def test_each_cell_of_the_chart(kind: VitalKind, value: str, points: int) -> None:
    came_to = score(**{kind.name: value})
    assert (came_to.points[kind], came_to.total) == (points, points)


SECOND_SCALE = [
    *[("0", value, 0) for value in ("88", "92", "93", "94", "95", "96", "97", "100")],
    *[("0", value, points) for value, points in (("87", 1), ("86", 1), ("85", 2), ("84", 2))],
    *[("0", value, 3) for value in ("83", "1")],
    *[("1", value, 0) for value in ("88", "92")],
    *[("1", value, points) for value, points in (("93", 1), ("94", 1), ("95", 2), ("96", 2))],
    *[("1", value, 3) for value in ("97", "100", "83")],
    *[("1", value, points) for value, points in (("87", 1), ("86", 1), ("85", 2), ("84", 2))],
]


@pytest.mark.parametrize(("oxygen", "saturation", "points"), SECOND_SCALE)
def test_each_cell_of_the_second_scale(oxygen: str, saturation: str, points: int) -> None:
    came_to = score(SPO2_SCALE="2", OXYGEN_GIVEN=oxygen, SPO2_PERCENT=saturation)
    assert (came_to.points[SPO2], came_to.scale) == (points, 2)


@pytest.mark.parametrize(
    ("value", "points"), [("36.04", 1), ("36.05", 0), ("38.04", 0), ("38.05", 1), ("35.049", 3)]
)
def test_between_two_steps_of_the_chart_the_nearer_counts(value: str, points: int) -> None:
    assert score(TEMPERATURE_CELSIUS=value).points[TEMPERATURE] == points


def test_the_worst_there_is() -> None:
    worst = score(
        RESPIRATION_PER_MINUTE="30",
        SPO2_PERCENT="80",
        OXYGEN_GIVEN="1",
        SYSTOLIC_MMHG="80",
        PULSE_PER_MINUTE="140",
        CONSCIOUSNESS_ACVPU="4",
        TEMPERATURE_CELSIUS="34",
    )
    assert (worst.total, worst.risk) == (HIGHEST_SCORE, Risk.EMERGENCY)


@pytest.mark.parametrize(
    ("changed", "total", "risk"),
    [
        ({}, 0, Risk.LOW),
        ({"OXYGEN_GIVEN": "1", "SPO2_PERCENT": "92"}, 4, Risk.LOW),
        ({"CONSCIOUSNESS_ACVPU": "1"}, 3, Risk.ONE_PARAMETER),
        ({"OXYGEN_GIVEN": "1", "SPO2_PERCENT": "91"}, 5, Risk.URGENT),
        ({"OXYGEN_GIVEN": "1", "SPO2_PERCENT": "91", "PULSE_PER_MINUTE": "91"}, 6, Risk.URGENT),
        ({"OXYGEN_GIVEN": "1", "SPO2_PERCENT": "91", "PULSE_PER_MINUTE": "111"}, 7, Risk.EMERGENCY),
    ],
)
def test_what_a_sum_asks_for(changed: dict[str, str], total: int, risk: Risk) -> None:
    came_to = score(**changed)
    assert (came_to.total, came_to.risk) == (total, risk)


@pytest.mark.parametrize("missing", COMPONENTS)
def test_without_one_of_them_there_is_no_score_and_no_part_of_one(missing: VitalKind) -> None:
    known = observed({kind: value for kind, value in WELL.items() if kind is not missing})
    assert news2(known, now=NOW, oldest=HOUR) == Incomplete((missing,), ())


@pytest.mark.parametrize("old", COMPONENTS)
def test_a_value_that_is_too_old_is_none(old: VitalKind) -> None:
    known = observed(WELL)
    known[old] = replace(known[old], at=NOW - HOUR)
    came_to = news2(known, now=NOW, oldest=HOUR)
    assert isinstance(came_to, Score)
    assert came_to.oldest_at == NOW - HOUR
    known[old] = replace(known[old], at=NOW - HOUR - timedelta(seconds=1))
    assert news2(known, now=NOW, oldest=HOUR) == Incomplete((), (old,))


def test_the_choice_of_a_scale_does_not_grow_old() -> None:
    known = observed(WELL) | observed({SCALE: "2"}, age=timedelta(days=30))
    came_to = news2(known, now=NOW, oldest=HOUR)
    assert isinstance(came_to, Score) and came_to.scale == 2


def test_there_is_a_place_for_every_level_of_consciousness() -> None:
    assert [str(level)[0] for level in Consciousness] == ["a", "c", "v", "p", "u"]


# --- which value of several ----------------------------------------------------------------------


def reading(
    value: str,
    *,
    ago: timedelta = timedelta(),
    kind: VitalKind = PULSE,
    device_time: datetime | None = None,
    flags: frozenset[QualityFlag] = frozenset(),
    series: SeriesPart | None = None,
) -> Reading:
    visit = VisitId(new_id())
    measured = Measurement(
        visit=visit,
        quantities=(Quantity(kind, Decimal(value)),),
        device=DeviceIdentity(DeviceKind.OXIMETER, "of the tests", "fake"),
        device_time=device_time,
        received_at=NOW - ago,
        frame_sha256="ab" * 32,
        quality=flags,
    )
    ids = RecordId(new_id()), visit, PatientId(new_id())
    return Reading(*ids, measured, NOW, PersonId(new_id()), series=series)


def pulse_of(*readings: Reading) -> str | None:
    found = newest_of(readings, NOW).get(PULSE)
    return None if found is None else str(found.value)


def test_the_newest_counts_by_when_the_body_was_measured() -> None:
    old = reading("60", ago=timedelta(minutes=9))
    new = reading("70", ago=timedelta(minutes=1))
    assert pulse_of(old, new) == pulse_of(new, old) == "70"
    stored = reading(
        "90",
        device_time=NOW - timedelta(days=2),
        flags=frozenset({QualityFlag.FROM_MEMORY}),
    )
    assert pulse_of(stored, old) == "60"  # it came now, and was taken the day before yesterday
    assert newest_of([stored], NOW)[PULSE].at == NOW - timedelta(days=2)


def test_what_has_no_date_or_one_of_the_future_counts_never() -> None:
    memory = frozenset({QualityFlag.FROM_MEMORY})
    undated = reading("90", flags=memory | {QualityFlag.UNDATED})
    tomorrow = reading("90", flags=memory, device_time=NOW + timedelta(days=1))
    assert pulse_of(undated, tomorrow) is None
    nearly = reading("90", flags=memory, device_time=NOW + timedelta(minutes=1))
    assert pulse_of(nearly) == "90"


def test_an_average_goes_before_its_readings_and_what_was_left_out_counts_never() -> None:
    series = RecordId(new_id())
    left_out = reading("99", series=SeriesPart(series, 1, is_counted=False))
    single = reading("80", series=SeriesPart(series, 2))
    average = reading("75", series=SeriesPart(series, 0, averaged=(RecordId(new_id()),)))
    assert pulse_of(left_out, single, average) == pulse_of(average, single, left_out) == "75"
    assert pulse_of(left_out) is None


@pytest.mark.parametrize(
    ("born", "young"),
    [(date(2010, 11, 21), False), (date(2010, 11, 22), True), (None, False)],
)
def test_it_is_not_for_children(born: date | None, young: bool) -> None:
    patient = Patient(PatientId(new_id()), "Doe", "Ana", born, "1")
    assert is_too_young(patient, date(2026, 11, 21)) is young
