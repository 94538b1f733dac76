"""Readings: what a device measured is asked again here whether it may be kept."""

from decimal import Decimal

from sqlalchemy import Connection

from app.contract.bodies import QuantityBody, ReadingBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import UCUM_UNIT, Measurement, QualityFlag, Quantity, VitalKind
from app.domain.vitals import assess
from server.judging import Submission, Verdict, merged, must_be_by, must_be_new, of_visit


def judge_reading(connection: Connection, submission: Submission) -> Verdict:
    if not may(submission.role, Action.KEEP_READING):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, ReadingBody)
    must_be_by(submission, body.kept_by)
    of_visit(connection, submission.change, body.visit, body.patient)
    reason = assess(_measurement(body))
    if reason is not None:
        raise Rejected(reason)
    return Verdict(document, Act.READING_KEPT, body.patient, body.visit)


def _measurement(body: ReadingBody) -> Measurement:
    kinds = [quantity.kind for quantity in body.quantities]
    if len(set(kinds)) != len(kinds):
        raise Rejected(Code.MALFORMED, "a quantity is told twice")
    try:
        return Measurement(
            visit=VisitId(body.visit),
            quantities=tuple(_quantity(quantity) for quantity in body.quantities),
            device=DeviceIdentity(
                kind=DeviceKind(body.device.kind),
                model=body.device.model,
                port=body.device.port,
                serial_number=body.device.serial_number,
                driver_version=body.device.driver_version,
            ),
            device_time=body.device_time,
            received_at=body.received_at,
            frame_sha256=body.frame_sha256,
            quality=frozenset(QualityFlag(flag) for flag in body.quality),
        )
    except ValueError as error:  # a word that is in none of our lists
        raise Rejected(Code.MALFORMED, "an unknown kind of quantity, device or flag") from error


def _quantity(body: QuantityBody) -> Quantity:
    kind = VitalKind(body.kind)
    if UCUM_UNIT[kind] != body.unit:
        raise Rejected(Code.MALFORMED, "a unit does not belong to its quantity")
    return Quantity(kind, Decimal(body.value))
