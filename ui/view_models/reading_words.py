"""How a measurement is written and read out, for every kind of value; no state, no service."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.device import DeviceKind
from app.domain.measurement import Measurement, QualityFlag, VitalKind
from app.domain.news2 import Consciousness
from app.domain.reading import Reading
from ui import wording

UNITS: dict[VitalKind, str] = {
    VitalKind.SYSTOLIC_MMHG: "mmHg",
    VitalKind.DIASTOLIC_MMHG: "mmHg",
    VitalKind.MEAN_ARTERIAL_MMHG: "mmHg",
    VitalKind.PULSE_PER_MINUTE: "/min",
    VitalKind.CUFF_PRESSURE_MMHG: "mmHg",
    VitalKind.SPO2_PERCENT: "%",
    VitalKind.PERFUSION_INDEX_PERCENT: "%",
    VitalKind.TEMPERATURE_CELSIUS: "°C",
    VitalKind.WEIGHT_KG: "kg",
    VitalKind.GLUCOSE_MG_PER_DL: "mg/dL",
    VitalKind.RESPIRATION_PER_MINUTE: "/min",
}
# What the row of an instrument is called by, the first that it has.
HEADS = (
    VitalKind.SPO2_PERCENT,
    VitalKind.TEMPERATURE_CELSIUS,
    VitalKind.WEIGHT_KG,
    VitalKind.GLUCOSE_MG_PER_DL,
    VitalKind.RESPIRATION_PER_MINUTE,
    VitalKind.OXYGEN_GIVEN,
    VitalKind.CONSCIOUSNESS_ACVPU,
    VitalKind.SPO2_SCALE,
)
# Where a pulse stands beside a name, it says what it is; the name of others is the head's.
NAMED_BESIDE = {
    VitalKind.PULSE_PER_MINUTE: "vitals.extra-pulse",
    VitalKind.MEAN_ARTERIAL_MMHG: "vitals.extra-mean",
    VitalKind.PERFUSION_INDEX_PERCENT: "vitals.extra-perfusion",
}
FLAGS_SAID = frozenset(QualityFlag) - {QualityFlag.FROM_MEMORY, QualityFlag.UNDATED}


@dataclass(frozen=True, slots=True)
class MeasurementWords:
    """`value` with its unit for a row, `number` and `unit` apart for a tile, `extra` besides."""

    what: str  # "Blood pressure", "Oxygen saturation"
    number: str
    unit: str
    value: str
    extra: str
    spoken: str


def words_of(measured: Measurement) -> MeasurementWords:
    """Of a blood pressure both numbers are one value."""
    if measured.device.kind is DeviceKind.BLOOD_PRESSURE_CUFF:
        return _pressure_words(measured)
    kinds = [kind for kind in HEADS if measured.value_of(kind) is not None]
    if not kinds:
        return MeasurementWords(wording.text("unknown"), wording.DASH, "", wording.DASH, "", "")
    head, others = kinds[0], kinds[1:]
    what, value = wording.text(f"vital.{head}"), value_words(measured, head)
    beside = [value_words(measured, kind) for kind in others] + _beside(measured)
    return MeasurementWords(
        what=what,
        number=_number(measured, head),
        unit=UNITS.get(head, ""),
        value=value,
        extra=", ".join(beside),
        spoken=wording.spoken(", ".join([f"{what} {value}", *beside])),
    )


def _pressure_words(measured: Measurement) -> MeasurementWords:
    systolic, diastolic = (
        _number(measured, kind) for kind in (VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG)
    )
    number = wording.isolate(f"{systolic}/{diastolic}")
    what, extra = wording.text("vitals.blood-pressure"), ", ".join(_beside(measured))
    said = wording.text("vitals.spoken-pressure", systolic=systolic, diastolic=diastolic)
    if measured.value_of(VitalKind.PULSE_PER_MINUTE) is not None:
        pulse = _number(measured, VitalKind.PULSE_PER_MINUTE)
        said = f"{said}, {wording.text('vitals.extra-pulse', value=pulse)}"
    return MeasurementWords(
        what=what,
        number=number,
        unit="mmHg",
        value=wording.isolate(f"{systolic}/{diastolic} mmHg"),
        extra=extra,
        spoken=wording.spoken(said),
    )


def _beside(measured: Measurement) -> list[str]:
    found = []
    for kind, key in NAMED_BESIDE.items():
        if measured.value_of(kind) is not None:
            found.append(wording.text(key, value=value_words(measured, kind)))
    return found


def value_words(measured: Measurement, kind: VitalKind) -> str:
    """A number with its unit; what was chosen, in a word."""
    value = measured.value_of(kind)
    if value is None:
        return wording.DASH
    if kind is VitalKind.OXYGEN_GIVEN:
        return wording.text("oxygen.given" if value else "oxygen.air")
    if kind is VitalKind.CONSCIOUSNESS_ACVPU:
        return consciousness_words(value)
    if kind is VitalKind.SPO2_SCALE:
        return wording.text("spo2-scale", number=wording.number(value))
    return wording.quantity(value, UNITS[kind])


def consciousness_words(place: Decimal) -> str:
    levels = tuple(Consciousness)
    is_known = place == place.to_integral_value() and 0 <= place < len(levels)
    return wording.text(f"consciousness.{levels[int(place)]}") if is_known else wording.DASH


def _number(measured: Measurement, kind: VitalKind) -> str:
    value = measured.value_of(kind)
    return wording.DASH if value is None else wording.number(value)


def flags_words(measured: Measurement) -> str:
    """What the device itself said against its measurement."""
    said = [flag for flag in QualityFlag if flag in measured.quality & FLAGS_SAID]
    return ", ".join(wording.text(f"quality.{flag}") for flag in said)


def own_clock_words(measured: Measurement, now: datetime) -> str:
    """The device's time is what tells a measurement of today from one of last week."""
    if measured.device_time is not None:
        time = wording.moment(measured.device_time, now)
        return wording.text("tray.own-clock", time=time)
    is_undated = QualityFlag.UNDATED in measured.quality
    return wording.text("tray.clock-never-set" if is_undated else "tray.no-own-clock")


def notes_of(reading: Reading, now: datetime) -> tuple[str, ...]:
    """How a reading came to be this patient's, and how it was taken; each a line below it."""
    found = [flags_words(reading.measured), _series_words(reading)]
    if reading.taken is not None:
        taken = reading.taken
        found.append(
            wording.text(
                "vitals.taken",
                arm=wording.text(f"arm.{taken.arm}"),
                cuff=wording.text(f"cuff-size.{taken.cuff_size}"),
                position=wording.text(f"position.{taken.position}"),
                rest=wording.span(taken.rested_s),
            )
        )
    if reading.assigned is not None:
        clock = own_clock_words(reading.measured, now)
        found.append(wording.text("vitals.assigned", clock=clock))
    return tuple(line for line in found if line)


def _series_words(reading: Reading) -> str:
    part = reading.series
    if part is None:
        return ""
    if part.is_average:
        return wording.text("vitals.average", count=len(part.averaged))
    key = "vitals.in-series" if part.is_counted else "vitals.in-series-left-out"
    return wording.text(key, number=part.number)
