"""Readings: what a device measured is asked again here whether it may be kept."""

from sqlalchemy import Connection

from app.contract.bodies import ReadingBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.measurement import UCUM_UNIT, VitalKind
from app.domain.reading import reading_from
from app.domain.vitals import assess
from server.judging import Submission, Verdict, merged, must_be_by, must_be_new, of_visit

UNIT_OF = {str(kind): unit for kind, unit in UCUM_UNIT.items()}


def judge_reading(connection: Connection, submission: Submission) -> Verdict:
    if not may(submission.role, Action.KEEP_READING):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, ReadingBody)
    must_be_by(submission, body.kept_by)
    _must_say_who(submission, body)
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


def _must_say_who(submission: Submission, body: ReadingBody) -> None:
    """Whose it is was said by whoever keeps it; which SpO2 scale holds, a clinician chooses."""
    if body.assigned is not None:
        must_be_by(submission, body.assigned.by)
    if body.series is not None and (body.series.number == 0) is not bool(body.series.averaged):
        raise Rejected(Code.MALFORMED, "an average names its readings")
    chooses = any(quantity.kind == VitalKind.SPO2_SCALE for quantity in body.quantities)
    if chooses and not may(submission.role, Action.CHOOSE_SPO2_SCALE):
        raise Rejected(Code.NOT_ALLOWED)


def _must_name_units(body: ReadingBody) -> None:
    """Each quantity once, in the unit that belongs to it: a number alone could mean anything."""
    kinds = {quantity.kind for quantity in body.quantities}
    if len(kinds) != len(body.quantities):
        raise Rejected(Code.MALFORMED, "a quantity is told twice")
    if any(UNIT_OF.get(quantity.kind) != quantity.unit for quantity in body.quantities):
        raise Rejected(Code.MALFORMED, "a unit does not belong to its quantity")
