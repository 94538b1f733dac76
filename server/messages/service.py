"""Messages between the two sides of a visit: written once, never changed."""

from sqlalchemy import Connection

from app.contract.bodies import MessageBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from server.judging import Submission, Verdict, merged, must_be_by, must_be_new, of_visit


def judge_message(connection: Connection, submission: Submission) -> Verdict:
    if not may(submission.role, Action.WRITE_MESSAGE):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, MessageBody)
    must_be_by(submission, body.author)
    of_visit(connection, submission.change, body.visit, body.patient)
    return Verdict(document, Act.MESSAGE_WRITTEN, body.patient, body.visit)
