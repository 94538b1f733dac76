"""The server's database and files as they lie on the disk, read with the standard library alone.

The audit's digests are computed here anew, by code that the product does not share.
"""

import hashlib
import json
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.waiting import NotSo

LIMIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Row:
    """A record: its id, kind and document."""

    id: str
    kind: str
    version: int
    visit: str | None
    patient: str | None
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """An event of the audit, parsed, and the bytes that are hashed."""

    number: int
    raw: bytes
    digest: str

    @property
    def fields(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.raw)
        return parsed


class DatabaseView:
    def __init__(self, database: Path, files: Path | None = None) -> None:
        """`files` when they lie elsewhere: a copy of the database does without them."""
        self._database = database
        self._files = files or database.parent

    def _all(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        address = f"file:{self._database}?mode=ro"
        try:
            connection = sqlite3.connect(address, uri=True, timeout=LIMIT_S)
            try:
                return connection.execute(question, values).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise NotSo(f"the server's database: {error}") from error

    def is_demonstration(self) -> bool:
        return bool(self._all("SELECT 1 FROM facts WHERE name = 'demonstration'"))

    def records(self) -> list[Row]:
        columns = "id, record_type, version, visit, patient, document"
        found = self._all(f"SELECT {columns} FROM records ORDER BY position")  # noqa: S608  # constant
        return [
            Row(name, kind, version, visit, patient, json.loads(document))
            for name, kind, version, visit, patient, document in found
        ]

    def records_of(self, kind: str) -> list[Row]:
        return [row for row in self.records() if row.kind == kind]

    def accepted_changes(self, record: str) -> list[tuple[str, dict[str, Any]]]:
        """(change id, change) of every change of the record that the server took."""
        found = self._all(
            "SELECT id, change FROM ops WHERE record = ? AND outcome = 'accepted'", record
        )
        return [(row[0], json.loads(row[1])) for row in found]

    def acts(self) -> list[Act]:
        found = self._all("SELECT number, event, digest FROM audit_log ORDER BY number")
        return [Act(*row) for row in found]

    def acts_on(self, act: str, subject: str) -> list[Act]:
        return [
            one
            for one in self.acts()
            if one.fields["act"] == act and one.fields["subject"] == subject
        ]

    def file(self, sha256: str) -> Path:
        for path in self._files.rglob(sha256):
            return path
        raise NotSo(f"no file {sha256[:12]} at the server")


def walk_chain(acts: list[Act], witnesses: dict[str, str]) -> None:
    """Each digest follows from the one before; each witness, as `count:digest`, is on the way.

    leaf = SHA-256(0, event), digest = SHA-256(1, digest before, leaf), the first after 32 zeros.
    """
    digest = bytes(32)
    on_the_way = {0: digest.hex()}
    for place, act in enumerate(acts, start=1):
        if act.number != place:
            raise NotSo(f"audit: event {place} is missing")
        leaf = hashlib.sha256(b"\0" + act.raw).digest()
        digest = hashlib.sha256(b"\1" + digest + leaf).digest()
        if act.digest != digest.hex():
            raise NotSo(f"audit: the digest of event {place} is wrong")
        on_the_way[place] = act.digest
    for holder, witness in witnesses.items():
        count, _, held = witness.partition(":")
        if on_the_way.get(int(count)) != held:
            raise NotSo(f"audit: not the chain that the {holder} has seen up to event {count}")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_uuid7(text: str) -> bool:
    return uuid.UUID(text).version == 7
