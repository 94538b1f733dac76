"""The real application on its real file, in this thread; a fuse may end it between two writes."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event
from starlette.types import ASGIApp

from app.runtime.tasks import TaskOwner
from server import create_app
from server.accounts.passwords import Passwords
from server.border import Border
from server.database import Database, Failed, Work, _engine, _Job, feed_head
from tests.simulation.clocks import JumpingClock
from tests.simulation.death import Fuse, ProcessDied
from tests.simulation.ground import Ground

ResultT = TypeVar("ResultT")
SELDOM_S = 86_400.0


class DatabaseHere(Database):
    """What its threads do, done at once by whoever asks; each statement burns the fuse by one."""

    def __init__(self, path: Path, fuse: Fuse) -> None:
        super().__init__(path)
        self._fuse = fuse
        self._write_engine = _engine(path, begin="BEGIN IMMEDIATE")
        for engine in (self._write_engine, self._read_engine):
            _share_compiled(engine)
        event.listen(self._write_engine, "before_cursor_execute", self._burn)
        event.listen(self._write_engine, "after_cursor_execute", self._burn)
        event.listen(self._write_engine, "commit", self._burn)

    def _burn(self, connection: Connection, *_: object) -> None:
        try:
            self._fuse.step()
        except ProcessDied:
            # At once, as the end of a process does: a cursor in a traceback would keep the lock.
            raw: Any = connection.connection.dbapi_connection
            raw.rollback()
            raise

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._writer: Connection = self._write_engine.connect()
        self._head = await self.read(feed_head)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Not by way of what it had begun, of which a dead one can end nothing.
        self._writer.invalidate()
        self._writer.close()
        self._write_engine.dispose()
        self._readers.close()
        self._read_engine.dispose()

    async def write_each(self, works: Sequence[Work[ResultT]]) -> list[ResultT | Failed]:
        job = _Job(works, asyncio.get_running_loop().create_future())
        self._commit_together(self._writer, [job])
        self._fuse.step()  # written, and never told
        results: list[ResultT | Failed] = await job.future
        return results

    async def read(self, work: Work[ResultT]) -> ResultT:
        if self._fuse.is_dead:
            raise ProcessDied
        with self._read_engine.connect() as connection, connection.begin() as snapshot:
            try:
                return work(connection)
            finally:
                snapshot.rollback()


def _share_compiled(engine: Engine) -> None:
    """Statements are compiled once for all the servers of all runs, and not once for each."""
    engine.dialect = _shared.setdefault("dialect", engine.dialect)
    engine._compiled_cache = _shared.setdefault("compiled", engine._compiled_cache)


_shared: dict[str, Any] = {}


class _NobodySignsIn(Passwords):
    async def prepare(self) -> None:
        """No thread, no hash: the sessions of the simulation stand already."""


class ServerEnd:
    """`deaths` counts its crashes. `app` is None while it is down."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._keys = ground.keys()
        self.clock = JumpingClock()
        self.fuse = Fuse(self._died)
        self.app: ASGIApp | None = None
        self.deaths = 0
        self._backup = ground.folder / "backup.db"
        self.has_backup = self.was_put_back = False

    async def start(self) -> None:
        self.fuse = Fuse(self._died)
        with _made_here(self.fuse):
            api = create_app.create_api(self._ground.settings, self._keys, self.clock)
        self._house = AsyncExitStack()
        await self._house.enter_async_context(api.router.lifespan_context(api))
        # The first to be closed: none of them is to meet a house that is half taken down.
        self.requests = await self._house.enter_async_context(TaskOwner("requests"))
        self.app = Border(api)

    async def stop(self) -> None:
        """Also of one that is dead: only what Python holds of it is let go."""
        self.app = None
        with suppress(ProcessDied):
            await self._house.aclose()

    def back_up(self) -> None:
        """As an administrator does, while it runs."""
        with closing(sqlite3.connect(self._ground.settings.database)) as running:
            with closing(sqlite3.connect(self._backup)) as copy:
                running.backup(copy)
        self.has_backup = True

    async def put_back(self) -> None:
        await self.stop()
        database = self._ground.settings.database
        for end in ("-wal", "-shm"):
            database.with_name(database.name + end).unlink(missing_ok=True)
        waiting = database.with_suffix(".put-back")
        shutil.copyfile(self._backup, waiting)
        waiting.replace(database)
        self.was_put_back = True
        await self.start()

    def _died(self) -> None:
        self.app = None
        self.deaths += 1

    async def answer(self, scope: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """ConnectionError when there is none, or it dies over the answer."""
        if self.app is None:
            raise ConnectionRefusedError
        app = self.app
        asked = self.requests.start(_asked(app, scope, body), "request")
        try:
            answer: tuple[int, dict[str, str], bytes] = await asyncio.shield(asked)
        except ProcessDied as died:
            raise ConnectionResetError from died
        except asyncio.CancelledError:
            if asked.cancelled():
                raise ConnectionResetError from None
            raise
        return answer


@contextmanager
def _made_here(fuse: Fuse) -> Iterator[None]:
    with (
        patch.object(create_app, "Database", lambda path: DatabaseHere(path, fuse)),
        patch.object(create_app, "Passwords", _NobodySignsIn),
        patch.object(create_app, "LOOK_FOR_OTHERS_S", SELDOM_S),
    ):
        yield


async def _asked(
    app: ASGIApp, scope: dict[str, Any], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    status, headers, answer = 0, dict[str, str](), bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.extend(message.get("body", b""))

    await app(scope, receive, send)
    return status, headers, bytes(answer)
