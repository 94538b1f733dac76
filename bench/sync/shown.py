"""How soon what one desk keeps is shown on another, while the line is up and no call runs."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.domain.changes import Json, RecordType
from app.domain.ids import PatientId, RecordId
from app.remote.address import ServerAddress
from app.services.ports import UnitOfWork
from bench.rows import Row, p95_row
from bench.sync.amount import Amount
from bench.sync.clinic import Desk, desk_at, served

MEASURE = "edit kept on one desk, read on another for its screen"
LIMIT_S = 10.0
APART_S = 0.1  # so that each is an edit of its own, and not one of a push of many
NOTE = (
    "two desks with encrypted stores, python -m server in a process of its own, loopback; from the"
    " act to the record in the other desk's store, told by its services to the screen"
)


def rows(amount: Amount) -> Iterator[Row]:
    samples = asyncio.run(_measured(amount.shown_edits))
    yield p95_row(MEASURE, "ms", [1000 * each for each in samples], NOTE, "<= 300")


async def _measured(count: int) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="bedside-bench-shown-") as name:
        folder = Path(name)
        with served(folder / "server", 10) as server:
            address = ServerAddress(server.url, None)
            async with (
                desk_at(address, folder / "one") as one,
                desk_at(address, folder / "other") as other,
            ):
                for desk in (one, other):
                    await desk.exchange()
                    desk.start()
                await asyncio.sleep(1)
                return [
                    await _shown_after(one, other, server.patients[number % 10], f"Mrs {number}")
                    for number in range(count)
                ]


async def _shown_after(one: Desk, other: Desk, patient: PatientId, words: str) -> float:
    await asyncio.sleep(APART_S)
    shown = asyncio.Event()

    def look(_: int) -> None:
        looking.append(asyncio.ensure_future(_look()))

    async def _look() -> None:
        document = await other.acts.look(_shown(patient))
        if document is not None and document.get("title") == words:
            shown.set()

    looking: list[asyncio.Future[None]] = []
    stop = other.acts.revision.listen(look)
    try:
        began = time.perf_counter()
        await one.edits((patient,), words)
        async with asyncio.timeout(LIMIT_S):
            await shown.wait()
        return time.perf_counter() - began
    finally:
        stop()
        await asyncio.gather(*looking)


def _shown(patient: PatientId) -> Callable[[UnitOfWork], dict[str, Json] | None]:
    return lambda unit: unit.outbox.shown(RecordType.PATIENT, RecordId(patient))
