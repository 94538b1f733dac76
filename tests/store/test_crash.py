"""kill -9 at random moments: nothing that was acknowledged is lost, nothing is half there."""

import multiprocessing
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.domain.audit import ChainRow, verify_chain
from app.domain.changes import RecordType
from offline_store.database import open_store
from offline_store.unit_of_work import UnitOfWork
from tests.store.crash_child import run, vault_of
from tests.store.given import PATIENT

FIRST_WORD_LIMIT_S = 30.0
LONGEST_LIFE_S = 0.4


@dataclass
class Acknowledged:
    """All that the children said, over all their lives."""

    records: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    recordings: list[tuple[str, str, bytes]] = field(default_factory=list)
    last_counter: int = 0
    last_event: int = 0
    feed_position: int = 0

    def hear(self, said: tuple[Any, ...]) -> None:
        match said:
            case ("kept", record, counter, number):
                self.records.add(record)
                self.last_counter, self.last_event = counter, number
            case ("settled", record):
                self.settled.add(record)
            case ("page", record, position):
                self.settled.add(record)
                self.feed_position = position
            case ("recorded", record, name, key, start):
                self.records.add(record)
                self.recordings.append((name, key, start))


def live_and_die(folder: Path, seed: int, acknowledged: Acknowledged) -> int:
    """One child from its birth to its kill; the number of acts it acknowledged."""
    # Forked from a clean server that has loaded everything: a life takes milliseconds to begin.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.crash_child"])
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=run, args=(str(folder), theirs, seed))
    child.start()
    theirs.close()
    assert ours.poll(FIRST_WORD_LIMIT_S), "the child never came to write"
    end = time.monotonic() + random.uniform(0.0, LONGEST_LIFE_S)
    heard = 0
    while (left := end - time.monotonic()) > 0 and ours.poll(left):
        acknowledged.hear(ours.recv())
        heard += 1
    child.kill()
    try:
        while True:  # what it said before it died
            acknowledged.hear(ours.recv())
            heard += 1
    except EOFError:
        pass
    child.join(10)
    assert child.exitcode == -9
    ours.close()
    child.close()
    return heard


async def check(folder: Path, acknowledged: Acknowledged) -> None:
    async with open_store(folder, vault_of(folder)) as store:

        def look(unit: UnitOfWork) -> None:
            pending = [p.change for p in unit.outbox.all()]
            counters = [change.counter for change in pending]
            assert counters == sorted(set(counters))
            in_outbox = {str(change.record) for change in pending}
            notes = {str(note.id): note for note in unit.records.notes(PATIENT)}
            sounds = {str(sound.id) for sound in unit.records.recordings(PATIENT)}
            assert acknowledged.records <= notes.keys() | sounds
            assert not acknowledged.settled & in_outbox
            assert all(not notes[record].is_pending for record in acknowledged.settled)
            assert unit.records.feed_position() >= acknowledged.feed_position
            # One act, one transaction: each change made has its event, each event its change.
            events = unit.audit.unacknowledged(10**6)
            rows = [ChainRow(e.number, e.event.canonical(), e.digest) for e in events]
            reached, fault = verify_chain(rows)
            assert fault is None and reached == unit.audit.head()
            assert reached.count >= acknowledged.last_event
            own = {str(e.event.subject) for e in events}
            assert len(own) == len(events)
            theirs = notes.keys() - own
            assert own == (notes.keys() | sounds) - theirs
            assert in_outbox <= own
            for record in own - in_outbox:
                assert unit.records.confirmed(RecordType.NOTE, notes[record].id) is not None

        await store.transaction(look)
        for name, key, start in acknowledged.recordings[-5:]:
            assert (await store.recordings.load(name, key))[:64] == start
        for sound in await store.transaction(lambda unit: unit.records.recordings(PATIENT)):
            assert await store.recordings.has(sound.file_sha256)


async def killed(folder: Path, lives: int) -> None:
    seed = random.randrange(2**32)
    print(f"\nseed {seed}")
    random.seed(seed)
    acknowledged, acts = Acknowledged(), 0
    for life in range(lives):
        acts += live_and_die(folder, seed + life, acknowledged)
        await check(folder, acknowledged)
    print(f"{lives} lives, {acts} acts acknowledged, {acts / lives:.0f} a life")
    assert acts > 2 * lives  # otherwise nothing was tried


async def test_nothing_acknowledged_is_lost(folder: Path) -> None:
    await killed(folder, lives=10)


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_nothing_acknowledged_is_lost_in_many_lives(folder: Path) -> None:
    await killed(folder, lives=200)
