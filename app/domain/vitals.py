"""What of a measurement may be kept, and why not. Limits: PLAUSIBLE below, device range first."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.failures import Code
from app.domain.ids import PatientId, PersonId, RecordId, VisitId
from app.domain.measurement import Measurement, VitalKind

STALE_STREAM_S = 5.0
STALE_CUFF_PRESSURE_S = 2.0

# Lowest and highest value that a person may have; wider than health, narrower than nonsense.
PLAUSIBLE: dict[VitalKind, tuple[Decimal, Decimal]] = {
    VitalKind.SYSTOLIC_MMHG: (Decimal(40), Decimal(300)),
    VitalKind.DIASTOLIC_MMHG: (Decimal(20), Decimal(220)),
    VitalKind.MEAN_ARTERIAL_MMHG: (Decimal(20), Decimal(300)),
    VitalKind.PULSE_PER_MINUTE: (Decimal(25), Decimal(250)),
    VitalKind.CUFF_PRESSURE_MMHG: (Decimal(0), Decimal(330)),
}
PULSE_PRESSURE_MIN_MMHG = Decimal(10)


def assess(measured: Measurement) -> Code | None:
    """None when the measurement may be kept as a reading, else the first reason why not."""
    systolic = measured.value_of(VitalKind.SYSTOLIC_MMHG)
    diastolic = measured.value_of(VitalKind.DIASTOLIC_MMHG)
    if systolic is None or diastolic is None:
        return Code.INCOMPLETE
    for quantity in measured.quantities:
        low, high = PLAUSIBLE[quantity.kind]
        if not low <= quantity.value <= high:
            return Code.OUT_OF_RANGE
    if systolic <= diastolic:
        return Code.SYSTOLIC_NOT_ABOVE_DIASTOLIC
    if systolic - diastolic < PULSE_PRESSURE_MIN_MMHG:
        return Code.PULSE_PRESSURE_TOO_SMALL
    mean = measured.value_of(VitalKind.MEAN_ARTERIAL_MMHG)
    if mean is not None and not diastolic < mean < systolic:
        return Code.MEAN_NOT_BETWEEN
    return None


@dataclass(frozen=True, slots=True)
class Reading:
    """A measurement that a person kept, for one visit and patient."""

    id: RecordId
    visit: VisitId
    patient: PatientId
    measured: Measurement
    kept_at: datetime
    kept_by: PersonId
    is_pending: bool = True  # not yet confirmed by the server


@dataclass(frozen=True, slots=True)
class Refused:
    """A measurement that may not be kept; shown with its reason, never dropped silently."""

    measured: Measurement
    reason: Code
