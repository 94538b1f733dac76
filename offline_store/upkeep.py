"""What keeps a store good while nobody needs it: checks in small steps, copies, and less to keep.

Fulfils ports.StoreUpkeep. Each call is short, but for the copy, which a reader makes beside all
else.
"""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from app.domain.failures import Code, Untrusted
from app.domain.ids import PatientId
from offline_store.act_journal import ActJournal
from offline_store.connection import Connection, bring_log_in, failures_named
from offline_store.documents import microseconds
from offline_store.page_check import STEP_PAGES, PageCheck
from offline_store.profile_folder import disk_failures
from offline_store.readers import Readers
from offline_store.snapshot import forget_snapshot, make_snapshot, snapshot_age_s
from offline_store.store_file import BEFORE_NAME
from offline_store.unit_of_work import UnitOfWork

ResultT = TypeVar("ResultT")

RETIRED_AT_ONCE = 20  # patients in one go: a morning's first hour need not wait for all of a year


class Writer(Protocol):
    """The store's own thread and connection."""

    async def on_writer(self, work: Callable[[Connection], ResultT]) -> ResultT: ...
    async def transaction(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT: ...


class Upkeep:
    def __init__(
        self, writer: Writer, path: Path, key: bytes, journal: ActJournal, readers: Readers
    ) -> None:
        self._writer, self._readers = writer, readers
        self._path, self._key, self._journal = path, key, journal
        self._check = PageCheck(path, key)
        self._next_page = 1

    async def check_step(self) -> bool:
        """The next few pages; whether that ended a round. Untrusted(STORE_DAMAGED)."""
        first = self._next_page
        faults = await self._readers.run(lambda _: self._faults(first))
        if faults:
            # One of them may have been written just then: looked at again while nobody writes.
            await self._writer.on_writer(lambda connection: self._confirm(connection, faults))
        self._next_page = first + STEP_PAGES
        if self._next_page <= self._check.page_count():
            return False
        self._next_page = 1
        return True

    def _faults(self, first: int) -> list[int]:
        with disk_failures():
            return self._check.faults(first, STEP_PAGES)

    def _confirm(self, connection: Connection, faults: list[int]) -> None:
        with failures_named(self._path), disk_failures():
            bring_log_in(connection)
            if any(self._check.faults(page, 1) for page in faults):
                raise Untrusted(Code.STORE_DAMAGED, "a page")

    async def compact_journal(self) -> bool:
        """Drop what the server has answered, when that is most of it. Whether it was."""
        return await self._writer.on_writer(self._compact)

    def _compact(self, connection: Connection) -> bool:
        with failures_named(self._path):
            if not self._journal.is_worth_compacting(connection):
                return False
            self._journal.compact(connection)
            return True

    @property
    def journal_bytes(self) -> int:
        return self._journal.byte_count

    async def make_snapshot(self) -> None:
        """The last good copy, anew; a reader makes it while the writer goes on."""
        await self._readers.run(lambda reader: make_snapshot(reader, self._path, self._key))

    def snapshot_age_s(self) -> float | None:
        return snapshot_age_s(self._path, time.time())

    async def retire(self, before: datetime) -> int:
        """Shred patients who are due; how many went. Of them nothing is left in any file here."""
        cutoff = microseconds(before)
        due = await self._readers.look(lambda unit: unit.retention.due(cutoff, RETIRED_AT_ONCE))
        gone = 0
        for patient in due:
            files = await self._writer.transaction(_shred(patient, cutoff))
            gone += files is not None
            self._unlink(files or [])
        if gone:
            await self._writer.on_writer(self._leave_no_trace)
        return gone

    def _unlink(self, files: list[str]) -> None:
        with disk_failures():
            for name in files:
                (self._path.parent / "recordings" / name).unlink(missing_ok=True)

    def _leave_no_trace(self, connection: Connection) -> None:
        """Deleted rows are zeroes in the file; log, journal and copies must forget them, too."""
        with failures_named(self._path), disk_failures():
            bring_log_in(connection)
            self._journal.compact(connection)
            forget_snapshot(self._path)
            self._path.with_name(BEFORE_NAME).unlink(missing_ok=True)


def _shred(patient: PatientId, cutoff: int) -> Callable[[UnitOfWork], list[str] | None]:
    """None when something came meanwhile, so that the patient is not due any more."""

    def write(unit: UnitOfWork) -> list[str] | None:
        if not unit.retention.due(cutoff, 1, patient):
            return None
        return unit.retention.shred(patient)

    return write
