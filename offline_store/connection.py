"""One SQLCipher connection, opened as the store needs it, and what its errors mean to the house.

The only importer of sqlcipher3. A connection belongs to the thread that opened it.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Protocol, cast

from sqlcipher3 import dbapi2 as sqlcipher

from app.domain.failures import Code, Failure, Unavailable, Untrusted

SqlValue = str | int | bytes | None
Parameters = Sequence[SqlValue] | Mapping[str, SqlValue]
IN_MEMORY = ":memory:"

PAGE_BYTES = 4096
CACHE_KIB = 65_536
LOG_PAGES = 1_000
# A first load writes some pages again and again, and nothing that the server could not tell anew.
LOG_PAGES_OF_LOAD = 8_000
# A reader's cache holds the whole file up to here: a page read twice is decrypted once.
WORKING_SET_MOST_KIB = 262_144
BUSY_LIMIT_MS = 5_000
# About 2.5 ms per MiB: what is larger is found out when the page is read.
CHECKED_AT_OPENING_BYTES = 4 * 2**20
ROOM_BYTES = 2**18

# Primary result codes (sqlite.org/rescode.html), the only ones the library hands on. After a failed
# HMAC SQLCipher turns read-only.
SQLITE_BUSY, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CORRUPT = 5, 8, 10, 11
SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_NOTADB = 13, 14, 26
DAMAGE = frozenset({SQLITE_READONLY, SQLITE_CORRUPT, SQLITE_NOTADB})


class Cursor(Protocol):
    """What we use of a cursor."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> tuple[Any, ...] | None: ...
    def fetchall(self) -> list[tuple[Any, ...]]: ...
    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...


class Connection(Protocol):
    """What we use of a connection."""

    @property
    def in_transaction(self) -> bool: ...
    @property
    def total_changes(self) -> int: ...
    def execute(self, sql: str, parameters: Parameters = ...) -> Cursor: ...
    def executemany(self, sql: str, rows: Iterable[Parameters], /) -> Cursor: ...
    def enable_load_extension(self, is_allowed: bool, /) -> None: ...
    def backup(
        self,
        target: "Connection",
        *,
        pages: int = ...,
        progress: Callable[[int, int, int], None] | None = ...,
    ) -> None: ...
    def close(self) -> None: ...


def connect(path: Path | None, key: bytes, *, is_new: bool = False) -> Connection:
    """Open the file, or a database in memory when there is no path.

    The key must be known to be the right one (key-check value): what cannot be read then is
    damaged, Untrusted(STORE_DAMAGED).
    """
    place = IN_MEMORY if path is None else f"{path.absolute().as_uri()}?mode={_mode(is_new)}"
    with failures_named(path):
        connection = cast(
            Connection,
            sqlcipher.connect(place, uri=path is not None, isolation_level=None),
        )
        try:
            _set_up(connection, key)
        except BaseException:
            connection.close()
            raise
    return connection


def _mode(is_new: bool) -> str:
    return "rwc" if is_new else "rw"


def _set_up(connection: Connection, key: bytes) -> None:
    # The key comes first, raw, so that no time is spent on deriving it.
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    # The library tells of failed pages on stderr, with the file's name; we tell by exceptions.
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA cipher_page_size = {PAGE_BYTES}")
    connection.execute("SELECT count(*) FROM sqlite_master")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    bring_log_in_at(connection, LOG_PAGES)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_LIMIT_MS}")
    connection.enable_load_extension(False)


def bring_log_in_at(connection: Connection, pages: int) -> None:
    """How long the write-ahead log grows before what stands in it goes into the file."""
    connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")


def keep_working_set(connection: Connection, path: Path) -> None:
    """Room for all pages there are and as many that come; room that is not needed costs nothing."""
    file_kib = path.stat().st_size // 1024
    kib = min(max(CACHE_KIB, 2 * file_kib), WORKING_SET_MOST_KIB)
    connection.execute(f"PRAGMA cache_size = -{kib}")


def copy_under(connection: Connection, copy: Path, key: bytes) -> None:
    """The whole database in another file, encrypted with another key."""
    where = f"{copy.absolute().as_uri()}?mode=rwc"
    connection.execute("ATTACH DATABASE ? AS copy KEY ?", (where, f"x'{key.hex()}'"))
    try:
        connection.execute("PRAGMA copy.synchronous = FULL")
        connection.execute("SELECT sqlcipher_export('copy')").fetchall()
        row = connection.execute("PRAGMA user_version").fetchone()
        assert row is not None
        connection.execute(f"PRAGMA copy.user_version = {int(row[0])}")
    finally:
        connection.execute("DETACH DATABASE copy")


def is_sound(connection: Connection) -> bool:
    """Tables, indexes and references fit together."""
    said = connection.execute("PRAGMA quick_check").fetchall()
    return said == [("ok",)] and not connection.execute("PRAGMA foreign_key_check").fetchall()


@contextmanager
def whole(connection: Connection) -> Iterator[None]:
    """One transaction: what stands in the block comes about whole or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors, a full disk among them.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check_pages(connection: Connection, path: Path) -> None:
    """Every page's HMAC; Untrusted(STORE_DAMAGED) when one is not what was written.

    Pages that a power cut left half written stand whole in the write-ahead log, so that is brought
    in before a fault is believed.
    """
    if path.stat().st_size > CHECKED_AT_OPENING_BYTES:
        return
    with failures_named(path):
        if not _faults(connection):
            return
        bring_log_in(connection)
        if _faults(connection):
            raise Untrusted(Code.STORE_DAMAGED, "a page")


def bring_log_in(connection: Connection) -> None:
    """The write-ahead log goes into the file whole, and is emptied."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _faults(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute("PRAGMA cipher_integrity_check").fetchall()


@contextmanager
def failures_named(path: Path | None) -> Iterator[None]:
    """The library's errors in the words of the house; what is our own mistake stays as it is."""
    try:
        yield
    except sqlcipher.Error as error:
        failure = _named(error, path)
        if failure is None:
            raise
        raise failure from error


def _named(error: Exception, path: Path | None) -> Failure | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # A write that finds no room ends as FULL, a sync or a growing index as one of the other two.
    if code == SQLITE_FULL or (code in (SQLITE_IOERR, SQLITE_CANTOPEN) and has_no_room(path)):
        return Unavailable(Code.STORE_FULL)
    if code == SQLITE_IOERR:
        return Unavailable(Code.DISK_FAULT)
    if code in DAMAGE:
        return Untrusted(Code.STORE_DAMAGED, "the database")
    if code == SQLITE_CANTOPEN:
        return Unavailable(Code.PROFILE_UNUSABLE)
    if code == SQLITE_BUSY:
        return Unavailable(Code.STORE_IN_USE)
    return None


def has_no_room(path: Path | None) -> bool:
    """Tried out, because a quota does not show in the disk's free space."""
    if path is None:
        return False
    try:
        with TemporaryFile(dir=path.parent) as trial:
            trial.write(bytes(ROOM_BYTES))
            trial.flush()
            os.fsync(trial.fileno())
    except OSError:
        return True
    return False
