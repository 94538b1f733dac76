"""The encrypted store of one profile: one writer on its thread, two readers on theirs.

`open_store` decides, in order: private folder, no network drive, no second opener, the key, then
the file. Without a keyring that keeps secrets it stays in memory; it is never written in the clear.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.domain.audit import Witness
from app.domain.failures import Code, Rejected, Unavailable
from offline_store.act_frames import Mark, Restored
from offline_store.act_journal import ActJournal
from offline_store.connection import Connection, connect, failures_named, whole
from offline_store.kept_file import RECORDINGS_NAME, KeptFile, open_kept, renew_key
from offline_store.key_vault import Custody, KeyVault
from offline_store.key_wrapping import KEY_BYTES
from offline_store.migrate import migrate
from offline_store.profile_folder import (
    FolderLock,
    disk_failures,
    file_system_of,
    make_private,
    refuse_network_drive,
    remove_partial_files,
)
from offline_store.recordings import RecordingFolder, RecordingsInMemory
from offline_store.rotation import finish_rotation
from offline_store.store_file import STORE_NAME, has_store
from offline_store.unit_of_work import UnitOfWork
from offline_store.upkeep import Upkeep

ResultT = TypeVar("ResultT")

WITHOUT_KEYRING = frozenset({Code.KEYRING_MISSING, Code.KEYRING_LOCKED})


class Worker:
    """The one thread that owns the writing connection."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """No limit of time: to give up on a commit under way would be a lie about what is kept."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        self._executor.shutdown()


@dataclass(frozen=True, slots=True)
class Opening:
    """How a store is to be opened."""

    vault: KeyVault
    worker: Worker
    begins_anew: bool = False
    pin: str | None = None
    renews_key: bool = False


