"""NEWS2, the early warning score of the Royal College of Physicians (2017): pure, and whole or not.

A missing, old or undated component makes the score incomplete; there is no part of a score. Not for
people under 16 nor in pregnancy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from app.domain.measurement import VitalKind
from app.domain.patients import Patient
from app.domain.reading import Reading

YOUNGEST_YEARS = 16
CLOCKS_APART = timedelta(minutes=2)  # what was taken later than that from now has a wrong date
URGENT_FROM, EMERGENCY_FROM, SINGLE_RED = 5, 7, 3
HIGHEST_SCORE = 20


class Consciousness(StrEnum):
    """Its place here is what a reading holds."""

    ALERT = "alert"
    CONFUSION = "confusion"  # new
    VOICE = "voice"
    PAIN = "pain"
    UNRESPONSIVE = "unresponsive"


class Risk(StrEnum):
    LOW = "low"
    ONE_PARAMETER = "one-parameter"  # a single 3 in a low sum
    URGENT = "urgent"
    EMERGENCY = "emergency"


# In the order of the chart.
COMPONENTS = (
    VitalKind.RESPIRATION_PER_MINUTE,
    VitalKind.SPO2_PERCENT,
    VitalKind.OXYGEN_GIVEN,
    VitalKind.SYSTOLIC_MMHG,
    VitalKind.PULSE_PER_MINUTE,
    VitalKind.CONSCIOUSNESS_ACVPU,
    VitalKind.TEMPERATURE_CELSIUS,
)
TYPED_COMPONENTS = frozenset(
    {VitalKind.RESPIRATION_PER_MINUTE, VitalKind.OXYGEN_GIVEN, VitalKind.CONSCIOUSNESS_ACVPU}
)

# Points by the highest value that has them, in order; None: all above.
Bands = tuple[tuple[Decimal | None, int], ...]


def _bands(*rows: tuple[str | None, int]) -> Bands:
    return tuple((None if upto is None else Decimal(upto), points) for upto, points in rows)


RESPIRATION = _bands(("8", 3), ("11", 1), ("20", 0), ("24", 2), (None, 3))
SPO2_SCALE_1 = _bands(("91", 3), ("93", 2), ("95", 1), (None, 0))
SPO2_SCALE_2_ON_AIR = _bands(("83", 3), ("85", 2), ("87", 1), (None, 0))
SPO2_SCALE_2_ON_OXYGEN = _bands(
    ("83", 3), ("85", 2), ("87", 1), ("92", 0), ("94", 1), ("96", 2), (None, 3)
)
OXYGEN = _bands(("0", 0), (None, 2))
SYSTOLIC = _bands(("90", 3), ("100", 2), ("110", 1), ("219", 0), (None, 3))
PULSE = _bands(("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), (None, 3))
CONSCIOUSNESS = _bands(("0", 0), (None, 3))
TEMPERATURE = _bands(("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), (None, 2))
# The chart is written in these steps; what lies between two is rounded to the nearer, half up.
STEP = {VitalKind.TEMPERATURE_CELSIUS: Decimal("0.1")}


@dataclass(frozen=True, slots=True)
class Observed:
    """One component: what it came to, and when the body was measured."""

    value: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Score:
    """`points` of each component, in the chart's order; `oldest_at` of the oldest of them."""

    total: int
    points: Mapping[VitalKind, int]
    scale: int
    oldest_at: datetime

    @property
    def risk(self) -> Risk:
        if self.total >= EMERGENCY_FROM:
            return Risk.EMERGENCY
        if self.total >= URGENT_FROM:
            return Risk.URGENT
        has_red = SINGLE_RED in self.points.values()
        return Risk.ONE_PARAMETER if has_red else Risk.LOW


@dataclass(frozen=True, slots=True)
class Incomplete:
    """What is not there at all, and what was measured too long ago."""

    missing: tuple[VitalKind, ...]
    too_old: tuple[VitalKind, ...]


def is_too_young(patient: Patient, today: date) -> bool:
    age = patient.age_years(today)
    return age is not None and age < YOUNGEST_YEARS


def newest_of(readings: Iterable[Reading], now: datetime) -> dict[VitalKind, Observed]:
    """Of each component the newest value that was kept, by when the body was measured.

    Without a date, from the future, or left out of its series' average, a value is none. An average
    goes before the readings that it was made of.
    """
    found: dict[VitalKind, tuple[datetime, bool, Decimal]] = {}
    for reading in readings:
        at = reading.measured.taken_at
        if at is None or at - now > CLOCKS_APART or not reading.is_counted:
            continue
        is_average = reading.series is not None and reading.series.is_average
        for quantity in reading.measured.quantities:
            known = found.get(quantity.kind)
            if known is None or (at, is_average) > known[:2]:
                found[quantity.kind] = (at, is_average, quantity.value)
    return {kind: Observed(value, at) for kind, (at, _, value) in found.items()}


def news2(
    observed: Mapping[VitalKind, Observed], *, now: datetime, oldest: timedelta
) -> Score | Incomplete:
    """`oldest`: a component may be that old. Scale 2 counts while a clinician has chosen it."""
    missing = tuple(kind for kind in COMPONENTS if kind not in observed)
    too_old = tuple(
        kind for kind in COMPONENTS if kind in observed and now - observed[kind].at > oldest
    )
    if missing or too_old:
        return Incomplete(missing, too_old)
    scale = scale_of(observed)
    is_on_oxygen = observed[VitalKind.OXYGEN_GIVEN].value > 0
    bands = _bands_of(scale, is_on_oxygen=is_on_oxygen)
    points = {kind: _points(bands[kind], kind, observed[kind].value) for kind in COMPONENTS}
    oldest_at = min(observed[kind].at for kind in COMPONENTS)
    return Score(sum(points.values()), points, scale, oldest_at)


def scale_of(observed: Mapping[VitalKind, Observed]) -> int:
    """Scale 1 until somebody chose; the choice does not grow old."""
    chosen = observed.get(VitalKind.SPO2_SCALE)
    return 1 if chosen is None else int(chosen.value)


def _bands_of(scale: int, *, is_on_oxygen: bool) -> dict[VitalKind, Bands]:
    saturation = SPO2_SCALE_1
    if scale == 2:
        saturation = SPO2_SCALE_2_ON_OXYGEN if is_on_oxygen else SPO2_SCALE_2_ON_AIR
    return {
        VitalKind.RESPIRATION_PER_MINUTE: RESPIRATION,
        VitalKind.SPO2_PERCENT: saturation,
        VitalKind.OXYGEN_GIVEN: OXYGEN,
        VitalKind.SYSTOLIC_MMHG: SYSTOLIC,
        VitalKind.PULSE_PER_MINUTE: PULSE,
        VitalKind.CONSCIOUSNESS_ACVPU: CONSCIOUSNESS,
        VitalKind.TEMPERATURE_CELSIUS: TEMPERATURE,
    }


def _points(bands: Bands, kind: VitalKind, value: Decimal) -> int:
    rounded = value.quantize(STEP.get(kind, Decimal(1)), rounding=ROUND_HALF_UP)
    return next(points for upto, points in bands if upto is None or rounded <= upto)
