"""What of a transaction goes into the journal, and how it comes back into a store that lacks it.

A frame holds the rows that a person's act made: changes to send, events of the device's chain,
measurements that arrived or were decided upon. The rows' own bytes, so that nothing is made anew.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.domain.audit import Witness, leaf_of, next_digest
from app.domain.changes import Change
from offline_store.attachments import Attachments
from offline_store.audit_log import AuditLog
from offline_store.connection import Connection
from offline_store.counters import Counter, raise_to, value_of
from offline_store.kept import Kept
from offline_store.measurements import Measurements
from offline_store.outbox import Outbox

log = logging.getLogger(__name__)

ROWS_IN_FRAME = 200  # of a journal that is written anew: no frame is larger than it must be


@dataclass(frozen=True, slots=True)
class Mark:
    """How far outbox and chain had come when a transaction began."""

    changes: int
    events: int
    sent_again: int

    @classmethod
    def of(cls, connection: Connection) -> "Mark":
        head = AuditLog(connection).head()
        return cls(
            value_of(connection, Counter.CHANGES_MADE),
            head.count,
            value_of(connection, Counter.SENT_AGAIN),
        )


@dataclass(slots=True)
class Restored:
    """What came back. `broken_chain`: events that do not continue the chain were left out."""

    changes: int = 0
    events: int = 0
    measurements: int = 0
    broken_chain: bool = False

    @property
    def is_nothing(self) -> bool:
        return not (self.changes or self.events or self.measurements)


@dataclass(frozen=True, slots=True)
class Rows:
    """One frame's contents."""

    changes: list[str] = field(default_factory=list)
    events: list[tuple[int, str, str]] = field(default_factory=list)
    measurements: list[list[Any]] = field(default_factory=list)
    identity: dict[str, Any] | None = None

    def payload(self) -> bytes:
        fields = {
            "changes": self.changes,
            "events": self.events,
            "measurements": self.measurements,
            "identity": self.identity,
        }
        return json.dumps({name: value for name, value in fields.items() if value}).encode()

    @classmethod
    def from_payload(cls, payload: bytes) -> "Rows":
        fields = json.loads(payload)
        return cls(
            fields.get("changes", []),
            [(number, event, digest) for number, event, digest in fields.get("events", [])],
            fields.get("measurements", []),
            fields.get("identity"),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.events or self.measurements)


def rows_since(connection: Connection, mark: Mark, touched: set[str]) -> Rows:
    """What this transaction made; `touched` names the measurements that it wrote."""
    return Rows(
        Outbox(connection).bodies_after(mark.changes),
        AuditLog(connection).raw_after(mark.events),
        Measurements(connection).rows_of(touched),
    )


def all_rows(connection: Connection) -> Iterator[Rows]:
    """All that is not the server's yet; first who this device is and where its chain stands."""
    audit = AuditLog(connection)
    acknowledged = audit.acknowledged()
    yield Rows(identity=_identity(connection, acknowledged))
    parts: list[tuple[list[Any], Callable[[list[Any]], Rows]]] = [
        (Outbox(connection).bodies_after(0), lambda part: Rows(changes=part)),
        (audit.raw_after(acknowledged.count), lambda part: Rows(events=part)),
        (Measurements(connection).waiting_rows(), lambda part: Rows(measurements=part)),
    ]
    for rows, as_rows in parts:
        for start in range(0, len(rows), ROWS_IN_FRAME):
            yield as_rows(rows[start : start + ROWS_IN_FRAME])


def _identity(connection: Connection, acknowledged: Witness) -> dict[str, Any]:
    kept, seen = Kept(connection), AuditLog(connection).server_witness()
    return {
        "device": str(kept.device_id()),
        "private_key": kept.device_private_key().hex(),
        "changes_made": value_of(connection, Counter.CHANGES_MADE),
        "chain": [acknowledged.count, acknowledged.digest],
        "server_chain": [seen.count, seen.digest],
    }


def take_identity(connection: Connection, identity: dict[str, Any]) -> None:
    """A store made anew is the same device to the server, and counts on from where it was."""
    Kept(connection).be(identity["device"], bytes.fromhex(identity["private_key"]))
    raise_to(connection, Counter.CHANGES_MADE, identity["changes_made"])
    audit = AuditLog(connection)
    audit.go_on_from(Witness(*identity["chain"]))
    if identity["server_chain"][0] > audit.server_witness().count:
        audit.keep_server_witness(Witness(*identity["server_chain"]))


def put_back(connection: Connection, rows: Rows, recordings: Path, restored: Restored) -> None:
    """What of these rows is not here. A change that the server had is sent again: it answers so."""
    outbox = Outbox(connection)
    for body in rows.changes:
        try:
            change = outbox.put_back(body.encode())
        except ValueError:  # stays in the journal, for the release that knows it
            log.error("a change in the journal is of a later release and stays there")
            continue
        if change is not None:
            _wait_for_files(connection, change, recordings)
            restored.changes += 1
    _continue_chain(connection, rows, restored)
    restored.measurements += Measurements(connection).put_back(rows.measurements)


def _continue_chain(connection: Connection, rows: Rows, restored: Restored) -> None:
    audit = AuditLog(connection)
    for number, event, digest in rows.events:
        head = audit.head()
        if number <= head.count:
            continue
        if number != head.count + 1 or digest != next_digest(head.digest, leaf_of(event.encode())):
            restored.broken_chain = True
            return
        audit.put_back(number, event.encode(), digest)
        restored.events += 1


def _wait_for_files(connection: Connection, change: Change, recordings: Path) -> None:
    """Files that the change names and that lie here are to be sent before it."""
    parts = change.fields_set.get("file_parts")
    named = [change.fields_set.get("file_sha256")]
    if isinstance(parts, list):
        named += [part.get("file_sha256") for part in parts if isinstance(part, dict)]
    for name in named:
        path = recordings / name if isinstance(name, str) and name.isalnum() else None
        if path is not None and path.is_file():
            Attachments(connection).add(path.name, path.stat().st_size)
