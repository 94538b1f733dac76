"""Readings: what a device measured is asked again here whether it may be kept."""

from sqlalchemy import Connection

from app.contract.bodies import ReadingBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.told_records import reading_told
from server.judging import Submission, Verdict, merged, must_be_by, must_be_new, of_visit


def judge_reading(connection: Connection, submission: Submission) -> Verdict:
    if not may(submission.role, Action.KEEP_READING):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, ReadingBody)
    must_be_by(submission, body.kept_by)
    of_visit(connection, submission.change, body.visit, body.patient)
    reading_told(str(submission.change.record), document, submission.role)
    return Verdict(document, Act.READING_KEPT, body.patient, body.visit)
