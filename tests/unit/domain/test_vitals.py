"""What may be kept, for every instrument: a temperature alone is whole, half a pressure is not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.failures import Code
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.vitals import PLAUSIBLE, TYPED, WHOLE, assess, doubt_of, live_stale_after_s

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SPO2, PULSE = VitalKind.SPO2_PERCENT, VitalKind.PULSE_PER_MINUTE
TEMPERATURE, WEIGHT = VitalKind.TEMPERATURE_CELSIUS, VitalKind.WEIGHT_KG
GLUCOSE, PERFUSION = VitalKind.GLUCOSE_MG_PER_DL, VitalKind.PERFUSION_INDEX_PERCENT


def measured(kind: DeviceKind, *values: tuple[VitalKind, str]) -> Measurement:
    return Measurement(
        visit=None,
        quantities=tuple(Quantity(vital, Decimal(value)) for vital, value in values),
        device=DeviceIdentity(kind, "of the tests", "fake"),
        device_time=None,
        received_at=NINE,
        frame_sha256="ab" * 32,
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (DeviceKind.OXIMETER, [(SPO2, "97"), (PULSE, "72")]),
        (DeviceKind.OXIMETER, [(SPO2, "97"), (PULSE, "72"), (PERFUSION, "4.2")]),
        (DeviceKind.OXIMETER, [(SPO2, "97")]),
        (DeviceKind.THERMOMETER, [(TEMPERATURE, "36.6")]),
        (DeviceKind.SCALE, [(WEIGHT, "71.25")]),
        (DeviceKind.GLUCOMETER, [(GLUCOSE, "98")]),
        (DeviceKind.BY_HAND, [(VitalKind.RESPIRATION_PER_MINUTE, "16")]),
        (
            DeviceKind.BY_HAND,
            [
                (VitalKind.RESPIRATION_PER_MINUTE, "16"),
                (VitalKind.OXYGEN_GIVEN, "1"),
                (VitalKind.CONSCIOUSNESS_ACVPU, "4"),
                (VitalKind.SPO2_SCALE, "2"),
            ],
        ),
    ],
)
def test_a_whole_measurement_of_every_instrument_may_be_kept(
    kind: DeviceKind, values: list[tuple[VitalKind, str]]
) -> None:
    assert assess(measured(kind, *values)) is None


@pytest.mark.parametrize("kind", [kind for kind, whole in WHOLE.items() if whole.needs])
def test_what_an_instrument_is_for_must_be_there(kind: DeviceKind) -> None:
    whole = WHOLE[kind]
    middle = {vital: (low + high) / 2 for vital, (low, high) in PLAUSIBLE.items()}
    for missing in whole.needs:
        kept = [(v, str(middle[v])) for v in (whole.needs | whole.besides) - {missing}]
        assert assess(measured(kind, *kept)) is Code.INCOMPLETE
    assert assess(measured(kind)) is Code.INCOMPLETE


@pytest.mark.parametrize("kind", DeviceKind)
@pytest.mark.parametrize("vital", VitalKind)
def test_no_instrument_tells_what_it_cannot_know(kind: DeviceKind, vital: VitalKind) -> None:
    whole = WHOLE.get(kind)
    knows = whole is not None and vital in whole.needs | whole.besides
    refused = assess(measured(kind, (vital, "50")))
    assert (refused is Code.UNEXPECTED_QUANTITY) is not knows


def test_a_pressure_in_the_cuff_is_no_blood_pressure() -> None:
    assert (
        assess(measured(DeviceKind.BLOOD_PRESSURE_CUFF, (VitalKind.CUFF_PRESSURE_MMHG, "120")))
        is Code.UNEXPECTED_QUANTITY
    )


def test_two_values_for_one_thing_are_none() -> None:
    twice = measured(DeviceKind.THERMOMETER, (TEMPERATURE, "36.6"), (TEMPERATURE, "38.9"))
    assert assess(twice) is Code.TOLD_TWICE


# Written down a second time on purpose.
EDGES = [
    (DeviceKind.OXIMETER, SPO2, ("1", "100"), ("0", "0.9", "100.1", "127")),
    (DeviceKind.THERMOMETER, TEMPERATURE, ("30", "43"), ("29.9", "43.1", "-273.15", "0")),
    (DeviceKind.SCALE, WEIGHT, ("0.2", "300"), ("0.19", "300.1", "0")),
    (DeviceKind.GLUCOMETER, GLUCOSE, ("10", "1000"), ("9.9", "1001")),
    (
        DeviceKind.BY_HAND,
        VitalKind.RESPIRATION_PER_MINUTE,
        ("1", "80"),
        ("0", "81", "16.5"),
    ),
    (DeviceKind.BY_HAND, VitalKind.OXYGEN_GIVEN, ("0", "1"), ("-1", "2", "0.5")),
    (DeviceKind.BY_HAND, VitalKind.CONSCIOUSNESS_ACVPU, ("0", "4"), ("-1", "5", "1.5")),
    (DeviceKind.BY_HAND, VitalKind.SPO2_SCALE, ("1", "2"), ("0", "3", "1.5")),
]


@pytest.mark.parametrize(("kind", "vital", "good", "bad"), EDGES)
def test_every_kind_of_value_has_its_edges(
    kind: DeviceKind, vital: VitalKind, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    assert [assess(measured(kind, (vital, value))) for value in good] == [None] * len(good)
    assert {assess(measured(kind, (vital, value))) for value in bad} == {Code.OUT_OF_RANGE}


def test_what_is_typed_is_counted_or_chosen() -> None:
    assert {vital for _, vital, _, _ in EDGES if vital in TYPED} == TYPED


@pytest.mark.parametrize(("value", "doubt"), [("70", None), ("69", Code.SPO2_DOUBTFUL)])
def test_a_low_saturation_is_doubted_and_not_refused(value: str, doubt: Code | None) -> None:
    low = measured(DeviceKind.OXIMETER, (SPO2, value))
    assert (assess(low), doubt_of(low)) == (None, doubt)
    assert doubt_of(measured(DeviceKind.SCALE, (WEIGHT, "50"))) is None


def test_a_stream_is_stale_after_five_seconds_and_a_cuffs_pressure_after_two() -> None:
    stream = {vital: live_stale_after_s(vital) for vital in VitalKind}
    assert stream.pop(VitalKind.CUFF_PRESSURE_MMHG) == 2
    assert set(stream.values()) == {5}


def test_when_the_body_was_measured() -> None:
    at_once = measured(DeviceKind.SCALE, (WEIGHT, "50"))
    yesterday = NINE - timedelta(days=1)
    stored = Measurement(
        None,
        at_once.quantities,
        at_once.device,
        yesterday,
        NINE,
        "ab" * 32,
        frozenset({QualityFlag.FROM_MEMORY}),
    )
    undated = Measurement(
        None, at_once.quantities, at_once.device, None, NINE, "ab" * 32, stored.quality
    )
    assert [one.taken_at for one in (at_once, stored, undated)] == [NINE, yesterday, None]
