"""Readings: what a device measured is asked again here whether it may be kept."""

from sqlalchemy import Connection

from app.contract.bodies import ReadingBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.measurement import UCUM_UNIT
from app.domain.vitals import assess, reading_from
from server.judging import Submission, Verdict, merged, must_be_by, must_be_new, of_visit

UNIT_OF = {str(kind): unit for kind, unit in UCUM_UNIT.items()}


def judge_reading(connection: Connection, submission: Submission) -> Verdict:
    if not may(submission.role, Action.KEEP_READING):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, ReadingBody)
    must_be_by(submission, body.kept_by)
    of_visit(connection, submission.change, body.visit, body.patient)
    _must_name_units(body)
    try:
        reading = reading_from(str(submission.change.record), document, is_pending=False)
    except (KeyError, ValueError, TypeError) as error:  # a word that is in none of our lists
        raise Rejected(Code.MALFORMED, "an unknown kind of quantity, device or flag") from error
    reason = assess(reading.measured)
    if reason is not None:
        raise Rejected(reason)
    return Verdict(document, Act.READING_KEPT, body.patient, body.visit)


def _must_name_units(body: ReadingBody) -> None:
    """Each quantity once, in the unit that belongs to it: a number alone could mean anything."""
    kinds = {quantity.kind for quantity in body.quantities}
    if len(kinds) != len(body.quantities):
        raise Rejected(Code.MALFORMED, "a quantity is told twice")
    if any(UNIT_OF.get(quantity.kind) != quantity.unit for quantity in body.quantities):
        raise Rejected(Code.MALFORMED, "a unit does not belong to its quantity")
