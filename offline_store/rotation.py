"""A new key for the whole store, after one may have become known: a copy under it takes its place.

Store and keys are swapped one after the other; between the two, `keys.next.json` lies there without
the copy, and the next start ends what was begun. Nothing is in the clear at any moment.
"""

import logging
from contextlib import closing
from pathlib import Path

from app.domain.failures import Code, Untrusted
from offline_store.connection import connect, copy_under, failures_named, is_sound
from offline_store.key_wrapping import KeyFile, KeyPath
from offline_store.page_check import PageCheck
from offline_store.profile_folder import disk_failures, sync_folder
from offline_store.snapshot import forget_snapshot
from offline_store.store_file import BEFORE_NAME, JOURNAL_NAME, remove_with_log

log = logging.getLogger(__name__)

NEXT_NAME = "keys.next.json"
ROTATED_NAME = "rotated.db"


def rotate(store: Path, key: bytes, next_keys: KeyFile, next_key: bytes) -> None:
    """The store is closed and holds all that its journal does, which is written anew afterwards."""
    copy = store.with_name(ROTATED_NAME)
    with disk_failures():
        _forget_attempt(store)
        try:
            _copy(store, key, copy, next_key)
            KeyPath(store.parent, NEXT_NAME).write(next_keys)
        except BaseException:
            _forget_attempt(store)
            raise
        copy.replace(store)
        sync_folder(store.parent)
        _finish(store)
    log.info("the store was encrypted anew under another key")


def _copy(store: Path, key: bytes, copy: Path, next_key: bytes) -> None:
    with failures_named(store):
        with closing(connect(store, key)) as connection:
            copy_under(connection, copy, next_key)
        with closing(connect(copy, next_key)) as copied:
            if not is_sound(copied):
                raise Untrusted(Code.STORE_DAMAGED, "under another key")
    if not PageCheck(copy, next_key).is_whole():
        raise Untrusted(Code.STORE_DAMAGED, "under another key")


def _finish(store: Path) -> None:
    """What the former key opens goes: its journal is in the store whole, its copies are old."""
    keys = KeyPath(store.parent)
    keys.forget_copy()  # of the former key
    KeyPath(store.parent, NEXT_NAME).path.replace(keys.path)
    sync_folder(store.parent)
    keys.keep_copy()
    store.with_name(JOURNAL_NAME).unlink(missing_ok=True)
    store.with_name(BEFORE_NAME).unlink(missing_ok=True)
    forget_snapshot(store)


def finish_rotation(store: Path) -> None:
    """After a crash. While the copy lies there under its own name, nothing has happened yet."""
    if store.with_name(ROTATED_NAME).exists():
        _forget_attempt(store)
    elif store.with_name(NEXT_NAME).exists():
        _finish(store)


def _forget_attempt(store: Path) -> None:
    # The keys first: alone they would say that the copy has taken the store's place.
    store.with_name(NEXT_NAME).unlink(missing_ok=True)
    remove_with_log(store.with_name(ROTATED_NAME))
