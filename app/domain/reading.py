"""A measurement that a person kept: for whom, by whom, how it was taken, and its document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.domain.bp_setting import Arm, CuffSize, Position, Taken
from app.domain.changes import Json
from app.domain.clock import plausible_instant
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.ids import PatientId, PersonId, RecordId, VisitId
from app.domain.measurement import UCUM_UNIT, Measurement, QualityFlag, Quantity, VitalKind
from app.domain.tray import WhyAside

# What a value may look like on any wire: "1E+999999999" is finite, and fills the memory when shown.
_DECIMAL_TEXT = re.compile(r"-?\d{1,6}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Assigned:
    """It came from the tray: who said whose it is, when, and why it had lain there."""

    by: PersonId
    at: datetime
    why: WhyAside


@dataclass(frozen=True, slots=True)
class SeriesPart:
    """Its place in a series of readings. The average names those that it was made of."""

    series: RecordId
    number: int  # from 1; 0 for the average
    is_counted: bool = True
    averaged: tuple[RecordId, ...] = ()

    @property
    def is_average(self) -> bool:
        return bool(self.averaged)


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
    assigned: Assigned | None = None
    taken: Taken | None = None
    series: SeriesPart | None = None

    @property
    def is_counted(self) -> bool:
        """False: a person or the policy left it out of the average."""
        return self.series is None or self.series.is_counted


def fields_of(reading: Reading) -> dict[str, Json]:
    """The reading's document as it is kept and sent (contract: ReadingBody)."""
    fields: dict[str, Json] = {
        "visit": str(reading.visit),
        "patient": str(reading.patient),
        **measurement_fields(reading.measured),
        "kept_at": reading.kept_at.isoformat(),
        "kept_by": str(reading.kept_by),
    }
    assigned, taken, series = reading.assigned, reading.taken, reading.series
    if assigned is not None:
        fields["assigned"] = {
            "by": str(assigned.by),
            "at": assigned.at.isoformat(),
            "why": str(assigned.why),
        }
    if taken is not None:
        fields["taken"] = {
            "arm": str(taken.arm),
            "cuff_size": str(taken.cuff_size),
            "position": str(taken.position),
            "rested_s": taken.rested_s,
        }
    if series is not None:
        fields["series"] = {
            "id": str(series.series),
            "number": series.number,
            "is_counted": series.is_counted,
            "averaged": [str(record) for record in series.averaged],
        }
    return fields


def measurement_fields(measured: Measurement) -> dict[str, Json]:
    """What the device told, without the visit that it was started for."""
    device = measured.device
    return {
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
    }


def decimal_from(value: object) -> Decimal:
    """The number that a wire carried as text; ValueError when it is none of ours."""
    text = str(value)
    if _DECIMAL_TEXT.fullmatch(text) is None:
        raise ValueError("not a decimal")
    return Decimal(text)


def reading_from(record: str, fields: Mapping[str, Any], *, is_pending: bool) -> Reading:
    """The reading of a document; KeyError, ValueError or TypeError when it is not one."""
    visit = VisitId(UUID(str(fields["visit"])))
    return Reading(
        id=RecordId(UUID(record)),
        visit=visit,
        patient=PatientId(UUID(str(fields["patient"]))),
        measured=replace(measurement_from(fields), visit=visit),
        kept_at=_aware(fields["kept_at"]),
        kept_by=PersonId(UUID(str(fields["kept_by"]))),
        is_pending=is_pending,
        assigned=_assigned_from(fields.get("assigned")),
        taken=_taken_from(fields.get("taken")),
        series=_series_from(fields.get("series")),
    )


def measurement_from(fields: Mapping[str, Any]) -> Measurement:
    """Of no visit; KeyError, ValueError or TypeError when it is no measurement."""
    device = fields["device"]
    device_time = fields["device_time"]
    return Measurement(
        visit=None,
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


def _assigned_from(fields: Mapping[str, Any] | None) -> Assigned | None:
    if fields is None:
        return None
    by = PersonId(UUID(str(fields["by"])))
    return Assigned(by, _aware(fields["at"]), WhyAside(fields["why"]))


def _taken_from(fields: Mapping[str, Any] | None) -> Taken | None:
    if fields is None:
        return None
    arm, size = Arm(fields["arm"]), CuffSize(fields["cuff_size"])
    return Taken(arm, size, Position(fields["position"]), int(fields["rested_s"]))


def _series_from(fields: Mapping[str, Any] | None) -> SeriesPart | None:
    if fields is None:
        return None
    averaged = tuple(RecordId(UUID(str(record))) for record in fields["averaged"])
    series, number = RecordId(UUID(str(fields["id"]))), int(fields["number"])
    return SeriesPart(series, number, bool(fields["is_counted"]), averaged)


def _aware(text: str) -> datetime:
    return plausible_instant(datetime.fromisoformat(text))
