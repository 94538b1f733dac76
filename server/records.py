"""The records as they stand, of every type, and the feed position that each write gives them.

Which fields a record may have is no matter of this file; features judge, this file keeps.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from app.domain.changes import RecordType
from server.database import feed_head, feed_head_is, remembered
from server.held_writes import HeldWrites, held_of
from server.tables import records, time_text

Document = dict[str, Any]
FILE_KEY = "file_key"
COMPACT = json.JSONEncoder(separators=(",", ":"))
KNOWN = "records as they stand"  # of one push: asked for once


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """`position` is 0 until it is stored. `file_sha256` names the file that belongs to it."""

    id: UUID
    record_type: RecordType
    version: int
    schema_version: int
    document: Document
    patient: UUID | None = None
    visit: UUID | None = None
    file_sha256: str | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as its row stands, `document` as text: for those that are only handed on."""

    id: str
    record_type: str
    version: int
    position: int
    schema_version: int
    document: str
    patient: str | None
    visit: str | None
    file_sha256: str | None

    def stored(self) -> StoredRecord:
        return StoredRecord(
            id=UUID(self.id),
            record_type=RecordType(self.record_type),
            version=self.version,
            schema_version=self.schema_version,
            document=json.loads(self.document),
            patient=None if self.patient is None else UUID(self.patient),
            visit=None if self.visit is None else UUID(self.visit),
            file_sha256=self.file_sha256,
            position=self.position,
        )


# Made once: what they are made of takes longer than what they do.
ROWS = select(*(records.c[field.name] for field in fields(RecordRow)))
ONE = ROWS.where(records.c.id == bindparam("record"))
THESE = ROWS.where(records.c.id.in_(bindparam("records", expanding=True)))
ADD = insert(records).on_conflict_do_nothing(index_elements=[records.c.id])
CHANGE = update(records).where(records.c.id == bindparam("record"))
MOVE = CHANGE.values(position=bindparam("at"))


def find(connection: Connection, record: UUID) -> StoredRecord | None:
    known: dict[UUID, StoredRecord | None] | None = remembered(connection).get(KNOWN)
    if known is not None and record in known:
        return known[record]
    row = connection.execute(ONE, {"record": str(record)}).first()
    found = None if row is None else RecordRow(*row).stored()
    if known is not None:
        known[record] = found
    return found


def look_up(connection: Connection, wanted: Iterable[UUID]) -> None:
    """Asked once for all of them; from here on each is known as it stands, for this transaction."""
    known: dict[UUID, StoredRecord | None] = dict.fromkeys(wanted)
    rows = connection.execute(THESE, {"records": [str(record) for record in known]})
    known.update({record.id: record for record in (RecordRow(*row).stored() for row in rows)})
    remembered(connection)[KNOWN] = known


def find_of_type(connection: Connection, record: UUID, kind: RecordType) -> StoredRecord | None:
    found = find(connection, record)
    return found if found is not None and found.record_type is kind else None


def find_by_file(connection: Connection, file_sha256: str) -> list[StoredRecord]:
    rows = connection.execute(ROWS.where(records.c.file_sha256 == file_sha256))
    return [RecordRow(*row).stored() for row in rows]


def of_type(connection: Connection, kind: RecordType) -> list[StoredRecord]:
    """All of them: for what whoever runs the server does by hand, not for a request."""
    rows = connection.execute(ROWS.where(records.c.record_type == str(kind)))
    return [RecordRow(*row).stored() for row in rows]


def since(
    connection: Connection, position: int, limit: int, seen: ColumnElement[bool]
) -> list[RecordRow]:
    """Those written after `position`, in order, each as it stands now."""
    query = ROWS.where(records.c.position > position, seen)
    rows = connection.execute(query.order_by(records.c.position).limit(limit))
    return [RecordRow(*row) for row in rows]


