"""What keeps a store good while nobody needs it: checks in small steps, copies, and less to keep.

Fulfils ports.StoreUpkeep. Each call is short, but for the copy, which a reader makes beside all
else.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.ids import PatientId
from offline_store.connection import Connection, bring_log_in, failures_named
from offline_store.documents import microseconds
from offline_store.kept_file import RECORDINGS_NAME, KeptFile
from offline_store.page_check import STEP_PAGES, PageCheck
from offline_store.profile_folder import disk_failures
from offline_store.snapshot import make_snapshot, snapshot_age_s
from offline_store.unit_of_work import UnitOfWork

ResultT = TypeVar("ResultT")

RETIRED_AT_ONCE = 20  # patients in one go: a morning's first hour need not wait for all of a year


class Writer(Protocol):
    """The store's own thread and connection."""

    async def on_writer(self, work: Callable[[Connection], ResultT]) -> ResultT: ...
    async def transaction(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT: ...


class Upkeep:
    """Unavailable(STORE_RESTS) while the store is closed."""

    def __init__(self, writer: Writer, kept: KeptFile) -> None:
        self._writer = writer
        self._kept: KeptFile | None = kept
        self._next_page = 1

    def take(self, kept: KeptFile) -> None:
        """Opened again."""
        self._kept = kept

    def rest(self) -> None:
        self._kept = None

    @property
    def _file(self) -> KeptFile:
        if self._kept is None:
            raise Unavailable(Code.STORE_RESTS)
        return self._kept

    async def check_step(self) -> bool:
        """The next few pages; whether that ended a round. Untrusted(STORE_DAMAGED)."""
        first = self._next_page
        file = self._file
        check = PageCheck(file.path, file.key)
        faults = await file.readers.run(lambda _: _faults(check, first))
        if faults:
            # One of them may have been written just then: looked at again while nobody writes.
            await self._writer.on_writer(lambda connection: _confirm(connection, file, faults))
        self._next_page = first + STEP_PAGES
        if self._next_page <= check.page_count():
            return False
        self._next_page = 1
        return True

    async def compact_journal(self) -> bool:
        """Drop what the server has answered, when that is most of it. Whether it was."""
        return await self._writer.on_writer(self._compact)

    def _compact(self, connection: Connection) -> bool:
        journal = self._file.journal
        with failures_named(self._file.path):
            if not journal.is_worth_compacting(connection):
                return False
            journal.compact(connection)
            return True

    @property
    def journal_bytes(self) -> int:
        return self._file.journal.byte_count

    async def make_snapshot(self) -> None:
        """The last good copy, anew; a reader makes it while the writer goes on."""
        file = self._file
        await file.readers.run(lambda reader: make_snapshot(reader, file.path, file.key))

    def snapshot_age_s(self) -> float | None:
        return snapshot_age_s(self._file.path, time.time())

    async def retire(self, before: datetime) -> int:
        """Shred patients who are due; how many went. Of them nothing is left in any file here."""
        cutoff = microseconds(before)
        readers = self._file.readers
        due = await readers.look(lambda unit: unit.retention.due(cutoff, RETIRED_AT_ONCE))
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
                (self._file.path.parent / RECORDINGS_NAME / name).unlink(missing_ok=True)

    def _leave_no_trace(self, connection: Connection) -> None:
        """Deleted rows are zeroes in the file; log, journal and copies must forget them, too."""
        file = self._file
        with failures_named(file.path), disk_failures():
            bring_log_in(connection)
            file.forget_what_went()


def _faults(check: PageCheck, first: int) -> list[int]:
    with disk_failures():
        return check.faults(first, STEP_PAGES)


def _confirm(connection: Connection, file: KeptFile, faults: list[int]) -> None:
    check = PageCheck(file.path, file.key)
    with failures_named(file.path), disk_failures():
        bring_log_in(connection)
        if any(check.faults(page, 1) for page in faults):
            raise Untrusted(Code.STORE_DAMAGED, "a page")


def _shred(patient: PatientId, cutoff: int) -> Callable[[UnitOfWork], list[str] | None]:
    """None when something came meanwhile, so that the patient is not due any more."""

    def write(unit: UnitOfWork) -> list[str] | None:
        if not unit.retention.due(cutoff, 1, patient):
            return None
        return unit.retention.shred(patient)

    return write
