"""Values that cannot be wrong: readings at every limit, clocks, pictures, recordings, documents."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import ClockOffset, ClockSample, Stamp, SystemClock, best_offset
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.measurement import UCUM_UNIT, Measurement, QualityFlag, Quantity, VitalKind
from app.domain.picture import Layout, picture_bytes
from app.domain.reading import Reading, decimal_from, fields_of, reading_from
from app.domain.recordings import Recording
from app.domain.recordings import fields_of as fields_of_recording
from app.domain.vitals import PLAUSIBLE, assess

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CUFF = DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "Cuff", "/dev/ttyX", "77", "1.0")
SYS, DIA = VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG
MEAN, PULSE = VitalKind.MEAN_ARTERIAL_MMHG, VitalKind.PULSE_PER_MINUTE


def measured(values: dict[VitalKind, str], visit: VisitId | None = None) -> Measurement:
    return Measurement(
        visit=visit,
        quantities=tuple(Quantity(kind, Decimal(value)) for kind, value in values.items()),
        device=CUFF,
        device_time=None,
        received_at=NINE,
        frame_sha256="ab" * 32,
        quality=frozenset({QualityFlag.IRREGULAR}),
    )


GOOD = {SYS: "128", DIA: "76", MEAN: "93", PULSE: "71"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        # systolic, at each edge
        ({SYS: "300", DIA: "200", MEAN: "250"}, None),
        ({SYS: "300.1", DIA: "200", MEAN: "250"}, Code.OUT_OF_RANGE),
        ({SYS: "40", DIA: "30", MEAN: "35"}, None),
        ({SYS: "39.9", DIA: "20", MEAN: "30"}, Code.OUT_OF_RANGE),
        # diastolic
        ({SYS: "130", DIA: "20", MEAN: "80"}, None),
        ({SYS: "130", DIA: "19.9", MEAN: "80"}, Code.OUT_OF_RANGE),
        ({SYS: "250", DIA: "220", MEAN: "230"}, None),
        ({SYS: "250", DIA: "220.1", MEAN: "230"}, Code.OUT_OF_RANGE),
        # pulse
        ({PULSE: "25"}, None),
        ({PULSE: "24.9"}, Code.OUT_OF_RANGE),
        ({PULSE: "250"}, None),
        ({PULSE: "250.1"}, Code.OUT_OF_RANGE),
        ({PULSE: "0"}, Code.OUT_OF_RANGE),
        # one against the other
        ({SYS: "76", DIA: "76"}, Code.SYSTOLIC_NOT_ABOVE_DIASTOLIC),
        ({SYS: "70", DIA: "76"}, Code.SYSTOLIC_NOT_ABOVE_DIASTOLIC),
        ({SYS: "86", DIA: "76", MEAN: "80"}, None),
        ({SYS: "85.9", DIA: "76", MEAN: "80"}, Code.PULSE_PRESSURE_TOO_SMALL),
        ({MEAN: "76"}, Code.MEAN_NOT_BETWEEN),
        ({MEAN: "128"}, Code.MEAN_NOT_BETWEEN),
        ({MEAN: "76.1"}, None),
        ({MEAN: "127.9"}, None),
    ],
)
def test_what_may_be_kept(changed: dict[VitalKind, str], reason: Code | None) -> None:
    assert assess(measured({**GOOD, **changed})) is reason


@pytest.mark.parametrize("missing", [SYS, DIA])
def test_half_a_pressure_is_not_kept(missing: VitalKind) -> None:
    values = {kind: value for kind, value in GOOD.items() if kind is not missing}
    assert assess(measured(values)) is Code.INCOMPLETE
    assert assess(measured({})) is Code.INCOMPLETE


def test_a_pressure_without_mean_and_pulse_is_enough() -> None:
    assert assess(measured({SYS: "128", DIA: "76"})) is None


def test_every_kind_has_a_unit_and_a_range() -> None:
    assert set(UCUM_UNIT) == set(VitalKind) == set(PLAUSIBLE)
    assert all(low < high for low, high in PLAUSIBLE.values())


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_no_quantity_is_born_without_a_number(value: str) -> None:
    with pytest.raises(Rejected) as caught:
        Quantity(SYS, Decimal(value))
    assert caught.value.code is Code.NOT_A_NUMBER


@given(st.decimals(min_value=-(10**6) + 1, max_value=10**6 - 1, places=3))
def test_decimals_cross_the_wire_unchanged(value: Decimal) -> None:
    assert decimal_from(format(value, "f")) == value


@pytest.mark.parametrize(
    "text",
    ["", "1e5", "1E+9", "NaN", "+1", " 1", "1 ", "1.", ".5", "1,5", "٣", "1" * 7, None, [], 1j],
)
def test_what_is_no_decimal_of_ours_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="decimal"):
        decimal_from(text)


def reading() -> Reading:
    visit = VisitId(new_id())
    return Reading(
        RecordId(new_id()),
        visit,
        PatientId(new_id()),
        measured(GOOD, visit),
        NINE + timedelta(seconds=3),
        PersonId(new_id()),
    )


def test_a_reading_is_the_same_after_its_way_through_a_document() -> None:
    kept = reading()
    again = reading_from(str(kept.id), fields_of(kept), is_pending=True)
    assert again == kept
    assert reading_from(str(kept.id), fields_of(kept), is_pending=False) != kept


@pytest.mark.parametrize("name", sorted(fields_of(reading())))
def test_a_reading_without_one_of_its_fields_is_none(name: str) -> None:
    kept = reading()
    fields = {key: value for key, value in fields_of(kept).items() if key != name}
    if name == "quality":
        assert reading_from(str(kept.id), fields, is_pending=True).measured.quality == frozenset()
        return
    with pytest.raises(KeyError):
        reading_from(str(kept.id), fields, is_pending=True)


# --- clocks --------------------------------------------------------------------------------------


def offset(seconds: float, uncertainty_s: float = 0.0) -> ClockOffset:
    return ClockOffset(timedelta(seconds=seconds), timedelta(seconds=uncertainty_s))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("seconds", "uncertainty_s", "is_worth_saying", "needs_confirmation"),
    [
        (0, 0, False, False),
        (2, 0, False, False),
        (2.001, 0, True, False),
        (3, 1, False, False),  # it may be two seconds only
        (3.1, 1, True, False),
        (120, 0, True, False),
        (120.001, 0, True, True),
        (125, 10, True, False),
        (200, 1, True, True),
    ],
)
def test_what_is_said_of_a_clock(
    sign: int,
    seconds: float,
    uncertainty_s: float,
    is_worth_saying: bool,
    needs_confirmation: bool,
) -> None:
    told = offset(sign * seconds, uncertainty_s)
    assert (told.is_worth_saying, told.needs_confirmation) == (is_worth_saying, needs_confirmation)


def test_an_answer_is_taken_to_be_half_a_round_trip_old() -> None:
    sample = ClockSample(NINE, timedelta(seconds=1), NINE + timedelta(seconds=5.5))
    assert sample.offset() == offset(5, 0.5)


@given(
    true_s=st.floats(-1000, 1000),
    out_s=st.floats(0, 5),
    back_s=st.floats(0, 5),
)
def test_the_true_difference_lies_within_the_uncertainty(
    true_s: float, out_s: float, back_s: float
) -> None:
    """However unevenly the way there and back divide the round trip."""
    answered = NINE + timedelta(seconds=out_s) + timedelta(seconds=true_s)
    round_trip = timedelta(seconds=out_s) + timedelta(seconds=back_s)
    told = ClockSample(NINE, round_trip, answered).offset()
    error = abs(told.offset - timedelta(seconds=true_s))
    assert error <= told.uncertainty + timedelta(microseconds=3)


def test_of_several_answers_the_quickest_knows_best() -> None:
    slow = ClockSample(NINE, timedelta(seconds=2), NINE)
    quick = ClockSample(NINE, timedelta(seconds=0.1), NINE + timedelta(seconds=1))
    assert best_offset([slow, quick, slow]) == quick.offset()
    with pytest.raises(ValueError, match="sample"):
        best_offset([])


def test_the_systems_clock_is_aware_and_its_seconds_only_grow() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    before = clock.monotonic()
    assert clock.monotonic() >= before


def test_a_stamp_without_a_zone_is_not_made() -> None:
    Stamp(NINE)
    with pytest.raises(ValueError, match="aware"):
        Stamp(NINE.replace(tzinfo=None))


# --- pictures and recordings ---------------------------------------------------------------------


def test_what_a_picture_takes() -> None:
    assert picture_bytes(1280, 720, Layout.BGRA) == 3_686_400
    assert picture_bytes(1280, 720, Layout.I420) == 1_382_400


def recording(samples: int = 8000, rate_hz: int = 4000) -> Recording:
    ids = RecordId(new_id()), VisitId(new_id()), PatientId(new_id())
    person = PersonId(new_id())
    return Recording(*ids, "mitral", rate_hz, samples, "ab" * 32, NINE, person, "a stethoscope")


def test_how_long_a_recording_is() -> None:
    assert recording().seconds == 2.0
    assert recording(rate_hz=0).seconds == 0.0


def test_a_recordings_document_holds_only_plain_words() -> None:
    fields = fields_of_recording(recording())
    assert all(isinstance(value, str | int | bool) for value in fields.values())
    assert "is_pending" not in fields
