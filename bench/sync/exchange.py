"""First load, push of offline edits and a sync with nothing to do, ours and PouchDB's in turn."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from app.remote.address import ServerAddress
from bench.rows import Row, not_measured, rounded, spread_of
from bench.sync import pouchdb
from bench.sync.amount import Amount
from bench.sync.clinic import DOCUMENT_BYTES, desk_at, served

LOAD = "first load of all patients into the encrypted store"
LOAD_RATIO = "first load: ours by PouchDB's"
PUSH = "push of offline edits, durable on both ends"
PUSH_RATIO = "push: ours by PouchDB's"
IDLE = "sync with nothing to do"
IDLE_RATIO = "sync with nothing to do: ours by PouchDB's"
OURS = (
    "ours: python -m server in a process of its own, authorisation and audit on, SQLite"
    " synchronous=FULL; client SQLCipher synchronous=FULL; HTTP on loopback"
)


class Run:
    """What one repetition came to, in seconds."""

    def __init__(self, amount: Amount, folder: Path) -> None:
        self._amount = amount
        self._folder = folder
        self.load_s = self.push_s = 0.0
        self.rounds_s: list[float] = []

    async def measure(self) -> None:
        amount = self._amount
        with served(self._folder / "server", amount.patients) as server:
            async with desk_at(ServerAddress(server.url, None), self._folder / "desk") as desk:
                self.load_s = await desk.exchange()
                records, _ = await desk.count()
                assert records == amount.patients, "not all arrived"
                await desk.edits(server.patients[: amount.edits], "Mrs")
                self.push_s = await desk.exchange()
                _, waiting = await desk.count()
                assert waiting == 0, "not all were taken"
                self.rounds_s = [await desk.exchange() for _ in range(amount.idle_rounds)]


def rows(amount: Amount) -> Iterator[Row]:
    runs, peers = [], []
    for number in range(amount.repetitions):  # alternating, so that both meet the same machine
        with tempfile.TemporaryDirectory(prefix="bedside-bench-sync-") as name:
            folder = Path(name)
            run = Run(amount, folder)
            asyncio.run(run.measure())
            runs.append(run)
            peer = pouchdb.measured(folder / f"peer-{number}", amount, DOCUMENT_BYTES)
            if peer is not None:
                peers.append(peer)
    note = f"{OURS}; {peers[0].note if peers else 'no PouchDB is installed here'}"
    loads = [amount.patients / run.load_s for run in runs]
    pushes = [amount.edits / run.push_s for run in runs]
    idles = [1000 * second for run in runs for second in run.rounds_s]
    peer_loads = [peer.loaded / peer.load_s for peer in peers]
    peer_pushes = [peer.pushed / peer.push_s for peer in peers]
    peer_idles = [1000 * second for peer in peers for second in peer.rounds_s]
    yield from _pair(LOAD, LOAD_RATIO, "records/s", loads, peer_loads, (">= 10000", ">= 4"), note)
    yield from _pair(
        PUSH, PUSH_RATIO, "changes/s", pushes, peer_pushes, (">= 4000", ">= 1.2"), note
    )
    yield from _pair(IDLE, IDLE_RATIO, "ms", idles, peer_idles, ("<= 10", "<= 0.334"), note)


def _pair(
    measure: str,
    ratio: str,
    unit: str,
    ours: list[float],
    theirs: list[float],
    goals: tuple[str, str],
    note: str,
) -> Iterator[Row]:
    """The figure with its own goal, and by how much it is more than the peer's."""
    value = rounded(median(ours))
    peer = rounded(median(theirs)) if theirs else None
    name = pouchdb.NAME if theirs else None
    yield Row(measure, unit, value, len(ours), spread_of(ours), note, goals[0], name, peer)
    if peer is None:
        yield not_measured(ratio, "", goals[1], "no PouchDB is installed here")
        return
    by = [one / peer for one in ours]
    yield Row(ratio, "", rounded(value / peer), len(ours), spread_of(by), note, goals[1])
