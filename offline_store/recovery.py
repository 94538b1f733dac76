"""What a person may do about a damaged store: go on with the last good copy and the journal.

Never by itself. Nothing is deleted: the damaged file is put aside whole, with a copy of the
journal, for whoever can mend it.
"""

import logging
from contextlib import closing
from pathlib import Path

from app.domain.failures import Failure
from offline_store.connection import connect
from offline_store.journal import Journal
from offline_store.migrate import version_of
from offline_store.page_check import PageCheck
from offline_store.profile_folder import sync_folder
from offline_store.snapshot import SNAPSHOT_NAME
from offline_store.store_file import (
    JOURNAL_NAME,
    STORE_NAME,
    copy_durably,
    make_file,
    put_aside,
    remove_with_log,
)

log = logging.getLogger(__name__)


def begin_anew(folder: Path, key: bytes, journal_key: bytes) -> bool:
    """A store under the same key, ready to be opened, which puts the journal back into it.

    Whether the last good copy was used; without one the server fills the store again.
    """
    path = folder / STORE_NAME
    put_aside(path)
    snapshot = folder / SNAPSHOT_NAME
    has_copy = _is_good(snapshot, key)
    if has_copy:
        unfinished = folder / "unfinished.db"
        remove_with_log(unfinished)
        copy_durably(snapshot, unfinished)
        unfinished.rename(path)
        sync_folder(folder)
    else:
        make_file(path, key)
    found = Journal(folder / JOURNAL_NAME, journal_key).read()
    log.warning(
        "a store was begun anew: last good copy %s, %d frames in the journal, damaged: %s",
        has_copy,
        len(found.frames),
        found.is_damaged,
    )
    return has_copy


def _is_good(snapshot: Path, key: bytes) -> bool:
    if not snapshot.exists() or not PageCheck(snapshot, key).is_whole():
        return False
    try:
        with closing(connect(snapshot, key)) as connection:
            return version_of(connection) > 0
    except Failure:
        return False