def in_id_order(
    connection: Connection, after: str, limit: int, seen: ColumnElement[bool]
) -> list[RecordRow]:
    query = ROWS.where(records.c.id > after, seen)
    rows = connection.execute(query.order_by(records.c.id).limit(limit))
    return [RecordRow(*row) for row in rows]


def of_patients_seen(
    connection: Connection,
    start: datetime,
    end: datetime,
    after: str,
    limit: int,
    seen: ColumnElement[bool],
) -> list[RecordRow]:
    """In the order of their ids: all of the patients who have a visit between these times."""
    begins = func.julianday(func.json_extract(records.c.document, "$.starts_at"))
    expected = select(records.c.patient).where(
        records.c.record_type == str(RecordType.VISIT),
        begins >= func.julianday(time_text(start)),
        begins < func.julianday(time_text(end)),
    )
    query = ROWS.where(records.c.patient.in_(expected), records.c.id > after, seen)
    rows = connection.execute(query.order_by(records.c.id).limit(limit))
    return [RecordRow(*row) for row in rows]


def store(connection: Connection, record: StoredRecord) -> StoredRecord:
    """Write it at the feed's new head. Only ever on the writer's connection."""
    record = replace(record, position=feed_head(connection) + 1)
    values = {
        "record_type": str(record.record_type),
        "version": record.version,
        "position": record.position,
        "schema_version": record.schema_version,
        "document": COMPACT.encode(record.document),
        "patient": None if record.patient is None else str(record.patient),
        "visit": None if record.visit is None else str(record.visit),
        "file_sha256": record.file_sha256,
    }
    feed_head_is(connection, record.position)
    held = held_of(connection)
    if held is not None:
        _hold(connection, held, record, values)
        return record
    # What is its first version is not there yet; that it is all the same is looked at.
    if record.version == 1 and connection.execute(ADD, {"id": str(record.id), **values}).rowcount:
        return record
    if not connection.execute(CHANGE, {"record": str(record.id), **values}).rowcount:
        connection.execute(ADD, {"id": str(record.id), **values})
    return record


def _hold(
    connection: Connection, held: HeldWrites, record: StoredRecord, values: dict[str, Any]
) -> None:
    """Each version is written, as a history of them is what a trigger or a copy of the log sees."""
    if find(connection, record.id) is None:
        held.made.append((ADD, {"id": str(record.id), **values}))
    else:
        held.changed.append((CHANGE, {"record": str(record.id), **values}))
    remembered(connection)[KNOWN][record.id] = record


def tell_again(connection: Connection, patient: UUID) -> None:
    """All of this patient's records go to the feed's end, in the order in which they stand there.

    None of them is changed: who has them already gets what they have.
    """
    for record in of_patient(connection, patient):
        position = feed_head(connection) + 1
        connection.execute(MOVE, {"record": str(record.id), "at": position})
        feed_head_is(connection, position)


def of_patient(connection: Connection, patient: UUID) -> list[StoredRecord]:
    """In the order of the feed, the patient's own record among them."""
    query = ROWS.where(records.c.patient == str(patient))
    rows = connection.execute(query.order_by(records.c.position))
    return [RecordRow(*row).stored() for row in rows]


def take_out(connection: Connection, record: UUID) -> None:
    """It is here no more; whoever says so keeps a departure in its place in the feed."""
    connection.execute(delete(records).where(records.c.id == str(record)))


def has_file_key(value: Any) -> bool:
    """Whether a key that opens a file stands anywhere in it."""
    if isinstance(value, dict):
        return bool(value.get(FILE_KEY)) or any(has_file_key(item) for item in value.values())
    return isinstance(value, list) and any(has_file_key(item) for item in value)


def without_file_keys(value: Any) -> Any:
    """The same with each file key empty, at any depth, in fields of later releases too."""
    if isinstance(value, dict):
        return {
            name: "" if name == FILE_KEY else without_file_keys(item)
            for name, item in value.items()
        }
    return [without_file_keys(item) for item in value] if isinstance(value, list) else value
