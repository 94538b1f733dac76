"""The device's own chain of events, and how far the server's chain was seen from here.

The only writer of both tables. The chain grows only; a trigger refuses anything else.
"""

from itertools import islice

from app.contract.audit import AuditEventBody
from app.domain.audit import (
    EMPTY_CHAIN,
    AuditEvent,
    DeviceEvent,
    Witness,
    leaf_of,
    next_digest,
)
from app.domain.failures import Code, Untrusted
from offline_store.connection import Connection
from offline_store.counters import Counter, forget, raise_to, value_of
from offline_store.kept import Kept

MAY_HOLD_FEWER = "server-may-hold-fewer-events"

HEAD = """
SELECT number, digest FROM (
  SELECT number, digest FROM (
    SELECT number, digest FROM audit_log ORDER BY number DESC LIMIT 1)
  UNION ALL SELECT count, digest FROM audit_base)
ORDER BY number DESC LIMIT 1
"""
DIGEST_AT = """
SELECT digest FROM audit_log WHERE number = ?
UNION ALL SELECT digest FROM audit_base WHERE count = ?
"""


class AuditLog:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept = Kept(connection)

    def add(self, event: AuditEvent) -> DeviceEvent:
        """The event at the chain's end, with the digest over all before it."""
        last, event_bytes = self.head(), event.canonical()
        number, digest = last.count + 1, next_digest(last.digest, leaf_of(event_bytes))
        self.put_back(number, event_bytes, digest)
        return DeviceEvent(number, digest, event)

    def head(self) -> Witness:
        row = self._connection.execute(HEAD).fetchone()
        return EMPTY_CHAIN if row is None else Witness(row[0], row[1])

    def acknowledged(self) -> Witness:
        """The last event that the server holds; of a store made anew, where it began."""
        until = value_of(self._connection, Counter.EVENTS_ACKNOWLEDGED)
        row = self._connection.execute(DIGEST_AT, (until, until)).fetchone()
        return EMPTY_CHAIN if row is None else Witness(until, row[0])

    def raw_after(self, number: int) -> list[tuple[int, str, str]]:
        """Number, event and digest as they were written, oldest first: for the journal."""
        rows = self._connection.execute(
            "SELECT number, event, digest FROM audit_log WHERE number > ? ORDER BY number",
            (number,),
        )
        return [(number, event.decode(), digest) for number, event, digest in rows]

    def put_back(self, number: int, event: bytes, digest: str) -> None:
        """An event that only the journal had; whoever puts it back has checked that it follows."""
        self._connection.execute(
            "INSERT INTO audit_log (number, event, digest) VALUES (?, ?, ?)",
            (number, event, digest),
        )

    def go_on_from(self, held: Witness) -> None:
        """What the server holds beyond the last event here is not told to it again."""
        if held.count <= self.head().count:
            return
        self._connection.execute(
            "INSERT INTO audit_base (only_row, count, digest) VALUES (1, ?, ?)"
            " ON CONFLICT (only_row) DO UPDATE"
            " SET count = excluded.count, digest = excluded.digest",
            (held.count, held.digest),
        )
        raise_to(self._connection, Counter.EVENTS_ACKNOWLEDGED, held.count)

    def unacknowledged(self, limit: int, after: int = 0) -> list[DeviceEvent]:
        """Oldest first; `after`: the last one that is on its way to the server."""
        rows = self._connection.execute(
            "SELECT number, digest, event FROM audit_log WHERE number > ? ORDER BY number",
            (max(after, value_of(self._connection, Counter.EVENTS_ACKNOWLEDGED)),),
        )
        return [
            DeviceEvent(number, digest, AuditEventBody.model_validate_json(event).to_domain())
            for number, digest, event in islice(rows, limit)  # bound LIMIT: planned anew each time
        ]

    def acknowledge(self, until: int) -> None:
        """Untrusted(AUDIT_MISMATCH) when the server holds events that were never made here."""
        if until > self.head().count:
            raise Untrusted(Code.AUDIT_MISMATCH, f"device event {until}")
        if self._kept.text(MAY_HOLD_FEWER) is not None:
            forget(self._connection, Counter.EVENTS_ACKNOWLEDGED)
            self._kept.keep_text(MAY_HOLD_FEWER, None)
        raise_to(self._connection, Counter.EVENTS_ACKNOWLEDGED, until)

    def ask_again(self) -> None:
        """The server may have forgotten: its next word counts, be it lower than the last."""
        self._kept.keep_text(MAY_HOLD_FEWER, "yes")

    def server_witness(self) -> Witness:
        row = self._connection.execute("SELECT count, digest FROM server_witness").fetchone()
        return EMPTY_CHAIN if row is None else Witness(row[0], row[1])

    def keep_server_witness(self, witness: Witness) -> None:
        """A witness only moves forward; whoever keeps it has checked that the chain only grew."""
        held = self.server_witness()
        if witness.count < held.count or (witness.count == held.count and witness != held):
            raise Untrusted(Code.AUDIT_MISMATCH, f"server event {witness.count}")
        self._connection.execute(
            "INSERT INTO server_witness (only_row, count, digest) VALUES (1, ?, ?)"
            " ON CONFLICT (only_row) DO UPDATE"
            " SET count = excluded.count, digest = excluded.digest",
            (witness.count, witness.digest),
        )
