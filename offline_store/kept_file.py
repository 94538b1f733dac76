"""A store on the disk while it is open: its connection, journal and readers, opened and closed.

Where its key comes from, and when it is opened, is not decided here. On the store's worker.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from offline_store.act_frames import Restored
from offline_store.act_journal import ActJournal
from offline_store.connection import Connection, failures_named
from offline_store.key_wrapping import KeyFile
from offline_store.profile_folder import disk_failures
from offline_store.readers import Readers
from offline_store.recovery import begin_anew
from offline_store.rotation import rotate
from offline_store.snapshot import forget_snapshot
from offline_store.store_file import (
    BEFORE_NAME,
    JOURNAL_NAME,
    has_store,
    make_file,
    open_file,
)

RECORDINGS_NAME = "recordings"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """`restored`: what the journal gave back at opening."""

    path: Path
    key: bytes
    connection: Connection
    journal: ActJournal
    readers: Readers
    restored: Restored

    def forget_what_went(self) -> None:
        """Journal and copies hold nothing any more that the store does not hold."""
        self.journal.compact(self.connection)
        forget_snapshot(self.path)
        self.path.with_name(BEFORE_NAME).unlink(missing_ok=True)

    def close(self) -> None:
        """After the readers. SQLite brings the log in when the last connection closes."""
        self.journal.close()
        self.connection.close()


def open_kept(path: Path, key: bytes, journal_key: bytes, *, begins_anew: bool = False) -> KeptFile:
    """Made when there is none; Untrusted and Unavailable as open_store says."""
    with disk_failures(), failures_named(path):
        if begins_anew:
            begin_anew(path.parent, key, journal_key)
        elif not has_store(path):
            make_file(path, key)
        connection = open_file(path, key)
        journal = ActJournal(path.with_name(JOURNAL_NAME), journal_key)
        try:
            restored = journal.reconcile(connection, path.parent / RECORDINGS_NAME)
        except BaseException:
            journal.close()
            connection.close()
            raise
    return KeptFile(path, key, connection, journal, Readers(path, key), restored)


def renew_key(
    path: Path, key: bytes, journal_key: bytes, next_keys: KeyFile, next_key: bytes
) -> None:
    """First all that only the journal has goes into the store."""
    with disk_failures(), failures_named(path):
        with closing(open_kept(path, key, journal_key)):
            pass
        rotate(path, key, next_keys, next_key)
