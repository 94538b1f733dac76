"""What the server is asked again: what it may have forgotten, and what it may answer otherwise now.

Writes no table itself: the outbox and `sent` have their own writers.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from app.domain.changes import Json
from app.domain.failures import Code
from app.domain.ids import PatientId
from offline_store.connection import Connection
from offline_store.outbox import OF_RECORD, Outbox

# By a server that was started anew: of an older database, where nothing is in conflict, or as a
# newer program, which can take what the older could not.
ANSWERED_OTHERWISE = (Code.CONFLICT, Code.SCHEMA_TOO_NEW, Code.UNKNOWN_RECORD_TYPE)
UNSEEN = """
SELECT DISTINCT record_type, record, coalesce(CAST(body AS TEXT) ->> '$.patient', record)
FROM outbox WHERE refused = ?
"""


class AskedAgain:
    def __init__(self, connection: Connection, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox

    def all(self, *, after: int) -> None:
        """What the server put behind that position; it knows again what it did not forget.

        With it goes what it may answer otherwise since it was started anew.
        """
        self._outbox.put_anew(after=after)
        for code in ANSWERED_OTHERWISE:
            rows = self._connection.execute("SELECT counter FROM outbox WHERE refused = ?", (code,))
            self._outbox.wait_anew([counter for (counter,) in rows.fetchall()])

    def patients_unseen(self) -> set[PatientId]:
        """About whom something was refused because they are in no scope of its author."""
        rows = self._connection.execute(UNSEEN, (Code.OUT_OF_SCOPE,))
        return {PatientId(UUID(patient)) for _, _, patient in rows}

    def of_patients(self, patients: Sequence[PatientId]) -> None:
        """They are seen here again: what was refused because they were not, and what was not found
        because it is built upon that, may be taken now.

        But not what its author has written past since: that stays before them.
        """
        seen = {str(patient) for patient in patients}
        if not seen:
            return
        unseen = self._connection.execute(UNSEEN, (Code.OUT_OF_SCOPE,)).fetchall()
        for record_type, record, patient in unseen:
            if patient in seen:
                rows = self._connection.execute(OF_RECORD, (record_type, record)).fetchall()
                self._outbox.wait_anew(_refused_unseen(rows))


def _refused_unseen(rows: Sequence[tuple[int, bytes, str | None]]) -> list[int]:
    """Of one record's changes in their order, the counters of those that may be asked again."""
    seen_later: dict[str, Json] = {}  # of each field, what stood there for whoever set it next
    newest_past = 0  # the newest change past which its author wrote: all before it lead to it
    for counter, body, _ in reversed(rows):
        change = json.loads(body)
        fields = change["fields_set"]
        if any(name in seen_later and seen_later[name] != fields[name] for name in fields):
            newest_past = max(newest_past, counter)
        seen_later.update({name: change["previous"].get(name) for name in fields})
    found: list[int] = []
    for counter, _, refused in rows:
        is_due = refused == Code.OUT_OF_SCOPE or (refused == Code.NOT_FOUND and bool(found))
        if refused is not None and (counter <= newest_past or not is_due):
            break  # what comes behind it would wait for it
        found += [counter] if refused is not None else []
    return found
