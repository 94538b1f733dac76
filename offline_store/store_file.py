"""The store's file on the disk: made, opened, brought to this release's schema, put aside.

A file is never changed to another schema where it lies: a copy is, and takes its place when it was
checked. The one before stays until the next clean start, for whoever must go back.
"""

import os
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from app.domain.failures import Code, Untrusted
from offline_store.connection import (
    PAGE_BYTES,
    Connection,
    bring_log_in,
    check_pages,
    connect,
    failures_named,
    is_sound,
)
from offline_store.migrate import migrate, refuse_what_is_not_ours, steps, version_of
from offline_store.page_check import PageCheck
from offline_store.profile_folder import make_private, sync_folder

STORE_NAME = "store.db"
JOURNAL_NAME = "outbox.journal"
BEFORE_NAME = "store.before"
BESIDE = ("-wal", "-shm")


def has_store(path: Path) -> bool:
    """Also where only its log or its journal is left: something was here."""
    traces = (path, path.with_name(path.name + "-wal"), path.with_name(JOURNAL_NAME))
    return any(trace.exists() for trace in traces)


def make_file(path: Path, key: bytes) -> None:
    """Made whole under another name: a store that is empty has then lost something."""
    unfinished = path.with_name("unfinished.db")
    remove_with_log(unfinished)
    with closing(connect(unfinished, key, is_new=True)) as connection:
        migrate(connection)
    unfinished.rename(path)
    sync_folder(path.parent)


def open_file(path: Path, key: bytes) -> Connection:
    """The store in this release's schema.

    Untrusted(STORE_DAMAGED), Unavailable(STORE_TOO_NEW): then everything lies as it lay.
    """
    if not path.exists() or (path.is_file() and path.stat().st_size < PAGE_BYTES):
        raise Untrusted(Code.STORE_DAMAGED, "the database is empty")
    connection = _checked(path, key)
    if version_of(connection) == len(steps()):
        _forget_the_one_before(path)
        return connection
    with closing(connection):
        bring_log_in(connection)
    _migrate_a_copy(path, key)
    return _checked(path, key)


def _checked(path: Path, key: bytes) -> Connection:
    connection = connect(path, key)
    try:
        refuse_what_is_not_ours(connection, newest=len(steps()))
        check_pages(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate_a_copy(path: Path, key: bytes) -> None:
    copy = path.with_name("migrated.db")
    remove_with_log(copy)
    _must_be_whole(path, key)
    copy_durably(path, copy)
    with failures_named(copy):
        with closing(connect(copy, key)) as connection:
            migrate(connection)
            if not is_sound(connection):
                raise Untrusted(Code.STORE_DAMAGED, "after the change of its form")
        _must_be_whole(copy, key)
    before = path.with_name(BEFORE_NAME)
    before.unlink(missing_ok=True)
    os.link(path, before)  # at every moment there is a whole file under the store's name
    copy.replace(path)
    sync_folder(path.parent)


def _must_be_whole(path: Path, key: bytes) -> None:
    if not PageCheck(path, key).is_whole():
        raise Untrusted(Code.STORE_DAMAGED, "a page")


def _forget_the_one_before(path: Path) -> None:
    """This start found a store of this release's form that opens: nobody has to go back."""
    path.with_name(BEFORE_NAME).unlink(missing_ok=True)


def copy_durably(source: Path, copy: Path) -> None:
    """Ciphertext as it lies: no word is readable on the way."""
    with source.open("rb") as read, copy.open("xb") as written:
        shutil.copyfileobj(read, written, 2**20)
        written.flush()
        os.fsync(written.fileno())
    sync_folder(copy.parent)


def put_aside(path: Path) -> Path:
    """Store, log and a copy of the journal: into a folder for whoever can mend them."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"damaged-{stamp}")
    make_private(aside)
    journal = path.with_name(JOURNAL_NAME)
    if journal.exists():
        copy_durably(journal, aside / journal.name)
    for suffix in (*BESIDE, ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside / part.name)
    sync_folder(aside)
    sync_folder(path.parent)
    return aside


def remove_with_log(path: Path) -> None:
    for suffix in (*BESIDE, ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
