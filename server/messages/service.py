"""Messages between the two sides of a visit, and what desks say of them: never changed."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection

from app.contract.bodies import MessageBody, ReceiptBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code, Rejected
from app.domain.messages import ReceiptKind
from server.judging import Judge, Submission, Verdict, merged, must_be_by, must_be_new, of_visit
from server.records import find_of_type

ACT_OF = {
    ReceiptKind.DELIVERED: Act.MESSAGE_DELIVERED,
    ReceiptKind.READ: Act.MESSAGE_READ,
}


# The key of one part of a file as it is kept; Rejected when that part is not here.
WrapKey = Callable[[Connection, UUID, str, str, int], str]


def judge_message(wrapped_key: WrapKey) -> Judge:
    return lambda connection, submission: _judge_message(connection, submission, wrapped_key)


def _judge_message(connection: Connection, submission: Submission, wrapped_key: WrapKey) -> Verdict:
    if not may(submission.role, Action.WRITE_MESSAGE):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, MessageBody)
    must_be_by(submission, body.author)
    of_visit(connection, submission.change, body.visit, body.patient)
    if (body.file is None) != (not body.file_parts):
        raise Rejected(Code.MALFORMED, "a file without parts")
    if body.file is None:
        return Verdict(document, Act.MESSAGE_WRITTEN, body.patient, body.visit)
    record = submission.change.record
    document["file_parts"] = [
        {
            **sent,
            "file_key": wrapped_key(
                connection, record, part.file_sha256, part.file_key, part.file_bytes
            ),
        }
        for sent, part in zip(document["file_parts"], body.file_parts, strict=True)
    ]
    first = body.file_parts[0].file_sha256  # who fetches it is told to the audit by this record
    return Verdict(document, Act.MESSAGE_WRITTEN, body.patient, body.visit, file_sha256=first)


def judge_receipt(connection: Connection, submission: Submission) -> Verdict:
    """The message may still be on its way here: who heard it over the call may be quicker."""
    if not may(submission.role, Action.WRITE_MESSAGE):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, ReceiptBody)
    must_be_by(submission, body.by)
    of_visit(connection, submission.change, body.visit, body.patient)
    message = find_of_type(connection, body.message, RecordType.MESSAGE)
    if message is not None:
        if message.visit != body.visit:
            raise Rejected(Code.WRONG_PATIENT)
        if message.document["author"] == str(body.by):  # nobody delivers to themselves
            raise Rejected(Code.NOT_ALLOWED)
    return Verdict(document, ACT_OF[body.kind], body.patient, body.visit)