class OfflineStore:
    """Fulfils ports.Store. `why_not_kept` says why it stays in memory, None when it is kept.

    `restored`: what the journal gave back at opening. `was_begun_anew`: a person asked for that.
    """

    def __init__(
        self,
        connection: Connection,
        worker: Worker,
        recordings: RecordingFolder | RecordingsInMemory,
        kept: KeptFile | None = None,
        vault: KeyVault | None = None,
        *,
        why_not_kept: Code | None = None,
        has_unopened_store: bool = False,
        was_begun_anew: bool = False,
    ) -> None:
        self._connection = connection
        self._worker = worker
        self._kept = kept
        self._vault = vault
        self.recordings = recordings
        self.why_not_kept = why_not_kept
        self.has_unopened_store = has_unopened_store
        self.restored = Restored() if kept is None else kept.restored
        self.was_begun_anew = was_begun_anew
        self._path = None if kept is None else kept.path
        self._upkeep = None if kept is None else Upkeep(self, kept)
        self._rests = False
        self._one_at_a_time = asyncio.Lock()  # while it rests

    @property
    def is_kept(self) -> bool:
        return self._path is not None

    @property
    def upkeep(self) -> Upkeep | None:
        """None in memory: what goes with the window needs no care."""
        return self._upkeep

    # --- keys --------------------------------------------------------------------------------

    @property
    def custody(self) -> Custody | None:
        """What opened it; None in memory."""
        return None if self._vault is None else self._vault.custody

    @property
    def has_pin(self) -> bool:
        return self._vault is not None and self._vault.has(Custody.PIN)

    async def set_pin(self, pin: str | None) -> None:
        """A PIN that opens this store, too; None: none any more. Rejected in memory."""
        if self._vault is None or self._kept is None:
            raise Rejected(Code.NOT_ALLOWED, "nothing is kept, or it rests")
        await self._vault.set_pin(self._kept.key, pin)

    async def wipe(self) -> None:
        """What is kept here is unreadable from the next start on: its keys are destroyed."""
        if self._vault is not None:
            await self._vault.destroy()

    # --- rest --------------------------------------------------------------------------------

    @property
    def rests(self) -> bool:
        return self._rests

    async def rest(self) -> None:
        """The database is closed and its key forgotten; each transaction opens it for itself.

        Only where the machine itself gives the key again: with a PIN alone it stays open.
        """
        if self._kept is None or self.custody not in (Custody.KEYRING, Custody.TPM):
            return
        self._rests = True
        async with self._one_at_a_time:
            await self._sleep()

    def stay_awake(self) -> None:
        """The next transaction opens it, and it stays open."""
        self._rests = False

    async def _sleep(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            if self._upkeep is not None:
                self._upkeep.rest()
            await kept.readers.close()
            await self._worker.run(kept.close)

    async def _wake(self) -> None:
        if self._kept is None and self._path is not None and self._vault is not None:
            path, vault = self._path, self._vault
            key = await vault.key(has_store=True)
            kept = await self._worker.run(lambda: open_kept(path, key, vault.journal_key(key)))
            self._connection, self._kept = kept.connection, kept
            if self._upkeep is not None:
                self._upkeep.take(kept)

    async def _awake(self, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """`work` on an open store, which rests again afterwards when it is to."""
        if self._path is None or (self._kept is not None and not self._rests):
            return await work()
        async with self._one_at_a_time:
            await self._wake()
            try:
                return await work()
            finally:
                if self._rests:
                    await self._sleep()

    async def close(self) -> None:
        if self._path is None:
            await self._worker.run(self._connection.close)
        else:
            async with self._one_at_a_time:
                await self._sleep()

    # --- work --------------------------------------------------------------------------------

    async def transaction(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """Run `work` whole on the worker thread, or leave everything as it was."""
        return await self._awake(lambda: self._worker.run(lambda: self._whole(work)))

    async def look(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """Run `work`, which only reads, beside the writer: all that was committed is seen."""
        if self._kept is not None and not self._rests:
            try:
                return await self._kept.readers.look(work)
            except Unavailable as closed:  # it fell asleep just now
                if closed.code is not Code.STORE_RESTS:
                    raise
        return await self.transaction(work)

    async def on_writer(self, work: Callable[[Connection], ResultT]) -> ResultT:
        """On the writer's thread, outside of any transaction: for the upkeep."""
        return await self._awake(lambda: self._worker.run(lambda: work(self._connection)))

    async def erase_traces(self) -> None:
        """What was overwritten stands in no log and no copy; Unavailable(STORE_IN_USE): not yet."""
        await self.on_writer(self._leave_no_trace)

    def _leave_no_trace(self, connection: Connection) -> None:
        with failures_named(self._path), disk_failures():
            row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if row is None or row[0]:
                raise Unavailable(Code.STORE_IN_USE, "a reader holds the log")
            if self._kept is not None:
                self._kept.forget_what_went()

    def _whole(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        kept = self._kept
        with failures_named(self._path):
            if kept is None:
                return self._committed(work)
            try:
                result = self._committed(work, kept.journal)
            except BaseException:
                kept.journal.rolled_back(self._connection)
                raise
            kept.journal.committed()
            return result

    def _committed(
        self, work: Callable[[UnitOfWork], ResultT], journal: ActJournal | None = None
    ) -> ResultT:
        """An act's frame is on the disk before its transaction is."""
        with whole(self._connection):
            before = self._connection.total_changes
            mark = None if journal is None else Mark.of(self._connection)
            unit = UnitOfWork.on(self._connection)
            result = work(unit)
            is_changed = self._connection.total_changes != before
            if journal is not None and mark is not None and is_changed:
                journal.write(self._connection, mark, unit.measurements.touched)
        return result


@asynccontextmanager
async def open_store(
    folder: Path,
    vault: KeyVault | None = None,
    *,
    file_system: Callable[[Path], str] = file_system_of,
    begins_anew: bool = False,
    pin: str | None = None,
    renews_key: bool = False,
) -> AsyncIterator[OfflineStore]:
    """The profile's store until the block ends.

    Unavailable: STORE_IN_USE, STORE_NETWORK_DRIVE, STORE_FULL, STORE_TOO_NEW. Untrusted:
    STORE_WRONG_KEY, STORE_DAMAGED; then the file is left as it is, until a person says
    `begins_anew`: it is put aside, and the last good copy and the journal take its place. `pin`:
    see KeyVault.key. `renews_key`: the one before may have become known to somebody.
    """
    worker, lock = Worker(), FolderLock(folder)
    try:
        await worker.run(lambda: _take_folder(folder, lock, file_system))
        opening = Opening(vault or KeyVault(folder), worker, begins_anew, pin, renews_key)
        store = await _opened(folder, opening)
        try:
            yield store
        finally:
            await store.close()
    finally:
        lock.give_back()
        worker.close()


def _take_folder(folder: Path, lock: FolderLock, file_system: Callable[[Path], str]) -> None:
    with disk_failures():
        make_private(folder)
        refuse_network_drive(folder, file_system)
        lock.take()
        remove_partial_files(folder)
        finish_rotation(folder / STORE_NAME)


async def _opened(folder: Path, opening: Opening) -> OfflineStore:
    path, worker = folder / STORE_NAME, opening.worker
    is_there = has_store(path)
    try:
        key = await opening.vault.key(has_store=is_there, pin=opening.pin)
    except Unavailable as away:
        if away.code not in WITHOUT_KEYRING:
            raise
        why = away.code
        return await worker.run(lambda: _in_memory(worker, why, is_there))
    if opening.renews_key and is_there and not opening.begins_anew:
        next_keys, next_key = await opening.vault.next_keys(opening.pin)
        former, journal_key = key, opening.vault.journal_key(key)
        await worker.run(lambda: renew_key(path, former, journal_key, next_keys, next_key))
        key = next_key
    return await worker.run(lambda: _on_disk(path, key, opening))


def _in_memory(worker: Worker, why: Code, has_unopened_store: bool) -> OfflineStore:
    connection = connect(None, os.urandom(KEY_BYTES))
    migrate(connection)
    return OfflineStore(
        connection,
        worker,
        RecordingsInMemory(),
        why_not_kept=why,
        has_unopened_store=has_unopened_store,
    )


def _on_disk(path: Path, key: bytes, opening: Opening) -> OfflineStore:
    with disk_failures():
        recordings = RecordingFolder(path.parent / RECORDINGS_NAME)
    journal_key = opening.vault.journal_key(key)
    begins_anew = opening.begins_anew and has_store(path)
    kept = open_kept(path, key, journal_key, begins_anew=begins_anew)
    return OfflineStore(
        kept.connection,
        opening.worker,
        recordings,
        kept,
        opening.vault,
        was_begun_anew=begins_anew,
    )


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
