"""One run: a seed says who does what, when machines die, and what becomes of each message."""

import asyncio
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from app.domain import ids
from app.remote import server_api
from app.runtime import aside
from app.services import sync
from tests.fakes import virtual_time
from tests.simulation.desk_end import DeskEnd
from tests.simulation.ground import KIM, SITS_AT, Ground
from tests.simulation.intents import Memory
from tests.simulation.judge import Judge
from tests.simulation.line import LATE_MOST_S, Line
from tests.simulation.operator import Operator
from tests.simulation.people import People
from tests.simulation.server_end import ServerEnd
from tests.simulation.site import Site

FUSE_MOST = 150
PAGE_RECORDS = 12  # a first load, and what gathered while a line was down, take several pages
QUIET_TRIES = 40
QUIET_STEP_S = 3.0
STEP_S = 0.35  # about as long as an exchange: what people do meets what is under way
NOON_NS = 1_795_000_000 * 10**9
JUMPS_S = (-86_400.0, -3_600.0, -90.0, 90.0, 3_600.0, 86_400.0)


@dataclass(slots=True)
class Told:
    """What one run came to. `violations` is empty when all invariants held."""

    seed: int
    steps: int
    violations: list[str]
    trace: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)


class World:
    def __init__(self, ground: Ground, seed: int) -> None:
        self.ground = ground
        self.dice = random.Random(f"{seed} world")
        self.memory = Memory()
        self.server = ServerEnd(ground)
        self.desks = [
            DeskEnd(ground, number, Line(self.server, random.Random(f"{seed} line {number}")))
            for number in range(len(SITS_AT))
        ]
        self.people = People(ground, self.memory, self.dice)
        self.operator = Operator(ground, self.dice)
        self.site = Site(ground, self.desks, random.Random(f"{seed} site"))
        self.judge = Judge(self.desks, self.memory, self.server_rows)
        self._beside: sqlite3.Connection | None = None
        self.met: Counter[str] = Counter()
        self.trace: list[str] = []
        self._acts: dict[Callable[[DeskEnd], Awaitable[str]], int] = {
            self.people.writes_a_note: 10,
            self.people.changes_something: 30,
            self.people.decides: 6,
            self.people.resolves: 8,
            self._looks_again: 8,
            self._line_turns: 8,
            self._desk_dies: 5,
            self._server_dies: 4,
            self._clock_jumps: 3,
            self._backup: 2,
            self._somebody_moves: 7,
            self._time_passes: 8,
        }

    async def run(self, steps: int) -> list[str]:
        await self.server.start()
        for desk in self.desks:
            await desk.start()
        try:
            for step in range(steps):
                await self._step(step)
                found = self.judge.after_a_step()
                if found:
                    return found
            await self._grow_quiet()
            return self.judge.at_the_end()
        finally:
            for desk in self.desks:
                if desk.is_running:
                    await desk.stop()
            await self.server.stop()
            self._look_no_more()
            self.operator.close()

    async def _step(self, step: int) -> None:
        await self._bury_and_wake(is_at_once=False)
        self.site.step()
        desk = self.dice.choice(self.desks)
        [act] = self.dice.choices(list(self._acts), list(self._acts.values()))
        if desk.is_running and not desk.fuse.is_dead:
            said = await act(desk)
            self.met[act.__name__.strip("_")] += 1
            self.trace.append(f"{step} desk {desk.number}: {said}")
        await asyncio.sleep(self.dice.expovariate(1 / STEP_S))

    async def _bury_and_wake(self, *, is_at_once: bool) -> None:
        """Who is dead is let go of, and started again some time later."""
        if self.server.app is None and (is_at_once or self.dice.random() < 0.4):
            await self.server.stop()
            await self.server.start()
        for desk in self.desks:
            if desk.is_running and desk.fuse.is_dead:
                await desk.stop()
            if not desk.is_running and (is_at_once or self.dice.random() < 0.4):
                await desk.start()

    async def _looks_again(self, desk: DeskEnd) -> str:
        desk.sync.poke()
        return "is told of news"

    async def _line_turns(self, desk: DeskEnd) -> str:
        desk.line.is_up = not desk.line.is_up
        return f"line {'up' if desk.line.is_up else 'down'}"

    async def _desk_dies(self, desk: DeskEnd) -> str:
        steps = self.dice.randint(1, FUSE_MOST)
        desk.fuse.light(steps)
        return f"will die in {steps}"

    async def _server_dies(self, desk: DeskEnd) -> str:
        steps = self.dice.randint(1, FUSE_MOST)
        self.server.fuse.light(steps)
        return f"the server will die in {steps}"

    async def _clock_jumps(self, desk: DeskEnd) -> str:
        clock = self.dice.choice([desk.clock, self.server.clock])
        clock.wrong_by = timedelta(seconds=self.dice.choice(JUMPS_S))
        return f"a clock is wrong by {clock.wrong_by}"

    async def _backup(self, desk: DeskEnd) -> str:
        """The server's file is copied; another time it is put back, once in a run."""
        if self.server.was_put_back or self.server.app is None:
            return "no backup"
        if not self.server.has_backup:
            self.server.back_up()
            return "a backup is made"
        self._look_no_more()
        await self.server.put_back()
        for each in self.desks:
            each.line.forget_old_answers()
        self.judge.server_went_back()
        return "the backup is put back"

    async def _somebody_moves(self, desk: DeskEnd) -> str:
        return self.operator.moves_somebody()

    async def _time_passes(self, desk: DeskEnd) -> str:
        seconds = self.dice.uniform(2.0, 20.0)
        await asyncio.sleep(seconds)
        return f"{seconds:.1f} s pass"

    async def _grow_quiet(self) -> None:
        """No more faults; what is late arrives, and everybody looks until nothing is left."""
        self.site.end()
        self.server.fuse.put_out()
        for desk in self.desks:
            desk.fuse.put_out()
            desk.line.is_up, desk.line.is_faulty = True, False
        await self._bury_and_wake(is_at_once=True)
        await asyncio.sleep(LATE_MOST_S)
        await self._until_quiet()
        for move in self.operator.last_moves():  # what is right then was right on the way
            self.trace.append(move())
            await self._until_quiet()
        for _ in range(2):  # giving up what lies in conflict is a change that may be refused
            for desk in self.desks:
                self.trace += await self.people.gives_all_up(desk)
            await self._until_quiet()

    async def _until_quiet(self) -> None:
        """The nurse's desk looks in any case: whom she sees changes without a word of the feed."""
        self.desks[SITS_AT.index(KIM)].sync.poke()
        await asyncio.sleep(QUIET_STEP_S)
        for _ in range(QUIET_TRIES):
            left = [desk for desk in self.desks if not self.judge.is_done(desk)]
            if not left:
                return
            for desk in left:
                desk.sync.poke()
            await asyncio.sleep(QUIET_STEP_S)

    def server_rows(self, question: str) -> list[tuple[Any, ...]]:
        """Straight out of the server's file, past its code."""
        if self._beside is None:
            self._beside = sqlite3.connect(self.ground.settings.database)
        return self._beside.execute(question).fetchall()

    def _look_no_more(self) -> None:
        """The file is to be another."""
        if self._beside is not None:
            self._beside.close()
        self._beside = None


