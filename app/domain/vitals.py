"""What of a measurement may be kept, and why not. Limits: PLAUSIBLE below, device range first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.domain.changes import Json
from app.domain.clock import plausible_instant
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.failures import Code
from app.domain.ids import PatientId, PersonId, RecordId, VisitId
from app.domain.measurement import UCUM_UNIT, Measurement, QualityFlag, Quantity, VitalKind

STALE_CUFF_PRESSURE_S = 2.0

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
}
PULSE_PRESSURE_MIN_MMHG = Decimal(10)
# What a value may look like on any wire: "1E+999999999" is finite, and fills the memory when shown.
_DECIMAL_TEXT = re.compile(r"-?\d{1,6}(\.\d{1,6})?", re.ASCII)


def assess(measured: Measurement) -> Code | None:
    """None when the measurement may be kept as a reading, else the first reason why not."""
    systolic = measured.value_of(VitalKind.SYSTOLIC_MMHG)
    diastolic = measured.value_of(VitalKind.DIASTOLIC_MMHG)
    if systolic is None or diastolic is None:
        return Code.INCOMPLETE
    if not all(is_plausible(quantity) for quantity in measured.quantities):
        return Code.OUT_OF_RANGE
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
    return low <= quantity.value <= high


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


def fields_of(reading: Reading) -> dict[str, Json]:
    """The reading's document as it is kept and sent (contract: ReadingBody)."""
    measured, device = reading.measured, reading.measured.device
    return {
        "visit": str(reading.visit),
        "patient": str(reading.patient),
        "quantities": [
            {"kind": str(q.kind), "value": format(q.value, "f"), "unit": UCUM_UNIT[q.kind]}
            for q in measured.quantities
        ],
        "device": {
            "kind": str(device.kind),
            "model": device.model,
            "port": device.port,
            "serial_number": device.serial_number,
            "driver_version": device.driver_version,
        },
        "device_time": None if measured.device_time is None else measured.device_time.isoformat(),
        "received_at": measured.received_at.isoformat(),
        "frame_sha256": measured.frame_sha256,
        "quality": [str(flag) for flag in sorted(measured.quality)],
        "kept_at": reading.kept_at.isoformat(),
        "kept_by": str(reading.kept_by),
    }


def decimal_from(value: object) -> Decimal:
    """The number that a wire carried as text; ValueError when it is none of ours."""
    text = str(value)
    if _DECIMAL_TEXT.fullmatch(text) is None:
        raise ValueError("not a decimal")
    return Decimal(text)


def _aware(text: str) -> datetime:
    return plausible_instant(datetime.fromisoformat(text))


def reading_from(record: str, fields: Mapping[str, Any], *, is_pending: bool) -> Reading:
    """The reading of a document; KeyError, ValueError or TypeError when it is not one."""
    device = fields["device"]
    device_time = fields["device_time"]
    visit = VisitId(UUID(str(fields["visit"])))
    measured = Measurement(
        visit=visit,
        quantities=tuple(
            Quantity(VitalKind(item["kind"]), decimal_from(item["value"]))
            for item in fields["quantities"]
        ),
        device=DeviceIdentity(
            kind=DeviceKind(device["kind"]),
            model=str(device["model"]),
            port=str(device.get("port", "")),
            serial_number=str(device.get("serial_number", "")),
            driver_version=str(device.get("driver_version", "")),
        ),
        device_time=None if device_time is None else _aware(device_time),
        received_at=_aware(fields["received_at"]),
        frame_sha256=str(fields["frame_sha256"]),
        quality=frozenset(QualityFlag(flag) for flag in fields.get("quality", [])),
    )
    return Reading(
        id=RecordId(UUID(record)),
        visit=visit,
        patient=PatientId(UUID(str(fields["patient"]))),
        measured=measured,
        kept_at=_aware(fields["kept_at"]),
        kept_by=PersonId(UUID(str(fields["kept_by"]))),
        is_pending=is_pending,
    )
