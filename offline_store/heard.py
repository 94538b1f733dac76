"""What the far desk told itself before the server did: the only writer of heard_directly.

Kept so that it survives a crash here; the confirmed record takes its place when it comes.
"""

import json
from collections.abc import Sequence

from app.domain.changes import ConfirmedRecord, HeardRecord
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, RecordId
from offline_store.connection import Connection
from offline_store.counters import Counter, value_of
from offline_store.documents import lookup_of

HEARD_MOST = 2_000  # in the store; the server confirms and empties it, but for what it refuses
HEARD_OF_VISIT = 500  # one far side cannot push out what was heard in other visits

KNOWN = """
SELECT 1 FROM records WHERE record = :record
UNION ALL SELECT 1 FROM outbox WHERE record = :record
UNION ALL SELECT 1 FROM heard_directly WHERE record = :record
"""
INSERT = """
INSERT INTO heard_directly (record_type, record, body, patient, visit, at, after_counter)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""


class HeardRecords:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, heard: HeardRecord) -> bool:
        """Whether it is new here. Rejected when it is no document of its type, or too many wait."""
        record = str(heard.record)
        if self._connection.execute(KNOWN, {"record": record}).fetchone() is not None:
            return False
        document = json.dumps(dict(heard.fields)).encode()
        lookup = None
        try:
            lookup = lookup_of(heard.record_type, heard.record, document)
        except ValueError:
            pass  # raised below: pydantic's words, which quote the text, are not its context
        if lookup is None:
            raise Rejected(Code.MALFORMED, f"{heard.record_type} {record}")
        if (lookup.patient, lookup.visit) != (heard.patient, heard.visit):
            raise Rejected(Code.WRONG_PATIENT)
        self._make_room(heard)
        self._connection.execute(
            INSERT,
            (
                heard.record_type,
                record,
                document,
                str(heard.patient),
                str(heard.visit),
                lookup.at,
                value_of(self._connection, Counter.CHANGES_MADE),
            ),
        )
        return True

    def _make_room(self, heard: HeardRecord) -> None:
        """The oldest of other visits goes: after so many more it was refused by the server."""
        of_visit = "SELECT count(*) FROM heard_directly WHERE visit = ?"
        if self._number(of_visit, str(heard.visit)) >= HEARD_OF_VISIT:
            raise Rejected(Code.OVERRUN, "heard directly")
        if self._number("SELECT count(*) FROM heard_directly") >= HEARD_MOST:
            self._connection.execute(
                "DELETE FROM heard_directly WHERE number ="
                " (SELECT min(number) FROM heard_directly WHERE visit <> ?)",
                (str(heard.visit),),
            )

    def _number(self, question: str, *parameters: str) -> int:
        row = self._connection.execute(question, parameters).fetchone()
        return 0 if row is None else int(row[0])

    def gone(self, record: RecordId) -> None:
        """It was taken out at the server before its copy came here: no copy will."""
        self._connection.execute("DELETE FROM heard_directly WHERE record = ?", (str(record),))

    def patient_left(self, patient: PatientId) -> None:
        """Whoever told it sends it; no copy of the server's comes here any more."""
        self._connection.execute("DELETE FROM heard_directly WHERE patient = ?", (str(patient),))

    def confirmed(self, told: Sequence[ConfirmedRecord]) -> None:
        """The server's own copy of these is here now."""
        if not self._number("SELECT EXISTS (SELECT 1 FROM heard_directly)"):
            return
        self._connection.executemany(
            "DELETE FROM heard_directly WHERE record = ? AND record_type = ?",
            [(str(record.record), str(record.record_type)) for record in told],
        )
