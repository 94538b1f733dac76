"""The journal as the store keeps it: each act's frame is durable before its transaction is.

Frames count up with the store (counter `journal-frame`): those above the store's number are acts
that its file lost, or never got, and are put back when it is opened. On the store's worker only.
"""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path

from app.domain.failures import Failure
from offline_store.act_frames import (
    Mark,
    Restored,
    Rows,
    all_rows,
    put_back,
    rows_since,
    take_identity,
)
from offline_store.connection import Connection, whole
from offline_store.counters import Counter, raise_to, value_of
from offline_store.journal import HEADER, Found, Frame, Journal
from offline_store.profile_folder import disk_failures

log = logging.getLogger(__name__)

# A journal above this size is looked at: how much of it does the server have by now?
LOOKED_AT_BYTES = 2**18
# What a row costs beside its body, about.
ROW_BYTES = 80
LIVE = """
SELECT (SELECT coalesce(sum(length(body) + :row), 0) FROM outbox)
  + (SELECT coalesce(sum(length(event) + :row + 64), 0) FROM audit_log
     WHERE number > (SELECT coalesce(max(value), 0) FROM counters WHERE name = :acknowledged))
  + (SELECT coalesce(sum(length(body) + :row), 0) FROM measurements WHERE body IS NOT NULL)
"""


class _Written(Enum):
    """How the frame of the transaction under way came into the file."""

    APPENDED = auto()
    ANEW = auto()


class ActJournal:
    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._journal = Journal(path, key)
        self._open_frame: _Written | None = None
        self._is_doubtful = False

    def reconcile(self, connection: Connection, recordings: Path) -> Restored:
        """Store and journal say the same from here on; what only the journal had is put back."""
        found, restored = self._journal.read(), Restored()
        number = value_of(connection, Counter.JOURNAL_FRAME)
        later = [frame for frame in found.frames if frame.counter > number]
        if later:
            with whole(connection):
                self._put_back(connection, found, later, recordings, restored)
            log.warning("acts put back from the journal: %d changes", restored.changes)
        if found.is_damaged:
            self._set_aside()
        number = value_of(connection, Counter.JOURNAL_FRAME)
        if found.is_damaged or found.end == 0 or found.last_counter != number:
            self._write_anew(connection)
        else:
            self._journal.open_at(found.end)
        return restored

    def _put_back(
        self,
        connection: Connection,
        found: Found,
        later: list[Frame],
        recordings: Path,
        restored: Restored,
    ) -> None:
        identity = Rows.from_payload(found.frames[0].payload).identity
        if identity is not None:
            take_identity(connection, identity)
        for frame in later:
            put_back(connection, Rows.from_payload(frame.payload), recordings, restored)
        raise_to(connection, Counter.JOURNAL_FRAME, later[-1].counter)

    def _set_aside(self) -> None:
        """What cannot be read today may be read by somebody who knows more."""
        log.error("the journal is damaged; it was set aside and is written anew")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        with disk_failures():
            os.replace(self._path, self._path.with_name(f"{self._path.name}.damaged-{stamp}"))

    def _write_anew(self, connection: Connection) -> None:
        with whole(connection):
            number = max(1, value_of(connection, Counter.JOURNAL_FRAME))
            raise_to(connection, Counter.JOURNAL_FRAME, number)
            self._journal.write_anew(_frames_of(connection, number))
        self._is_doubtful = False

    def write(self, connection: Connection, mark: Mark, touched: set[str]) -> None:
        """Inside the transaction, before its COMMIT. Without an act there is nothing to write."""
        rows = rows_since(connection, mark, touched)
        # What the server had comes back into the outbox with numbers of long ago.
        is_older_back = value_of(connection, Counter.SENT_AGAIN) != mark.sent_again
        if rows.is_empty and not is_older_back:
            return
        number = value_of(connection, Counter.JOURNAL_FRAME) + 1
        raise_to(connection, Counter.JOURNAL_FRAME, number)
        try:
            if self._is_doubtful or is_older_back:
                self._journal.write_anew(_frames_of(connection, number))
                self._is_doubtful, self._open_frame = False, _Written.ANEW
            else:
                self._journal.append(Frame(number, rows.payload()))
                self._open_frame = _Written.APPENDED
        except Failure:
            # After a failed write nobody knows what of the file the disk has: it is made anew.
            self._is_doubtful = True
            raise

    def committed(self) -> None:
        self._open_frame = None

    def rolled_back(self, connection: Connection) -> None:
        """The act did not come about: its frame must not bring it back."""
        written, self._open_frame = self._open_frame, None
        if written is None:
            return
        self._is_doubtful = True
        try:
            if written is _Written.ANEW:
                self._write_anew(connection)
            else:
                self._journal.take_back()
                self._is_doubtful = False
        except Failure as failure:  # written anew with the next act
            log.error("a frame of the journal could not be taken back: %s", failure.code)

    def is_worth_compacting(self, connection: Connection) -> bool:
        """More than half of it is the server's by now."""
        if self._journal.byte_count < LOOKED_AT_BYTES:
            return False
        row = connection.execute(
            LIVE, {"row": ROW_BYTES, "acknowledged": Counter.EVENTS_ACKNOWLEDGED}
        ).fetchone()
        return row is not None and int(row[0]) < self._journal.byte_count // 2

    def compact(self, connection: Connection) -> None:
        """Only what the server has not answered stays; the answers are stored before."""
        self._write_anew(connection)

    @property
    def byte_count(self) -> int:
        return self._journal.byte_count - HEADER.size

    def close(self) -> None:
        self._journal.close()


def _frames_of(connection: Connection, number: int) -> Iterator[Frame]:
    for rows in all_rows(connection):
        yield Frame(number, rows.payload())
