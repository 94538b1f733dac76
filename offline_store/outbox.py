"""Changes on their way to the server: the only writer of the table outbox.

A change is stored as the contract's body and never rewritten. It leaves only in the transaction
that stores the server's answer, or when a person gives a refused one up.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.contract.sync import ChangeBody
from app.domain.changes import (
    BY_ITSELF,
    CLINICAL_ORDER,
    Change,
    ChangeResult,
    ConfirmedRecord,
    Json,
    NewChange,
    Outcome,
    PendingChange,
    RecordType,
    UnsentTally,
)
from app.domain.conflicts import Take
from app.domain.failures import Code, Rejected, Untrusted
from app.domain.ids import ChangeId, RecordId, VisitId, new_id
from offline_store.confirmed import ConfirmedRecords
from offline_store.connection import Connection
from offline_store.counters import Counter, next_of, raise_to
from offline_store.departures import Departures
from offline_store.documents import Lookup, decision_in, lookup_of
from offline_store.kept import Kept
from offline_store.laid_over import is_made_upon, laid_over
from offline_store.sent import SentChanges

WAITING = """
SELECT o.record, o.body FROM outbox o
WHERE o.record_type = ? AND o.refused IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM outbox earlier
    WHERE earlier.record_type = o.record_type AND earlier.record = o.record
      AND earlier.counter < o.counter AND earlier.refused IS NOT NULL)
  AND NOT EXISTS (
    SELECT 1 FROM outbox pointing
    JOIN attachments a ON a.file_sha256 = pointing.file_sha256 AND a.is_sent = 0
    WHERE pointing.record_type = o.record_type AND pointing.record = o.record
      AND pointing.counter <= o.counter)
  AND NOT EXISTS (
    SELECT 1 FROM outbox pointing,
      json_each(CAST(pointing.body AS TEXT), '$.fields_set.file_parts') part
    JOIN attachments a ON a.file_sha256 = part.value ->> 'file_sha256' AND a.is_sent = 0
    WHERE pointing.record_type = o.record_type AND pointing.record = o.record
      AND pointing.counter <= o.counter)
ORDER BY o.counter
"""
SHOWN_BODY = """
SELECT shown_body FROM outbox WHERE record_type = ? AND record = ? AND is_shown
"""
IS_HERE = "SELECT 1 FROM records WHERE record_type = 'patient' AND record = ?"
# Of each type the count, and the row of the earliest time.
UNSENT = """
SELECT record_type, count(*), at, min(julianday(at))
FROM (SELECT record_type, CAST(body AS TEXT) ->> '$.device_time' AS at FROM outbox
  WHERE refused IS NULL)
