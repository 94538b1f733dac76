"""The last good copy of the store, made while it is used and checked before it is called good.

Under the same key as the store. It is what a damaged store begins anew from; all that people did
since comes back from the journal, all else from the server.
"""

import os
import time
from pathlib import Path

from app.domain.failures import Code, Unavailable, Untrusted
from offline_store.connection import Connection, connect, failures_named
from offline_store.page_check import PageCheck
from offline_store.profile_folder import disk_failures, sync_folder
from offline_store.store_file import remove_with_log

SNAPSHOT_NAME = "last-good.db"
UNFINISHED_NAME = "snapshot-unfinished.db"
STEP_PAGES = 512
# Between two steps, so that whoever needs the disk or the interpreter meanwhile gets it.
PAUSE_S = 0.005
# A copy may take what is free but for this: the acts of a day come first.
LEFT_FREE_BYTES = 64 * 2**20


def make_snapshot(connection: Connection, store: Path, key: bytes) -> None:
    """Of what `connection` reads: call it inside of a read transaction, on that one's thread.

    Untrusted(STORE_DAMAGED): the store cannot be copied whole; the copy before it stays.
    """
    unfinished, good = store.with_name(UNFINISHED_NAME), store.with_name(SNAPSHOT_NAME)
    with disk_failures():
        refuse_without_room(store)
        remove_with_log(unfinished)
        try:
            _copy(connection, unfinished, key)
            if not PageCheck(unfinished, key).is_whole():
                raise Untrusted(Code.STORE_DAMAGED, "snapshot")
            _sync(unfinished)
            unfinished.replace(good)
            sync_folder(store.parent)
        finally:
            remove_with_log(unfinished)


def refuse_without_room(store: Path) -> None:
    left = os.statvfs(store.parent)
    if left.f_bavail * left.f_frsize < store.stat().st_size + LEFT_FREE_BYTES:
        raise Unavailable(Code.STORE_FULL, "snapshot")


def _copy(connection: Connection, unfinished: Path, key: bytes) -> None:
    target = connect(unfinished, key, is_new=True)
    try:
        with failures_named(unfinished):
            target.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
            target.execute("PRAGMA synchronous = OFF")  # it counts only once it is synced below
            connection.backup(target, pages=STEP_PAGES, progress=lambda *_: time.sleep(PAUSE_S))
    finally:
        target.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def forget_snapshot(store: Path) -> None:
    """It holds what was shredded since; the next round makes another."""
    remove_with_log(store.with_name(SNAPSHOT_NAME))


def snapshot_age_s(store: Path, now_s: float) -> float | None:
    """By the file's time; None when there is none."""
    try:
        return now_s - store.with_name(SNAPSHOT_NAME).stat().st_mtime
    except FileNotFoundError:
        return None
