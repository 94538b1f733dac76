"""One SQLCipher connection, opened as the store needs it, and what its errors mean to the house.

The only importer of sqlcipher3. A connection belongs to the thread that opened it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from sqlcipher3 import dbapi2 as sqlcipher

from app.domain.failures import Code, Failure, Unavailable, Untrusted

SqlValue = str | int | bytes | None
Parameters = Sequence[SqlValue] | Mapping[str, SqlValue]
IN_MEMORY = ":memory:"

PAGE_BYTES = 4096
CACHE_KIB = 65_536
BUSY_LIMIT_MS = 5_000
# About 2.5 ms per MiB: what is larger is found out when the page is read.
CHECKED_AT_OPENING_BYTES = 4 * 2**20
LEFT_ON_A_FULL_DISK_BYTES = 2**20

# Result codes (sqlite.org/rescode.html). After a failed HMAC SQLCipher turns read-only.
SQLITE_BUSY, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CORRUPT = 5, 8, 10, 11
SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_NOTADB = 13, 14, 26
DAMAGE = frozenset({SQLITE_READONLY, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB})
# What cannot be written has no room (quota, size limit): IOERR_ WRITE, FSYNC, DIR_FSYNC, TRUNCATE,
# SHMSIZE. What cannot be read is damage.
IOERR_OF_WRITING = frozenset({778, 1034, 1290, 1546, 4874})


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
    def execute(self, sql: str, parameters: Parameters = ...) -> Cursor: ...
    def enable_load_extension(self, is_allowed: bool, /) -> None: ...
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
    connection.execute("PRAGMA wal_autocheckpoint = 1000")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_LIMIT_MS}")
    connection.enable_load_extension(False)


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
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if _faults(connection):
            raise Untrusted(Code.STORE_DAMAGED, "a page")


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
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF
    if primary == SQLITE_FULL or code in IOERR_OF_WRITING:
        return Unavailable(Code.STORE_FULL)
    if primary in (SQLITE_IOERR, SQLITE_CANTOPEN) and _is_full(path):
        return Unavailable(Code.STORE_FULL)
    if primary in DAMAGE:
        return Untrusted(Code.STORE_DAMAGED, "the database")
    if primary in (SQLITE_BUSY, SQLITE_CANTOPEN):
        return Unavailable(Code.STORE_IN_USE)
    return None


def _is_full(path: Path | None) -> bool:
    if path is None:
        return False
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize < LEFT_ON_A_FULL_DISK_BYTES
