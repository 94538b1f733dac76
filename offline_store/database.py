"""The encrypted store of one profile: one connection on one worker thread, whole transactions.

`open_store` decides, in order: private folder, no network drive, no second opener, the key, then
the file. Without a keyring that keeps secrets it stays in memory; it is never written in the clear.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from app.domain.audit import Witness
from app.domain.failures import Code, Unavailable, Untrusted
from offline_store.connection import (
    PAGE_BYTES,
    Connection,
    check_pages,
    connect,
    failures_named,
)
from offline_store.key_vault import KeyVault
from offline_store.key_wrapping import KEY_BYTES
from offline_store.migrate import migrate, refuse_what_is_not_ours, steps
from offline_store.profile_folder import (
    FolderLock,
    disk_failures,
    file_system_of,
    make_private,
    refuse_network_drive,
    remove_partial_files,
    sync_folder,
)
from offline_store.recordings import RecordingFolder, RecordingsInMemory
from offline_store.unit_of_work import UnitOfWork

ResultT = TypeVar("ResultT")

STORE_NAME = "store.db"
RECORDINGS_NAME = "recordings"

WITHOUT_KEYRING = frozenset({Code.KEYRING_MISSING, Code.KEYRING_LOCKED})


class Worker:
    """The one thread that owns the connection."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """No limit of time: to give up on a commit under way would be a lie about what is kept."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        self._executor.shutdown()


class OfflineStore:
    """Fulfils ports.Store. `why_not_kept` says why it stays in memory, None when it is kept."""

    def __init__(
        self,
        connection: Connection,
        worker: Worker,
        path: Path | None,
        recordings: RecordingFolder | RecordingsInMemory,
        why_not_kept: Code | None = None,
        has_unopened_store: bool = False,
    ) -> None:
        self._connection = connection
        self._worker = worker
        self._path = path
        self.recordings = recordings
        self.why_not_kept = why_not_kept
        self.has_unopened_store = has_unopened_store

    @property
    def is_kept(self) -> bool:
        return self._path is not None

    def close(self) -> None:
        """On the worker thread. SQLite brings the write-ahead log in and removes it."""
        self._connection.close()

    async def transaction(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """Run `work` whole on the worker thread, or leave everything as it was."""
        return await self._worker.run(lambda: self._whole(work))

    async def erase_traces(self) -> None:
        """What was overwritten stands in no log any more; Unavailable(STORE_IN_USE): not yet."""
        await self._worker.run(self._cut_off_log)

    def _cut_off_log(self) -> None:
        with failures_named(self._path):
            row = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if row is None or row[0]:
            raise Unavailable(Code.STORE_IN_USE, "a reader holds the log")

    def _whole(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        with failures_named(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(UnitOfWork.on(self._connection))
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors, a full disk among them.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        return result


@asynccontextmanager
async def open_store(
    folder: Path,
    vault: KeyVault | None = None,
    *,
    file_system: Callable[[Path], str] = file_system_of,
) -> AsyncIterator[OfflineStore]:
    """The profile's store until the block ends.

    Unavailable: STORE_IN_USE, STORE_NETWORK_DRIVE, STORE_FULL, STORE_TOO_NEW. Untrusted:
    STORE_WRONG_KEY, STORE_DAMAGED; then the file is left as it is, for whoever can mend it.
    """
    worker, lock = Worker(), FolderLock(folder)
    try:
        await worker.run(lambda: _take_folder(folder, lock, file_system))
        store = await _opened(folder, vault or KeyVault(folder), worker)
        try:
            yield store
        finally:
            await worker.run(store.close)
    finally:
        lock.give_back()
        worker.close()


def _take_folder(folder: Path, lock: FolderLock, file_system: Callable[[Path], str]) -> None:
    with disk_failures():
        make_private(folder)
        refuse_network_drive(folder, file_system)
        lock.take()
        remove_partial_files(folder)


async def _opened(folder: Path, vault: KeyVault, worker: Worker) -> OfflineStore:
    path = folder / STORE_NAME
    has_store = _has_store(path)
    try:
        key = await vault.key(has_store=has_store)
    except Unavailable as away:
        if away.code not in WITHOUT_KEYRING:
            raise
        why = away.code
        return await worker.run(lambda: _in_memory(worker, why, has_store))
    return await worker.run(lambda: _on_disk(worker, path, key))


def _has_store(path: Path) -> bool:
    return path.exists() or path.with_name(path.name + "-wal").exists()


def _in_memory(worker: Worker, why: Code, has_unopened_store: bool) -> OfflineStore:
    connection = connect(None, os.urandom(KEY_BYTES))
    migrate(connection)
    return OfflineStore(connection, worker, None, RecordingsInMemory(), why, has_unopened_store)


def _on_disk(worker: Worker, path: Path, key: bytes) -> OfflineStore:
    with disk_failures(), failures_named(path):
        if not _has_store(path):
            _make(path, key)
        recordings = RecordingFolder(path.parent / RECORDINGS_NAME)
        connection = _open_file(path, key)
    return OfflineStore(connection, worker, path, recordings)


def _make(path: Path, key: bytes) -> None:
    """Made whole under another name: a store that is empty has then lost something."""
    unfinished = path.with_name("unfinished.db")
    for name in (unfinished.name, unfinished.name + "-wal", unfinished.name + "-shm"):
        path.with_name(name).unlink(missing_ok=True)
    connection = connect(unfinished, key, is_new=True)
    try:
        migrate(connection)
    finally:
        connection.close()
    unfinished.rename(path)
    sync_folder(path.parent)


def _open_file(path: Path, key: bytes) -> Connection:
    if not path.exists() or (path.is_file() and path.stat().st_size < PAGE_BYTES):
        raise Untrusted(Code.STORE_DAMAGED, "the database is empty")
    connection = connect(path, key)
    try:
        refuse_what_is_not_ours(connection, newest=len(steps()))
        check_pages(connection, path)
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


async def read_witness(folder: Path, vault: KeyVault | None = None) -> Witness:
    """How far this profile has seen the server's audit chain, also while its program runs."""
    path, worker = folder / STORE_NAME, Worker()
    try:
        if not path.exists():
            raise Unavailable(Code.NOT_FOUND, "no store")
        key = await (vault or KeyVault(folder)).key(has_store=True)
        return await worker.run(lambda: _witness_of(path, key))
    finally:
        worker.close()


def _witness_of(path: Path, key: bytes) -> Witness:
    connection = connect(path, key)
    try:
        with failures_named(path):
            return UnitOfWork.on(connection).audit.server_witness()
    finally:
        connection.close()
