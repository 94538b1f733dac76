"""Notes: written by their author, changed only by the author and only until the visit is signed."""

from sqlalchemy import Connection

from app.contract.bodies import NoteBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.visits import VisitState
from server.judging import Submission, Verdict, merged, must_be_by, of_visit

CHANGEABLE = frozenset({"text", "written_at"})


def judge_note(connection: Connection, submission: Submission) -> Verdict:
    if not may(submission.role, Action.WRITE_NOTE):
        raise Rejected(Code.NOT_ALLOWED)
    document, body = merged(submission)
    assert isinstance(body, NoteBody)
    must_be_by(submission, body.author)
    state = of_visit(connection, submission.change, body.visit, body.patient)
    if submission.current is not None:
        if state is VisitState.SIGNED:
            raise Rejected(Code.ALREADY_SIGNED)
        if not CHANGEABLE.issuperset(submission.change.fields_set):
            raise Rejected(Code.NOT_ALLOWED)
    # A new note of a finished or signed visit is kept: it may have been written during an outage.
    return Verdict(document, Act.NOTE_KEPT, body.patient, body.visit)
