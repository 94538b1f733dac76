"""The one writer: order, shared commits, works that fail alone, and bounds that refuse at once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from app.domain.failures import Unavailable
from app.runtime.tasks import TaskOwner
from server.database import WAITING_MAX, Database, Failed, folder_lock, migrate
from server.problems import Busy
from server.workers import Workers


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "bedside.db"
    migrate(path)
    async with Database(path) as opened:
        yield opened


def adding(name: str) -> Callable[[Connection], str]:
    def add(connection: Connection) -> str:
        connection.execute(text("INSERT INTO facts VALUES (:name, 'x')"), {"name": name})
        return name

    return add


def failing(connection: Connection) -> str:
    adding("half")(connection)
    raise ZeroDivisionError


def names(connection: Connection) -> list[str]:
    """Of what these tests wrote."""
    query = "SELECT name FROM facts WHERE name <> 'home clinic' ORDER BY rowid"
    return [row[0] for row in connection.execute(text(query))]


async def test_a_work_that_fails_is_undone_alone(database: Database) -> None:
    answers = await database.write_each([adding("a"), failing, adding("b")])
    assert answers[0] == "a"
    assert isinstance(answers[1], Failed)
    assert isinstance(answers[1].error, ZeroDivisionError)
    assert answers[2] == "b"
    assert await database.read(names) == ["a", "b"]
    with pytest.raises(ZeroDivisionError):
        await database.write(failing)


async def test_writes_happen_in_the_order_they_were_asked_for(database: Database) -> None:
    async with TaskOwner("writers") as tasks:
        asked = [str(number) for number in range(100)]
        writing = [tasks.start(database.write(adding(name)), name) for name in asked]
        assert await asyncio.gather(*writing) == asked
    assert await database.read(names) == asked


async def test_what_is_written_is_on_the_disk_when_the_write_returns(database: Database) -> None:
    pragmas = await database.write(
        lambda c: [
            c.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        ]
    )
    assert pragmas == ["wal", 2, 1, 1]


async def test_a_reader_cannot_write_what_stays(database: Database) -> None:
    await database.read(adding("sneaked in"))
    assert await database.read(names) == []


async def test_more_than_the_queue_holds_is_refused_at_once(database: Database) -> None:
    is_held, go_on = threading.Event(), threading.Event()

    def hold(connection: Connection) -> str:
        is_held.set()
        assert go_on.wait(10)
        return "held"

    async with TaskOwner("writers") as tasks:
        holding = tasks.start(database.write(hold), "hold")
        await asyncio.sleep(0)
        assert is_held.wait(10)
        waiting = [tasks.start(database.write(names), "names") for _ in range(WAITING_MAX)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await database.write(names)
        go_on.set()
        assert await holding == "held"
        await asyncio.gather(*waiting)


async def test_a_missing_table_is_unavailable_and_not_a_text_of_sql(database: Database) -> None:
    with pytest.raises(Unavailable) as caught:
        await database.write(lambda c: c.execute(text("SELECT * FROM nowhere")))
    assert "nowhere" not in str(caught.value)


async def test_workers_refuse_what_they_cannot_hold() -> None:
    workers = Workers("test", threads=1, waiting=0)
    go_on = threading.Event()
    try:
        async with TaskOwner("callers") as tasks:
            first = tasks.start(workers.run(lambda: go_on.wait(10)), "first")
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await workers.run(lambda: True)
            go_on.set()
            assert await first
        assert await workers.run(lambda: 5) == 5
    finally:
        workers.close()


def test_a_locked_folder_is_not_shared(tmp_path: Path) -> None:
    with folder_lock(tmp_path, "lock", wait=False):
        with pytest.raises(BlockingIOError):
            with folder_lock(tmp_path, "lock", wait=False):
                pass
    with folder_lock(tmp_path, "lock", wait=False):
        pass
