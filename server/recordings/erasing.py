"""Erasing a file on order: its key is destroyed, and without it the bytes are noise, everywhere.

The record stays, without its key; it goes out by the feed, and each desk destroys what it has.
What held the key here is overwritten: rows by `secure_delete`, the log by cutting it off.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, VisitId
from server.audit_trail import append, event_of
from server.recordings.store import mark_erased
from server.records import (
    StoredRecord,
    find,
    find_by_file,
    has_file_key,
    store,
    without_file_keys,
)

WITH_FILES = frozenset({RecordType.RECORDING, RecordType.STILL, RecordType.MESSAGE})


@dataclass(frozen=True, slots=True)
class Erased:
    """`files` are to be removed from the shelf. `is_news`: False when it was ordered before."""

    record_type: RecordType
    files: list[str]
    is_news: bool


def erase(connection: Connection, record: UUID, now: datetime) -> Erased:
    """In one transaction: record, history, table of files and audit. Twice is harmless.

    Rejected(NOT_FOUND) when there is no such record, or it has no file.
    """
    found = find(connection, record)
    files = [] if found is None else files_of(found)
    if found is None or not files:
        raise Rejected(Code.NOT_FOUND, "no record with a file has this id")
    alone = [name for name in files if _is_of_this_alone(connection, name, record)]
    is_news = has_file_key(found.document)
    if is_news:
        store(
            connection,
            replace(found, document=without_file_keys(found.document), version=found.version + 1),
        )
        _tell(connection, found, now)
    mark_erased(connection, alone)
    return Erased(found.record_type, alone, is_news)


def files_of(record: StoredRecord) -> list[str]:
    """The names of its files, of each part of one that came in parts."""
    if record.record_type not in WITH_FILES:
        return []
    if record.record_type is RecordType.MESSAGE:
        return [part["file_sha256"] for part in record.document.get("file_parts") or ()]
    return [record.document["file_sha256"]]


def _is_of_this_alone(connection: Connection, name: str, record: UUID) -> bool:
    others = [other for other in find_by_file(connection, name) if other.id != record]
    return not any(has_file_key(other.document) for other in others)


def _tell(connection: Connection, record: StoredRecord, now: datetime) -> None:
    event = event_of(
        Act.FILE_ERASED,
        now,
        patient=None if record.patient is None else PatientId(record.patient),
        visit=None if record.visit is None else VisitId(record.visit),
        subject=record.id,
    )
    append(connection, event)
