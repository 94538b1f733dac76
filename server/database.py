"""The database: one writer thread, which is the sequencer, and a few readers beside it.

All writes of this process pass the one thread in the order in which they were asked for, so feed
positions and audit numbers are given by one writer. Up to 64 of them share one commit, each in a
savepoint of its own: one that fails takes none of the others with it.
"""

import asyncio
import errno
import fcntl
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.domain.failures import Code, Unavailable
from server.problems import Busy
from server.tables import departures, records
from server.workers import Workers

ResultT = TypeVar("ResultT")
Work = Callable[[Connection], ResultT]

MIGRATIONS = Path(__file__).parent / "migrations"
BATCH_MAX = 64
WAITING_MAX = 1024
BUSY_TIMEOUT_MS = 10_000  # another process (add-user) may hold the write lock for a moment
READERS = 2
FEED_HEAD = "feed head"
NEWEST = select(
    func.max(
        *(
            func.coalesce(select(func.max(table.c.position)).scalar_subquery(), 0)
            for table in (records, departures)
        )
    )
)


@dataclass(slots=True)
class Failed:
    """A work that raised, among others of the same job that did not."""

    error: BaseException


@dataclass(slots=True)
class _Job:
    works: Sequence[Work[Any]]
    future: asyncio.Future[list[Any]]


class Database:
    """`on_commit` is called on the loop with the feed's head after commits that moved it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING_MAX)
        self._thread = threading.Thread(target=self._write_all, name="bedside-writer")
        self._readers = Workers("bedside-reader", READERS, WAITING_MAX)
        self._read_engine = _engine(path, begin="BEGIN", pooled=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._head = 0
        self.on_commit: Callable[[int], None] = lambda position: None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._head = await self.read(feed_head)
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._jobs.put(None)
        self._thread.join()
        self._readers.close()
        self._read_engine.dispose()

    async def write(self, work: Work[ResultT]) -> ResultT:
        """Run `work` in a transaction; when this returns, it is on the disk."""
        [result] = await self.write_each([work])
        if isinstance(result, Failed):
            raise result.error
        return result

    async def write_each(self, works: Sequence[Work[ResultT]]) -> list[ResultT | Failed]:
        """All in one transaction, in order; one that raises is undone alone and told as Failed."""
        job = _Job(works, asyncio.get_running_loop().create_future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full as error:
            raise Busy from error
        # A caller that is cancelled does not undo its work: it may be committed already.
        return await asyncio.shield(job.future)

    async def read(self, work: Work[ResultT]) -> ResultT:
        """Run `work` on a snapshot, beside the writer."""

        def run() -> ResultT:
            with self._read_engine.connect() as connection, connection.begin() as snapshot:
                try:
                    return work(connection)
                finally:
                    snapshot.rollback()

        try:
            return await self._readers.run(run)
        except OperationalError as error:
            raise _unavailable(error) from error

    async def cut_off_log(self) -> bool:
        """False while a reader holds it."""
        return await self._readers.run(lambda: cut_off_log(self._path))

    @property
    def head(self) -> int:
        """The feed's newest position that is known here."""
        return self._head

    def look_for_others(self, position: int) -> None:
        """Tell that the feed's head is `position`: another process may have written."""
        if position > self._head:
            self._head = position
            self.on_commit(position)

    # --- the writer thread ---------------------------------------------------------------------

    def _write_all(self) -> None:
        engine = _engine(self._path, begin="BEGIN IMMEDIATE")
        with engine.connect() as connection:
            is_open = True
            while is_open:
                jobs, is_open = self._next_jobs()
                if jobs:
                    self._commit_together(connection, jobs)
        engine.dispose()

    def _next_jobs(self) -> tuple[list[_Job], bool]:
        """Wait for one, then take what else has come meanwhile. False: the database closes."""
        jobs: list[_Job] = []
        while len(jobs) < BATCH_MAX:
            try:
                job = self._jobs.get(block=not jobs)
            except queue.Empty:
                break
            if job is None:
                return jobs, False
            jobs.append(job)
        return jobs, True

    def _commit_together(self, connection: Connection, jobs: list[_Job]) -> None:
        answers: list[list[Any]] = []
        try:
            with connection.begin():
                for job in jobs:
                    answers.append([_savepoint(connection, work) for work in job.works])
                head = feed_head(connection)
        except BaseException as error:  # nothing of the batch was committed: each caller is told
            told = _unavailable(error)
            self._on_loop(lambda: _tell_failed(jobs, told))
            return
        self._on_loop(lambda: self._tell_committed(jobs, answers, head))

    def _on_loop(self, act: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def _tell_committed(self, jobs: list[_Job], answers: list[list[Any]], head: int) -> None:
        for job, answer in zip(jobs, answers, strict=True):
            if not job.future.done():
                job.future.set_result(answer)
        self.look_for_others(head)


def _savepoint(connection: Connection, work: Work[ResultT]) -> ResultT | Failed:
    try:
        with connection.begin_nested():
            return work(connection)
    except BaseException as error:  # handed over to whoever asked, in its own thread
        return Failed(_unavailable(error))


def _unavailable(error: BaseException) -> BaseException:
    """A database that cannot work now (disk full, locked) in our words; all else is a defect."""
    if not isinstance(error, OperationalError):
        return error
    told = Unavailable(Code.SERVER_ERROR, f"database: {type(error.orig).__name__}")
    told.__cause__ = error
    return told


def _tell_failed(jobs: list[_Job], error: BaseException) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error)