GROUP BY record_type ORDER BY record_type
"""
OF_RECORD = """
SELECT counter, body, refused FROM outbox WHERE record_type = ? AND record = ? ORDER BY counter
"""
COUNTER_OF = """
SELECT counter FROM outbox WHERE id = ?
"""
INSERT = """
INSERT INTO outbox (counter, id, record_type, record, schema_version, body, file_sha256, shown_body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
DROPPABLE = """
SELECT o.record_type, o.record, EXISTS (
  SELECT 1 FROM outbox held
  WHERE held.record_type = o.record_type AND held.record = o.record
    AND held.counter <= o.counter AND held.refused IS NOT NULL)
FROM outbox o WHERE o.id = ?
"""
WAITING_MOST_BYTES = 640 * 1024  # of one push: a server takes a MiB, audit events included
WAIT_ANEW = """
UPDATE outbox SET refused = NULL WHERE counter = ? RETURNING body
"""
LAY = """
UPDATE outbox SET shown_body = ?, is_shown = ?, patient = ?, visit = ?, at = ?, state = ?
WHERE counter = ?
"""


class Outbox:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._confirmed = ConfirmedRecords(connection)
        self._departures = Departures(connection)
        self._kept = Kept(connection)
        self._sent = SentChanges(connection)

    def add(self, new: NewChange) -> Change:
        """The change with its id, counter and what stood before; it is shown from now on.

        `new.base_version` is the confirmed version on which the person acted. Each change of the
        same record that is still to be accepted raises it by one, because the server will have
        counted those when this one arrives; refused ones it will not have counted.
        """
        record = (new.record_type, str(new.record))
        shown = self.shown(new.record_type, new.record)
        if not new.fields_set:
            raise Rejected(Code.NOTHING_TO_KEEP)
        if shown is None and new.base_version > 0:
            raise Rejected(Code.NOT_FOUND)
        before = shown or {}
        document = json.dumps({**before, **new.fields_set}).encode()
        _refuse_malformed(new.record_type, new.record, document)
        ahead = self._connection.execute(
            "SELECT count(*) FROM outbox WHERE record_type = ? AND record = ? AND refused IS NULL",
            record,
        ).fetchone()
        base_version = new.base_version + (ahead[0] if ahead else 0)
        if base_version == 0 and shown is not None and not _is_whole(new):
            base_version = 1  # upon what was refused, and may be accepted yet
        change = Change(
            id=ChangeId(new_id()),
            record_type=new.record_type,
            record=new.record,
            base_version=base_version,
            fields_set=new.fields_set,
            previous=_previous(new, before),
            device=self._kept.device_id(),
            counter=next_of(self._connection, Counter.CHANGES_MADE),
            stamp=new.stamp,
            author=new.author,
            patient=new.patient,
            visit=new.visit,
        )
        body = ChangeBody.from_domain(change).model_dump_json().encode()
        self._insert(change, body, document)
        self.lay_over(new.record_type, new.record)
        return change

    def _insert(self, change: Change, body: bytes, document: bytes) -> None:
        file_sha256 = change.fields_set.get("file_sha256")
        self._connection.execute(
            INSERT,
            (
                change.counter,
                str(change.id),
                change.record_type,
                str(change.record),
                change.schema,
                body,
                file_sha256 if isinstance(file_sha256, str) else None,
                document,
            ),
        )

    def bodies_after(self, counter: int) -> list[str]:
        """As they were written, oldest first: for the journal."""
        rows = self._connection.execute(
            "SELECT body FROM outbox WHERE counter > ? ORDER BY counter", (counter,)
        )
        return [row[0].decode() for row in rows]

    def put_back(self, body: bytes) -> Change | None:
        """A change that only the journal had; None when it is here. Its body stays as it was."""
        change = change_of(body)
        known = self._connection.execute(
            "SELECT 1 FROM outbox WHERE id = ? OR counter = ?", (str(change.id), change.counter)
        ).fetchone()
        if known is not None:
            return None
        self._insert(change, body, b"{}")
        # Of one that was to be sent again when the machine stopped, the journal alone knew that.
        self._sent.forget(change.counter)
        raise_to(self._connection, Counter.CHANGES_MADE, change.counter)
        self.lay_over(change.record_type, change.record)
        return change

    def put_anew(self, *, after: int) -> None:
        """What the server put behind that position of its feed waits here once more."""
        rows = self._sent.after(after)
        waiting = {counter for (counter,) in self._connection.execute("SELECT counter FROM outbox")}
        for counter, body in rows:
            if counter not in waiting:
                self._insert(change_of(body), body, b"{}")
            self._sent.forget(counter)
        if rows:
            next_of(self._connection, Counter.SENT_AGAIN)  # the journal must have them again
        self._lay_over_records_of([body for _, body in rows])

    def wait_anew(self, counters: Sequence[int]) -> None:
        """Refused ones, of which the server may think otherwise now."""
        bodies: list[bytes] = []
        for counter in counters:
            rows = self._connection.execute(WAIT_ANEW, (counter,)).fetchall()
            bodies += [body for (body,) in rows]
        self._lay_over_records_of(bodies)

    def waiting(self, limit: int, behind: Sequence[Change] = ()) -> list[Change]:
        """In clinical order, then oldest first; no more than go in one body.

        Behind a refused change, or one whose file is unsent, its record waits. `behind`: changes
        that are on their way to the server, behind whose records, too, it waits.
        """
        found: list[Change] = []
        room = WAITING_MOST_BYTES
        besides = {str(change.record) for change in behind}
        for kind in CLINICAL_ORDER:  # each by its index: a long queue is not sorted at each push
            # Read no further than is wanted: of a bound LIMIT the plan is made anew at each asking,
            # which takes longer than all else here.
            for record, body in self._connection.execute(WAITING, (kind,)):
                if record in besides:
                    continue
                room -= len(body)
                if len(found) == limit or (room < 0 and found):
                    return found
                found.append(change_of(body))
        return found

    def all(self) -> list[PendingChange]:
        """Oldest first; with a refused one, what stands at the server as far as known here."""
        rows = self._connection.execute("SELECT body, refused FROM outbox ORDER BY counter")
        return [self._pending(body, refused) for body, refused in rows.fetchall()]

    def refused(self) -> list[PendingChange]:
        """Of all, those to which the server said no."""
        rows = self._connection.execute(
            "SELECT body, refused FROM outbox WHERE refused IS NOT NULL ORDER BY counter"
        )
        return [self._pending(body, refused) for body, refused in rows.fetchall()]

    def of_visit(self, visit: VisitId) -> list[Change]:
        rows = self._connection.execute(
            "SELECT body FROM outbox WHERE CAST(body AS TEXT) ->> '$.visit' = ? ORDER BY counter",
            (str(visit),),
        )
        return [change_of(body) for (body,) in rows.fetchall()]

    def unsent(self) -> UnsentTally:
        """Asked after each act: no change is made of them, however long an outage lasts."""
        rows = self._connection.execute(UNSENT).fetchall()
        made = [
            datetime.fromisoformat(at)
            for record_type, _, at, _ in rows
            if record_type not in BY_ITSELF
        ]
        counts = tuple((RecordType(record_type), count) for record_type, count, _, _ in rows)
        return UnsentTally(counts, min(made, default=None))

    def _pending(self, body: bytes, refused: str | None) -> PendingChange:
        change, code = change_of(body), None if refused is None else Code(refused)
        if code is None:
            return PendingChange(change)
        return PendingChange(change, code, self._confirmed.find(change.record_type, change.record))

    def settle(self, result: ChangeResult) -> None:
        """Take the server's answer in. A second answer to the same change changes nothing more."""
        row = self._connection.execute(
            "SELECT record_type, record, body FROM outbox WHERE id = ?", (str(result.change),)
        ).fetchone()
        if row is None:
            self._keep_record(result.record)
            self._keep_record(result.conflict)
            return
        record_type, record = RecordType(row[0]), RecordId(UUID(row[1]))
        _refuse_foreign(result, record_type, record)
        known = self._as_written(row[2], result) if result.record is None else result.record
        self._keep_record(known, is_laid_later=True)
        if result.record is not None and self._departures.are_any():
            self._departures.stays(result.record)
        is_decided = (record_type, result.outcome) == (RecordType.CONFLICT, Outcome.CONFLICT)
        if result.outcome in (Outcome.ACCEPTED, Outcome.ALREADY_THERE) or is_decided:
            # Of a decision in conflict: somebody else was quicker.
            self._delete(result.change, kept_at=_position_in(result))
        else:
            self._mark(result)
            self._keep_record(result.conflict)
            if result.conflict is not None:
                self.let_go_if_decided(result.conflict)  # before its answer came
        self.lay_over(record_type, record)

    def _as_written(self, body: bytes, result: ChangeResult) -> ConfirmedRecord | None:
        """The server has the change, and says no more of a patient who is not seen here now: until
        they leave, what was written stays. None where they have left, or newer is here.
        """
        change = change_of(body)
        is_settled = result.outcome in (Outcome.ACCEPTED, Outcome.ALREADY_THERE)
        if not is_settled or result.position is None:
            return None
        here = self._connection.execute(IS_HERE, (str(change.patient or change.record),)).fetchone()
        before = self._confirmed.find(change.record_type, change.record)
        document = {} if before is None else json.loads(before.body)
        if before is None:
            is_new = _is_whole(change)
        else:  # of a change that is in it already neither holds, but where it was undone since
            is_newer = before.version < (result.version or 0)
            is_new = is_newer and is_made_upon(document, json.loads(body))
        if here is None or not is_new:
            return None
        return ConfirmedRecord(
            record_type=change.record_type,
            record=change.record,
            # One more than is here, and not the server's: others' changes may be in that.
            version=1 if before is None else before.version + 1,
            position=result.position,
            schema=change.schema,
            body=json.dumps({**document, **change.fields_set}).encode(),
            patient=change.patient,
            visit=change.visit,
        )

    def _keep_record(self, record: ConfirmedRecord | None, *, is_laid_later: bool = False) -> None:
        if record is None or not self._confirmed.keep_answered(record):
            return
        if isinstance(record.record_type, RecordType) and not is_laid_later:
            self.lay_over(record.record_type, record.record)
        self.let_go_if_decided(record)

    def let_go_if_decided(self, record: ConfirmedRecord) -> None:
        """A change in conflict leaves when a person decided: the server's history has both."""
        if record.record_type is not RecordType.CONFLICT:
            return
        take = decision_in(record.body)
        if take is None:
            return
        row = self._connection.execute(
            "SELECT record_type, record FROM outbox WHERE id = ? AND refused IS NOT NULL",
            (str(record.record),),
        ).fetchone()
        if row is not None:
            # What was taken is in a change of its own; what was not is nowhere but in the conflict.
            is_elsewhere = take in (Take.MINE, Take.BOTH)
            position = None if is_elsewhere else record.position
            self._delete(ChangeId(record.record), kept_at=position)
            self.lay_over(RecordType(row[0]), RecordId(UUID(row[1])))

    def _mark(self, result: ChangeResult) -> None:
        is_conflict = result.outcome is Outcome.CONFLICT
        code = result.code or (Code.CONFLICT if is_conflict else Code.SERVER_ERROR)
        self._connection.execute(
            "UPDATE outbox SET refused = ? WHERE id = ?", (code, str(result.change))
        )

    def drop(self, change: ChangeId) -> None:
        """Only a refused one, or one that waits behind a refused one of its record.

        What may be on its way to the server cannot be called back.
        """
        row = self._connection.execute(DROPPABLE, (str(change),)).fetchone()
        if row is None:
            return
        if not row[2]:
            raise Rejected(Code.NOT_ALLOWED, "the change is not refused")
        self._delete(change, kept_at=None)
        self.lay_over(RecordType(row[0]), RecordId(UUID(row[1])))

    def _delete(self, change: ChangeId, *, kept_at: int | None) -> None:
        """`kept_at`: where in the feed the server has it; None: it has it nowhere."""
        if kept_at is not None:
            self._sent.keep(change, position=kept_at)
        self._connection.execute("DELETE FROM outbox WHERE id = ?", (str(change),))

    def _lay_over_records_of(self, bodies: Sequence[bytes]) -> None:
        changes = map(change_of, bodies)
        for record_type, record in {(one.record_type, one.record): None for one in changes}:
            self.lay_over(record_type, record)

    def lay_over(self, record_type: RecordType, record: RecordId) -> None:
        """Lay the changes of a record anew on what is confirmed now, and choose what is shown.

        What the server refused does not hide what stands there, nor does what was built upon it; a
        change that was made upon what stands is shown. A record that exists nowhere else is shown
        with all its changes.
        """
        rows = self._connection.execute(OF_RECORD, (record_type, str(record))).fetchall()
        if not rows:
            return
        confirmed = self._confirmed.find(record_type, record)
        document: dict[str, Json] = {} if confirmed is None else json.loads(confirmed.body)
        no = {counter for counter, _, refused in rows if refused is not None}
        laid, shown = laid_over(document, rows, set() if confirmed is None else no)
        for counter, with_it in laid:
            shown_body = json.dumps(with_it).encode()
            lookup = _lookup(record_type, record, shown_body)
            self._connection.execute(
                LAY,
                (
                    shown_body,
                    int(counter == shown),
                    None if lookup.patient is None else str(lookup.patient),
                    None if lookup.visit is None else str(lookup.visit),
                    lookup.at,
                    lookup.state,
                    counter,
                ),
            )

    def shown(self, record_type: RecordType, record: RecordId) -> dict[str, Json] | None:
        """What the person sees of this record: with their own changes, else as confirmed."""
        row = self._connection.execute(SHOWN_BODY, (record_type, str(record))).fetchone()
        if row is None:
            confirmed = self._confirmed.find(record_type, record)
            row = None if confirmed is None else (confirmed.body,)
        if row is None:
            return None
        document: dict[str, Json] = json.loads(row[0])
        return document

    def stands_without(
        self, record_type: RecordType, record: RecordId, change: ChangeId
    ) -> dict[str, Json]:
        """What would be shown of this record if the server said no to that change. It may wait for
        the server once more, and then what is shown is the change itself.
        """
        confirmed = self._confirmed.find(record_type, record)
        document: dict[str, Json] = {} if confirmed is None else json.loads(confirmed.body)
        rows = self._connection.execute(OF_RECORD, (record_type, str(record))).fetchall()
        no = {counter for counter, _, refused in rows if refused is not None}
        asked = self._connection.execute(COUNTER_OF, (str(change),)).fetchone()
        if asked is not None:
            no.add(asked[0])
        laid, shown = laid_over(document, rows, no)
        return next((with_it for counter, with_it in laid if counter == shown), document)


def change_of(body: bytes) -> Change:
    return ChangeBody.model_validate_json(body).to_domain(body)


def _position_in(result: ChangeResult) -> int | None:
    return result.position if result.record is None else result.record.position


def _previous(new: NewChange, shown: dict[str, Json]) -> dict[str, Json]:
    before = shown if new.seen is None else new.seen
    return {name: before[name] for name in new.fields_set if name in before}


def _lookup(record_type: RecordType, record: RecordId, document: bytes) -> Lookup:
    """A change on a document of a later release is kept, but cannot be shown by this one."""
    try:
        return lookup_of(record_type, record, document)
    except ValueError:
        return Lookup()


def _is_whole(change: NewChange | Change) -> bool:
    """Whether the record could begin with this change."""
    try:
        lookup_of(change.record_type, change.record, json.dumps(change.fields_set).encode())
    except ValueError:
        return False
    return True


def _refuse_malformed(record_type: RecordType, record: RecordId, document: bytes) -> None:
    try:
        lookup_of(record_type, record, document)
    except ValueError:
        is_malformed = True
    else:
        is_malformed = False
    # Raised out here, so that pydantic's words, which quote the document, are not its context.
    if is_malformed:
        raise Rejected(Code.MALFORMED, f"{record_type} {record}")


def _refuse_foreign(result: ChangeResult, record_type: RecordType, record: RecordId) -> None:
    """An answer takes a change out only with that change's own record."""
    answered = result.record
    if answered is None and (result.outcome is not Outcome.ACCEPTED or result.position is not None):
        return
    if answered is None or (answered.record_type, answered.record) != (record_type, record):
        raise Untrusted(Code.MALFORMED, f"answer to change {result.change}")
