"""Twelve ways to break a visit from outside, each of which the demonstration must notice.

No hook in the product: the database file is edited, a process is stopped, a sound device is muted,
a cut is not made.
"""

import hashlib
import json
import secrets
import sqlite3
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.clinic import GATE_PORT
from demo.stage import Stage
from demo.waiting import NotSo

LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Sabotage:
    """`at` is the moment of the story, `noticed_by` the step or check that must fail."""

    at: str
    noticed_by: str
    on_stage: Callable[[Stage], None] | None = None
    in_database: Callable[[sqlite3.Connection], None] | None = None

    def strike(self, stage: Stage) -> None:
        if self.on_stage is not None:
            self.on_stage(stage)
        if self.in_database is not None:
            edit(stage.clinic.database, self.in_database)


def edit(database: Path, change: Callable[[sqlite3.Connection], None]) -> None:
    """As somebody who may write the file: the guards are taken off and put back afterwards."""
    with _unguarded(database) as connection:
        change(connection)


@contextmanager
def _unguarded(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(database, timeout=LIMIT_S, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in guards:
            connection.execute(f'DROP TRIGGER "{name}"')
        yield connection
        for _, making in guards:
            connection.execute(making)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _one(connection: sqlite3.Connection, kind: str) -> tuple[str, dict[str, object]]:
    row = connection.execute(
        "SELECT id, document FROM records WHERE record_type = ? ORDER BY position DESC LIMIT 1",
        (kind,),
    ).fetchone()
    if row is None:
        raise NotSo(f"nothing to break: there is no {kind}")
    return row[0], json.loads(row[1])


def _write(connection: sqlite3.Connection, record: str, document: dict[str, object]) -> None:
    connection.execute(
        "UPDATE records SET document = ? WHERE id = ?", (json.dumps(document), record)
    )


# --- in the database -----------------------------------------------------------------------------


def wrong_digest(connection: sqlite3.Connection) -> None:
    number = connection.execute("SELECT max(number) / 2 FROM audit_log").fetchone()[0]
    connection.execute(
        "UPDATE audit_log SET digest = ? WHERE number = ?", (secrets.token_hex(32), number)
    )


def wrong_hash(connection: sqlite3.Connection) -> None:
    record, document = _one(connection, "recording")
    _write(connection, record, document | {"sha256": secrets.token_hex(32)})


def wrong_id(connection: sqlite3.Connection) -> None:
    """A reading under another id than the one that the audit says was kept."""
    record, _ = _one(connection, "reading")
    other = record[:-12] + secrets.token_hex(6)
    connection.execute("UPDATE records SET id = ? WHERE id = ?", (other, record))


def lost_note(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM records WHERE id = ?", (_one(connection, "note")[0],))


def doubled_reading(connection: sqlite3.Connection) -> None:
    record, _ = _one(connection, "reading")
    names = [row[1] for row in connection.execute("PRAGMA table_info(records)")]
    changed = {
        "id": f"'{record[:-12]}{secrets.token_hex(6)}'",
        "position": "(SELECT max(position) + 1 FROM records)",
    }
    values = ", ".join(changed.get(name, name) for name in names)
    connection.execute(
        f"INSERT INTO records ({', '.join(names)}) SELECT {values} FROM records WHERE id = ?",  # noqa: S608
        (record,),
    )


def wrong_patient(connection: sqlite3.Connection) -> None:
    record, document = _one(connection, "reading")
    other = str(uuid.uuid4())
    _write(connection, record, document | {"patient": other})
    connection.execute("UPDATE records SET patient = ? WHERE id = ?", (other, record))


def skipped_audit(connection: sqlite3.Connection) -> None:
    """The keeping of a reading taken out of the audit, and every later digest computed anew."""
    rows = connection.execute("SELECT number, event FROM audit_log ORDER BY number").fetchall()
    kept = [row for row in rows if json.loads(row[1])["act"] == "reading-kept"]
    if not kept:
        raise NotSo("nothing to break: no reading was kept")
    connection.execute("DELETE FROM audit_log WHERE number = ?", (kept[0][0],))
    rewrite_chain(connection)


def rewrite_chain(connection: sqlite3.Connection) -> None:
    """Numbers without a gap and digests that follow from each other."""
    rows = connection.execute("SELECT number, event FROM audit_log ORDER BY number").fetchall()
    digest = bytes(32)
    for place, (number, event) in enumerate(rows, start=1):
        leaf = hashlib.sha256(b"\0" + event).digest()
        digest = hashlib.sha256(b"\1" + digest + leaf).digest()
        connection.execute(
            "UPDATE audit_log SET number = ?, digest = ? WHERE number = ?",
            (place, digest.hex(), number),
        )


# --- on the stage --------------------------------------------------------------------------------


def frozen_picture(stage: Stage) -> None:
    """The cart's camera process is stopped, and each one that takes its place."""
    stage.saboteur = stage.desk.programs.start(
        "freezer",
        [sys.executable, "-m", "demo.freezer", str(stage.cart.media_pid())],
        stage.desk.base,
    )


def silent_sound(stage: Stage) -> None:
    stage.desk.sound.silence("workstation", is_silent=True)


def unsynced_outbox(stage: Stage) -> None:
    """Picture and sound come back, the way to the server does not."""
    stage.network.cut_server_only(GATE_PORT)


SABOTAGES = {
    "wrong-digest": Sabotage("before-checks", "audit", in_database=wrong_digest),
    "wrong-hash": Sabotage("before-checks", "recordings", in_database=wrong_hash),
    "wrong-id": Sabotage("before-checks", "kept-by-id", in_database=wrong_id),
    "lost-note": Sabotage("before-checks", "notes", in_database=lost_note),
    "doubled-reading": Sabotage("before-checks", "readings", in_database=doubled_reading),
    "wrong-patient": Sabotage("before-checks", "one-visit", in_database=wrong_patient),
    "skipped-audit": Sabotage("before-checks", "audit", in_database=skipped_audit),
    "frozen-picture": Sabotage("before-picture", "picture", frozen_picture),
    "silent-sound": Sabotage("before-sound", "sound", silent_sound),
    "unsynced-outbox": Sabotage("after-healing", "arrival", unsynced_outbox),
    # These two are left out rather than done: the story asks before it acts.
    "no-cut": Sabotage("instead-of-cut", "cut"),
    "stale-value": Sabotage("instead-of-telling-the-cuff", "cuff"),
}