def remembered(connection: Connection) -> dict[Any, Any]:
    """What was read in this transaction and stands while it lasts: nobody else writes meanwhile.

    Forgotten when it ends, and when a savepoint in it is undone.
    """
    found: dict[Any, Any] = connection.info.setdefault("remembered", {})
    return found


def feed_head(connection: Connection) -> int:
    """The newest position. A record is moved, or leaves a departure when it goes: it only grows."""
    known = remembered(connection)
    if FEED_HEAD not in known:
        known[FEED_HEAD] = connection.execute(NEWEST).scalar() or 0
    head: int = known[FEED_HEAD]
    return head


def feed_head_is(connection: Connection, position: int) -> None:
    """Said by whoever gave it to a record."""
    remembered(connection)[FEED_HEAD] = position


def _engine(path: Path, *, begin: str, pooled: bool = False) -> Engine:
    options: dict[str, Any] = {"pool_size": READERS} if pooled else {"poolclass": NullPool}
    engine = create_engine(f"sqlite:///{path}", **options)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, record: object) -> None:
        dbapi_connection.isolation_level = None  # sqlite3 must not begin transactions by itself
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "temp_store=MEMORY",  # no patient's data in a file of the system's
            "secure_delete=ON",  # what is erased on order is overwritten, not only forgotten
            "recursive_triggers=ON",  # REPLACE INTO audit_log must meet the delete trigger
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.info.pop("remembered", None)
        connection.exec_driver_sql(begin)

    @event.listens_for(engine, "rollback_savepoint")
    def undo_savepoint(connection: Connection, name: str, context: None) -> None:
        connection.info.pop("remembered", None)

    return engine


def write_once(path: Path, work: Work[ResultT]) -> ResultT:
    """One transaction from a command, while a server may be running on the same file."""
    engine = _engine(path, begin="BEGIN IMMEDIATE")
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


def cut_off_log(path: Path) -> bool:
    """Bring the write-ahead log in and empty it: what was overwritten stands there no more.

    False while a reader holds it; whoever asked asks again.
    """
    engine = _engine(path, begin="BEGIN")
    try:
        with engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            cursor = raw.cursor()
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() or (1, 0, 0)
            cursor.close()
        return not busy
    finally:
        engine.dispose()


def read_once(path: Path, work: Work[ResultT]) -> ResultT:
    """One look from a command; FileNotFoundError when there is no database."""
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no database", str(path))
    engine = _engine(path, begin="BEGIN")
    try:
        with engine.connect() as connection, connection.begin() as snapshot:
            try:
                return work(connection)
            finally:
                snapshot.rollback()
    finally:
        engine.dispose()


@contextmanager
def folder_lock(folder: Path, name: str, *, wait: bool) -> Iterator[None]:
    """A lock that ends with its process. BlockingIOError when taken, unless waited for."""
    descriptor = os.open(folder / name, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def prepare_folder(folder: Path) -> None:
    """Make the data folder, for this user only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def migrate(path: Path) -> None:
    """Bring the tables to this release's form; two processes at once wait for each other."""
    with folder_lock(path.parent, "migrate.lock", wait=True):
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        os.close(descriptor)

        def upgrade(connection: Connection) -> None:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

        write_once(path, upgrade)
