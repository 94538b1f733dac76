"""kill -9 at random moments: nothing that was acknowledged is lost, nothing is half there."""

import multiprocessing
import os
import random
import shutil
import sys
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
LONGEST_LIFE_S = 0.15
LOG_HEAD_BYTES, LOG_FRAME_BYTES = 32, 24 + 4096
ATTEMPTED_AT = 128  # nBackfillAttempted
LIVES_OF_PROFILE = 10


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


def torn(log: bytes, index: bytes) -> bytes:
    """The write-ahead log as a power cut may leave it: cut, a bit changed, a page of zeroes.

    Only behind what a checkpoint had begun to bring into the file: that was synced before (the
    index says how far, sqlite.org/walformat.html), and a fault in it is one of the medium.
    """
    if len(log) < 64:
        return b""
    attempted = int.from_bytes(index[ATTEMPTED_AT : ATTEMPTED_AT + 4], sys.byteorder)
    synced = LOG_HEAD_BYTES + attempted * LOG_FRAME_BYTES
    if synced >= len(log):
        return log
    at = random.randrange(synced, len(log))
    choice = random.randrange(3)
    if choice == 0:
        return log[:at]
    if choice == 1:
        return log[:at] + bytes([log[at] ^ (1 << random.randrange(8))]) + log[at + 1 :]
    return (log[:at] + bytes(4096) + log[at + 4096 :])[: len(log)]


async def check_copies(folder: Path, acknowledged: Acknowledged) -> None:
    """The same death with a torn log, and with the whole store lost but for its journal."""
    for what in ("log", "store"):
        place = folder.parent / "copy"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder.parent, place, ignore=shutil.ignore_patterns("copy"))
        profile = place / folder.name
        if what == "log":
            log = profile / "store.db-wal"
            if log.exists():
                index = (profile / "store.db-shm").read_bytes()
                log.write_bytes(torn(log.read_bytes(), index))
        else:
            (profile / "store.db").write_bytes(os.urandom(5000))
        async with open_store(profile, vault_of(profile), begins_anew=what == "store") as store:
            kept = await store.look(every_own_record)
            assert acknowledged.records - acknowledged.settled <= kept, what


def every_own_record(unit: UnitOfWork) -> set[str]:
    notes = {str(note.id) for note in unit.records.notes(PATIENT)}
    return notes | {str(sound.id) for sound in unit.records.recordings(PATIENT)}


async def killed(folder: Path, lives: int) -> None:
    seed = random.randrange(2**32)
    print(f"\nseed {seed}")
    random.seed(seed)
    acts = 0
    for life in range(lives):
        if life % LIVES_OF_PROFILE == 0:  # a store that grows for ever is another test
            shutil.rmtree(folder.parent, ignore_errors=True)
            folder.parent.mkdir(parents=True)
            acknowledged = Acknowledged()
        acts += live_and_die(folder, seed + life, acknowledged)
        if life % LIVES_OF_PROFILE == LIVES_OF_PROFILE // 2:
            await check_copies(folder, acknowledged)
        await check(folder, acknowledged)
    print(f"{lives} lives, {acts} acts acknowledged, {acts / lives:.0f} a life")
    assert acts > 2 * lives  # otherwise nothing was tried


@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_lost(folder: Path) -> None:
    await killed(folder / "one" / "profile", lives=100)


@pytest.mark.long
@pytest.mark.timeout(7200)
async def test_nothing_acknowledged_is_lost_in_many_lives(folder: Path) -> None:
    await killed(folder / "one" / "profile", lives=2000)
