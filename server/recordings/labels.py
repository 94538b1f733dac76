"""Marks on recorded body sounds: made by their author, who alone may withdraw them."""

from sqlalchemy import Connection

from app.contract.bodies import SoundLabelBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code, Rejected
from server.judging import Submission, Verdict, merged, must_be_by, of_visit
from server.records import find_of_type

CHANGEABLE = frozenset({"is_withdrawn"})


def judge_sound_label(connection: Connection, submission: Submission) -> Verdict:
    """The recording may still be on its way here; one that is here is of the same patient."""
    if not may(submission.role, Action.LABEL_SOUND):
        raise Rejected(Code.NOT_ALLOWED)
    document, body = merged(submission)
    assert isinstance(body, SoundLabelBody)
    must_be_by(submission, body.author)
    of_visit(connection, submission.change, body.visit, body.patient)
    recording = find_of_type(connection, body.recording, RecordType.RECORDING)
    if recording is not None and recording.patient != body.patient:
        raise Rejected(Code.WRONG_PATIENT)
    if submission.current is None:
        return Verdict(document, Act.SOUND_LABELLED, body.patient, body.visit)
    if not CHANGEABLE.issuperset(submission.change.fields_set) or not body.is_withdrawn:
        raise Rejected(Code.NOT_ALLOWED)
    return Verdict(document, Act.SOUND_LABEL_WITHDRAWN, body.patient, body.visit)
