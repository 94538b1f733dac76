"""What the features share to judge a change: the document after it, and the visit it belongs to."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Connection

from app.contract.bodies import BODY_OF
from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import Change, RecordType
from app.domain.failures import Code, Rejected
from app.domain.visits import VisitState
from server.records import Document, StoredRecord, find_of_type

# The longest note, each of its characters written as two escapes, and room for fields to come.
DOCUMENT_MAX_BYTES = 320 * 1024
CONFLICT_MAX_BYTES = 5 * DOCUMENT_MAX_BYTES  # what was seen, mine, theirs, what it became and was
DOCUMENT_MAX_DEPTH = 16
STRICT = json.JSONEncoder(allow_nan=False)


@dataclass(frozen=True, slots=True)
class Submission:
    """A change that is to be judged: who made it, in which role, on which record as it stands."""

    change: Change
    role: Role
    current: StoredRecord | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the record becomes, and the act that the audit tells."""

    document: Document
    act: Act
    patient: UUID
    visit: UUID | None
    file_sha256: str | None = None


# Rejected with the reason when the change may not be.
Judge = Callable[[Connection, Submission], Verdict]


def merged(submission: Submission) -> tuple[Document, Any]:
    """The document after the change and its checked body; fields we do not know are kept."""
    current = submission.current
    document = {**(current.document if current is not None else {}), **submission.change.fields_set}
    return document, checked(submission.change.record_type, document)


def checked(kind: RecordType, document: Document) -> BaseModel:
    """Strictly read: every reader of the feed must understand what is stored.

    One document that no reader can take in would stop the feed for every desk.
    """
    try:
        if _is_deeper(document, DOCUMENT_MAX_DEPTH):
            raise ValueError("depth")
        data = STRICT.encode(document).encode()
        is_conflict = kind is RecordType.CONFLICT
        if len(data) > (CONFLICT_MAX_BYTES if is_conflict else DOCUMENT_MAX_BYTES):
            raise Rejected(Code.TOO_LARGE, f"a {kind}")
        body = BODY_OF[kind].model_validate_json(data, strict=True)
        _must_be_plain(document, body)
    except ValueError as error:
        raise Rejected(Code.MALFORMED, f"a {kind} does not fit") from error
    return body


def _must_be_plain(document: Document, body: BaseModel) -> None:
    """Ids and times in the one form that all readers share; ValueError when they are not."""
    for name, value in body:
        if isinstance(value, datetime):
            datetime.fromisoformat(document[name])
        elif isinstance(value, UUID) and str(value) != document[name]:
            raise ValueError(name)


def of_visit(connection: Connection, change: Change, visit: UUID, patient: UUID) -> VisitState:
    """Rejected unless the visit is there and is this patient's; its state."""
    if change.visit not in (None, visit) or change.patient not in (None, patient):
        raise Rejected(Code.WRONG_PATIENT)
    found = find_of_type(connection, visit, RecordType.VISIT)
    if found is None:
        raise Rejected(Code.NOT_FOUND, "visit")
    if found.patient != patient:
        raise Rejected(Code.WRONG_PATIENT)
    return VisitState(found.document["state"])


def must_be_new(submission: Submission) -> None:
    """What was measured, heard or sent is a fact and never changed."""
    if submission.current is not None:
        raise Rejected(Code.NOT_ALLOWED)


def must_be_by(submission: Submission, named: UUID) -> None:
    """Nobody writes in another person's name."""
    if named != submission.change.author:
        raise Rejected(Code.NOT_ALLOWED)


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)
