"""Runs a cell: all seeds, ours and Chromium's in turn on the same line, again once where void."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from bench.call.bedside_end import BedsideEnd
from bench.call.call_run import MakePair, call, start
from bench.call.chromium_end import ChromiumEnd
from bench.call.clip import clip_of
from bench.call.facts import OURS, PEER, Facts, Found, Void, failed
from bench.call.joins import joins, relayed_joins
from bench.call.link import Link
from bench.call.outage_run import CALLS_AT_ONCE, many, move, outage
from bench.call.pair import OnTold, Pair
from bench.call.situations import Kind, Situation
from bench.call.speech import speech_file
from bench.call.warm import WarmPair

Run = Callable[[Link, MakePair, Situation, int], Awaitable[list[Facts]]]
RUNS: dict[Kind, Run] = {
    Kind.JOINS: joins,
    Kind.WARM_JOINS: joins,
    Kind.RELAYED: relayed_joins,
    Kind.CALL: call,
    Kind.START: start,
    Kind.OUTAGE: outage,
    Kind.MOVE: move,
    Kind.MANY: many,
}
ENDS: dict[str, type[BedsideEnd] | type[ChromiumEnd]] = {OURS: BedsideEnd, PEER: ChromiumEnd}
TRIES = 2


class Runs:
    """Cells with the same situation share their runs."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._known: dict[tuple[str, Situation, int], list[Facts]] = {}

    async def run(self, situation: Situation, seeds: range, *, with_peer: bool) -> Found:
        """All seeds; `with_peer` False: ours alone."""
        found = Found()
        # Made here once, so that no peer makes them while it is watched.
        await asyncio.to_thread(clip_of, situation.width, situation.height, situation.fps)
        for side in (0, 1):
            setting = situation.setting(side)
            await asyncio.to_thread(
                speech_file, setting.speaks_from_s, takes_turns=setting.takes_turns
            )
        for seed in seeds:
            for make in (OURS, PEER) if with_peer else (OURS,):
                key = (make, situation, seed)
                if key not in self._known:
                    self._known[key] = await self._tried(make, situation, seed, found)
                found.samples[make] += self._known[key]
        return found

    async def again(self, situation: Situation, seeds: range) -> Found:
        """From nothing: what is known of it is void."""
        self._known = {key: facts for key, facts in self._known.items() if key[1] != situation}
        return await self.run(situation, seeds, with_peer=True)

    async def _tried(self, make: str, situation: Situation, seed: int, found: Found) -> list[Facts]:
        for number in range(TRIES):
            try:
                return await RUNS[situation.kind](self._link, maker(make), situation, seed)
            except (Void, OSError, TimeoutError) as error:
                why = f"{make} seed {seed}: {error or type(error).__name__}"
                print(f"  void, {why}", file=sys.stderr, flush=True)
                if number < TRIES - 1:
                    continue
                found.voids.append(why)
                if make == OURS and not isinstance(error, Void):  # what fails of ours counts
                    return [failed(situation.watch_s)] * _samples(situation)
        return []


def _samples(situation: Situation) -> int:
    if situation.kind in (Kind.JOINS, Kind.WARM_JOINS, Kind.RELAYED):
        return situation.joins
    return CALLS_AT_ONCE if situation.kind is Kind.MANY else 1


def maker(make: str) -> MakePair:
    """Pairs of two ends of that make."""

    def pair(link: Link, situation: Situation) -> Pair:
        def end(side: int, on_told: OnTold) -> BedsideEnd | ChromiumEnd:
            return ENDS[make](link.names[side], situation.setting(side), on_told)

        kind = WarmPair if situation.kind is Kind.WARM_JOINS else Pair
        return kind(end, situation.watched_sides)

    return pair
