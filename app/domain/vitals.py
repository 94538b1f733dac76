"""What of a measurement may be kept, and why not; how long a value is fresh.

Limits: PLAUSIBLE below, device range first. Whole measurements: what each instrument must tell.
"""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.device import DeviceKind
from app.domain.failures import Code
from app.domain.measurement import Measurement, Quantity, VitalKind

STALE_CUFF_PRESSURE_S = 2.0
STALE_STREAM_S = 5.0

# Lowest and highest value that a person may have; wider than health, narrower than nonsense.
PLAUSIBLE: dict[VitalKind, tuple[Decimal, Decimal]] = {
    VitalKind.SYSTOLIC_MMHG: (Decimal(40), Decimal(300)),
    VitalKind.DIASTOLIC_MMHG: (Decimal(20), Decimal(220)),
    VitalKind.MEAN_ARTERIAL_MMHG: (Decimal(20), Decimal(300)),
    VitalKind.PULSE_PER_MINUTE: (Decimal(25), Decimal(250)),
    VitalKind.CUFF_PRESSURE_MMHG: (Decimal(0), Decimal(330)),
    VitalKind.SPO2_PERCENT: (Decimal(1), Decimal(100)),
    VitalKind.PERFUSION_INDEX_PERCENT: (Decimal(0), Decimal(30)),
    VitalKind.TEMPERATURE_CELSIUS: (Decimal(30), Decimal(43)),
    VitalKind.WEIGHT_KG: (Decimal("0.2"), Decimal(300)),
    VitalKind.GLUCOSE_MG_PER_DL: (Decimal(10), Decimal(1000)),
    VitalKind.RESPIRATION_PER_MINUTE: (Decimal(1), Decimal(80)),
    VitalKind.OXYGEN_GIVEN: (Decimal(0), Decimal(1)),
    VitalKind.CONSCIOUSNESS_ACVPU: (Decimal(0), Decimal(4)),
    VitalKind.SPO2_SCALE: (Decimal(1), Decimal(2)),
}
PULSE_PRESSURE_MIN_MMHG = Decimal(10)
SPO2_ACCURATE_FROM = Decimal(70)

# What a person types is counted or chosen: nothing stands between two of them.
TYPED = frozenset(
    {
        VitalKind.RESPIRATION_PER_MINUTE,
        VitalKind.OXYGEN_GIVEN,
        VitalKind.CONSCIOUSNESS_ACVPU,
        VitalKind.SPO2_SCALE,
    }
)


@dataclass(frozen=True, slots=True)
class Whole:
    """What a measurement of one instrument must hold, and what it may hold besides."""

    needs: frozenset[VitalKind]
    besides: frozenset[VitalKind] = frozenset()


WHOLE: dict[DeviceKind, Whole] = {
    DeviceKind.BLOOD_PRESSURE_CUFF: Whole(
        frozenset({VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG}),
        frozenset({VitalKind.MEAN_ARTERIAL_MMHG, VitalKind.PULSE_PER_MINUTE}),
    ),
    DeviceKind.OXIMETER: Whole(
        frozenset({VitalKind.SPO2_PERCENT}),
        frozenset({VitalKind.PULSE_PER_MINUTE, VitalKind.PERFUSION_INDEX_PERCENT}),
    ),
    DeviceKind.THERMOMETER: Whole(frozenset({VitalKind.TEMPERATURE_CELSIUS})),
    DeviceKind.SCALE: Whole(frozenset({VitalKind.WEIGHT_KG})),
    DeviceKind.GLUCOMETER: Whole(frozenset({VitalKind.GLUCOSE_MG_PER_DL})),
    DeviceKind.BY_HAND: Whole(frozenset(), TYPED),
}


def live_of(kind: DeviceKind) -> frozenset[VitalKind]:
    """What such an instrument shows while it runs."""
    if kind is DeviceKind.BLOOD_PRESSURE_CUFF:
        return frozenset({VitalKind.CUFF_PRESSURE_MMHG})
    whole = WHOLE.get(kind, Whole(frozenset()))
    return whole.needs | whole.besides


def assess(measured: Measurement) -> Code | None:
    """None when the measurement may be kept as a reading, else the first reason why not."""
    if (unfit := _is_no_whole(measured)) is not None:
        return unfit
    if not all(is_plausible(quantity) for quantity in measured.quantities):
        return Code.OUT_OF_RANGE
    return _contradiction(measured)


def _is_no_whole(measured: Measurement) -> Code | None:
    """An instrument tells what it measures, each value once, and nothing that it cannot know."""
    kinds = [quantity.kind for quantity in measured.quantities]
    whole = WHOLE.get(measured.device.kind)
    if whole is None or not whole.needs | whole.besides >= set(kinds):
        return Code.UNEXPECTED_QUANTITY
    if len(set(kinds)) < len(kinds):
        return Code.TOLD_TWICE
    if not kinds or not whole.needs <= set(kinds):
        return Code.INCOMPLETE
    return None


def _contradiction(measured: Measurement) -> Code | None:
    """Two pressures of one beat stand in an order."""
    systolic = measured.value_of(VitalKind.SYSTOLIC_MMHG)
    diastolic = measured.value_of(VitalKind.DIASTOLIC_MMHG)
    if systolic is None or diastolic is None:
        return None
    if systolic <= diastolic:
        return Code.SYSTOLIC_NOT_ABOVE_DIASTOLIC
    if systolic - diastolic < PULSE_PRESSURE_MIN_MMHG:
        return Code.PULSE_PRESSURE_TOO_SMALL
    mean = measured.value_of(VitalKind.MEAN_ARTERIAL_MMHG)
    if mean is not None and not diastolic < mean < systolic:
        return Code.MEAN_NOT_BETWEEN
    return None


def is_plausible(quantity: Quantity) -> bool:
    low, high = PLAUSIBLE[quantity.kind]
    is_whole = quantity.kind not in TYPED or quantity.value == quantity.value.to_integral_value()
    return is_whole and low <= quantity.value <= high


def doubt_of(measured: Measurement) -> Code | None:
    """What a person should look at before they keep it; no reason to refuse it."""
    saturation = measured.value_of(VitalKind.SPO2_PERCENT)
    if saturation is not None and saturation < SPO2_ACCURATE_FROM:
        return Code.SPO2_DOUBTFUL
    return None


def live_stale_after_s(kind: VitalKind) -> float:
    """A cuff tells its pressure five times a second, a stream its values at least once."""
    return STALE_CUFF_PRESSURE_S if kind is VitalKind.CUFF_PRESSURE_MMHG else STALE_STREAM_S
