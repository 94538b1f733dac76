"""Stills and what is drawn beside them: kept once, never changed; files lie with recordings'."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection

from app.contract.bodies import StillBody, StillMarksBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code, Rejected
from server.judging import Judge, Submission, Verdict, merged, must_be_by, must_be_new, of_visit
from server.records import find_of_type

# The key of a file as it is kept; Rejected when that file is not here.
WrapKey = Callable[[Connection, UUID, str, str, int], str]


def judge_still(wrapped_key: WrapKey) -> Judge:
    return lambda connection, submission: _judge_still(connection, submission, wrapped_key)


def _judge_still(connection: Connection, submission: Submission, wrapped_key: WrapKey) -> Verdict:
    if not may(submission.role, Action.KEEP_STILL):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, StillBody)
    must_be_by(submission, body.taken_by)
    of_visit(connection, submission.change, body.visit, body.patient)
    document["file_key"] = wrapped_key(
        connection, submission.change.record, body.file_sha256, body.file_key, body.file_bytes
    )
    return Verdict(document, Act.STILL_KEPT, body.patient, body.visit, file_sha256=body.file_sha256)


def judge_still_marks(connection: Connection, submission: Submission) -> Verdict:
    """The still may still be on its way here: its file is large, a drawing is not."""
    if not may(submission.role, Action.MARK_STILL):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, StillMarksBody)
    must_be_by(submission, body.author)
    of_visit(connection, submission.change, body.visit, body.patient)
    still = find_of_type(connection, body.still, RecordType.STILL)
    if still is not None and still.patient != body.patient:
        raise Rejected(Code.WRONG_PATIENT)
    return Verdict(document, Act.STILL_MARKED, body.patient, body.visit)
