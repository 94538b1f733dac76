"""Recordings: their files come first, their keys are kept wrapped by the server's own key.

A file is here when its row is written and its bytes lie on the shelf, both.
"""

import base64
import binascii
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from app.contract.bodies import RecordingBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, VisitId
from server.audit_trail import append, append_all, event_of
from server.auth import Caller
from server.database import Database
from server.judging import Submission, Verdict, merged, must_be_by, must_be_new, of_visit
from server.keys import ServerKeys
from server.recordings.fetches import Fetches
from server.recordings.shelf import Shelf
from server.recordings.store import (
    ERASED_BYTES,
    add_file,
    byte_count_of,
    byte_counts_of,
    erased_names,
)
from server.records import COMPACT, Document, RecordRow, StoredRecord, find_by_file

FILE_KEY_BYTES = 32
NAMING_FILES = (RecordType.RECORDING, RecordType.STILL, RecordType.MESSAGE)


class Recordings:
    def __init__(self, database: Database, keys: ServerKeys, shelf: Shelf, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._shelf = shelf
        self._clock = clock
        self._fetches = Fetches(clock)

    def judge(self, connection: Connection, submission: Submission) -> Verdict:
        if not may(submission.role, Action.KEEP_RECORDING):
            raise Rejected(Code.NOT_ALLOWED)
        must_be_new(submission)
        document, body = merged(submission)
        assert isinstance(body, RecordingBody)
        must_be_by(submission, body.recorded_by)
        of_visit(connection, submission.change, body.visit, body.patient)
        document["file_key"] = self.wrapped_key(
            connection, submission.change.record, body.file_sha256, body.file_key, body.file_bytes
        )
        return Verdict(
            document, Act.RECORDING_KEPT, body.patient, body.visit, file_sha256=body.file_sha256
        )

    def wrapped_key(
        self, connection: Connection, record: UUID, sha256: str, key: str, byte_count: int
    ) -> str:
        """As it is kept here; Rejected unless that file is here and the key can be one."""
        stored_bytes = byte_count_of(connection, sha256)
        if stored_bytes is None:
            raise Rejected(Code.NOT_FOUND, "the file of a record")
        if stored_bytes != byte_count:
            raise Rejected(Code.HASH_MISMATCH)
        _must_be_key(key)
        return self._keys.wrap(key, str(record))

    def opened(self, record: StoredRecord) -> StoredRecord:
        """The record as it is delivered, with the keys of its files."""
        document = record.document
        if record.record_type in (RecordType.RECORDING, RecordType.STILL):
            return replace(record, document=self._with_key(document, record.id))
        if record.record_type is RecordType.MESSAGE and document.get("file_parts"):
            parts = [self._with_key(part, record.id) for part in document["file_parts"]]
            return replace(record, document={**document, "file_parts": parts})
        return record

    def opened_text(self, row: RecordRow) -> str:
        """The document of one that is only handed on, as it is delivered."""
        if row.record_type not in NAMING_FILES:
            return row.document
        return COMPACT.encode(self.opened(row.stored()).document)

    def _with_key(self, fields: Document, record: UUID) -> Document:
        if not fields["file_key"]:  # erased on order
            return fields
        return {**fields, "file_key": self._keys.unwrap(fields["file_key"], str(record))}

    async def has_file(self, sha256: str, who: Caller) -> int:
        """Its length; Rejected(NOT_FOUND) when it is not here, FILE_ERASED when it never will."""
        who.must_be_allowed(Action.OPEN_CHART)
        await self.refuse_erased(sha256)
        count = await self._database.read(lambda connection: byte_count_of(connection, sha256))
        if count is None or await self._shelf.byte_count(sha256) != count:
            raise Rejected(Code.NOT_FOUND)
        return count

    async def lacking(self, names: list[str], who: Caller) -> list[str]:
        """Those that whoever has them should bring; none that was erased."""
        who.must_be_allowed(Action.KEEP_RECORDING)
        rows = await self._database.read(lambda connection: byte_counts_of(connection, names))
        there = await self._shelf.counts(names)
        return [
            name
            for name in names
            if rows.get(name) != ERASED_BYTES and (name not in rows or there[name] != rows[name])
        ]

    async def refuse_erased(self, sha256: str) -> None:
        rows = await self._database.read(lambda connection: byte_counts_of(connection, [sha256]))
        if rows.get(sha256) == ERASED_BYTES:
            raise Rejected(Code.FILE_ERASED)

    async def put_file(self, sha256: str, blocks: AsyncIterator[bytes], who: Caller) -> bool:
        """True when it is new; putting it again changes nothing."""
        who.must_be_allowed(Action.KEEP_RECORDING)
        await self.refuse_erased(sha256)
        count = await self._shelf.take_in(sha256, blocks)
        return await self.add_stored(sha256, count, who)

    async def add_stored(self, sha256: str, count: int, who: Caller) -> bool:
        """A file that lies on the shelf, proven, counts from now on. True when it is new."""
        now = self._clock.now()

        def write(connection: Connection) -> bool:
            if sha256 in byte_counts_of(connection, [sha256]):
                return False
            add_file(connection, sha256, count, who.person, now)
            append(connection, event_of(Act.FILE_STORED, now, actor=who.person, device=who.device))
            return True

        return await self._database.write(write)

    async def file_for(self, sha256: str, who: Caller) -> Path:
        """Where the file lies, once it is written down who fetches it."""
        await self.has_file(sha256, who)
        if not self._fetches.is_told(who.session, sha256):
            now = self._clock.now()
            await self._database.write(lambda connection: _tell_fetch(connection, sha256, who, now))
            self._fetches.told(who.session, sha256)
        return self._shelf.path_of(sha256)

    async def remove_erased(self) -> None:
        """What was ordered while nobody served, or was cut short: bytes, and traces in the log."""
        names = await self._database.read(erased_names)
        if await self._shelf.remove(names):
            await self._database.cut_off_log()


def _tell_fetch(connection: Connection, sha256: str, who: Caller, now: datetime) -> None:
    events = [
        event_of(
            Act.FILE_FETCHED,
            now,
            actor=who.person,
            device=who.device,
            patient=None if record.patient is None else PatientId(record.patient),
            visit=None if record.visit is None else VisitId(record.visit),
            subject=record.id,
        )
        for record in find_by_file(connection, sha256)
    ]
    nobodys = event_of(Act.FILE_FETCHED, now, actor=who.person, device=who.device)
    append_all(connection, events or [nobodys])


def _must_be_key(text: str) -> None:
    try:
        is_key = len(base64.b64decode(text, validate=True)) == FILE_KEY_BYTES
    except (ValueError, binascii.Error):
        is_key = False
    if not is_key:
        raise Rejected(Code.MALFORMED, "a file key is 32 bytes in base64")