@contextmanager
def _known_chance(seed: int) -> Iterator[None]:
    """Ids that the product makes are the same in each run of a seed."""
    dice = random.Random(f"{seed} ids")
    known_os = SimpleNamespace(urandom=dice.randbytes)
    known_time = SimpleNamespace(time_ns=lambda: NOON_NS)
    with (
        patch.object(ids, "os", known_os),
        patch.object(ids, "time", known_time),
        patch.object(server_api, "FEED_MAX_RECORDS", PAGE_RECORDS),
        patch.object(aside, "MOMENT_BYTES", 2**30),  # this loop waits for no thread
        patch.object(sync, "CLOCK_SAMPLES", 1),  # five would be a fifth of all messages
    ):
        yield


def run_seed(ground: Ground, folder: Path, seed: int, steps: int) -> Told:
    """The run of this seed in a folder of its own, which goes afterwards."""
    here = folder / f"seed-{seed}"
    here.mkdir()
    try:
        with _known_chance(seed):
            world = World(ground.copied_to(here), seed)
            found = virtual_time.run(world.run(steps))
    finally:
        shutil.rmtree(here)
    for desk in world.desks:
        world.met.update(str(fate) for fate in desk.line.met.elements())
    world.met.update(world.site.met)
    world.met["desk deaths"] = sum(desk.deaths for desk in world.desks)
    world.met["server deaths"] = world.server.deaths
    return Told(seed, steps, found, world.trace, world.met)
