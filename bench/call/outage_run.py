"""Calls through which a black hole goes, or whose second side gets another address."""

import asyncio
import itertools
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.call import seen
from bench.call.call_run import JOIN_LIMIT_S, MakePair
from bench.call.clip import clip_of
from bench.call.facts import NEVER_S, Facts, Void
from bench.call.link import Link
from bench.call.pair import Pair
from bench.call.situations import AFTER_S, Situation

DOWN_S = 0.1  # of the interface, while its address changes
CALLS_AT_ONCE = 4
OUTAGES_S = (1.0, 8.0)
GRACE_S = 5.0  # media may stay away that much longer than the line


async def outage(link: Link, make: MakePair, situation: Situation, seed: int) -> list[Facts]:
    """From the end of the black hole to a picture that was taken after it, on both sides."""
    await link.begin(situation.shapes, seed)
    pair = make(link, situation)
    try:
        await _up(pair, situation)
        await _cut(link, [pair], situation)
        back_at = time.monotonic()
        await asyncio.sleep(AFTER_S)
        return [await _back(pair, situation, back_at)]
    finally:
        await pair.close()


async def move(link: Link, make: MakePair, situation: Situation, seed: int) -> list[Facts]:
    """From the change of the address on."""
    await link.begin(situation.shapes, seed)
    pair = make(link, situation)
    try:
        await _up(pair, situation)
        changed_at = time.monotonic()
        await link.new_address(DOWN_S)
        await asyncio.sleep(AFTER_S)
        return [await _back(pair, situation, changed_at)]
    finally:
        await pair.close()


async def many(link: Link, make: MakePair, situation: Situation, seed: int) -> list[Facts]:
    """Four calls at a time with one outage each; how many of them were dropped."""
    chance = random.Random(seed)
    await link.begin(situation.shapes, seed)
    pairs = [make(link, situation) for _ in range(CALLS_AT_ONCE)]
    try:
        for pair in pairs:
            await _up(pair, replace(situation, settle_s=0.0))
        began_at = time.monotonic()
        cut = replace(situation, outage_s=chance.uniform(*OUTAGES_S))
        await asyncio.sleep(chance.uniform(10.0, 40.0))
        cut_at = time.monotonic()
        await _cut(link, pairs, cut)
        await asyncio.sleep(max(0.0, began_at + situation.watch_s - time.monotonic()))
        found = []
        for pair in pairs:
            away_s = await _longest_gap_s(pair, situation, cut_at, time.monotonic())
            found.append({"dropped": float(away_s > cut.outage_s + GRACE_S), "away_s": away_s})
        return found
    finally:
        await asyncio.gather(*(pair.close() for pair in pairs))


async def _up(pair: Pair, situation: Situation) -> None:
    await pair.open()
    if await pair.join(JOIN_LIMIT_S) is None:
        raise Void("the call did not come up")
    await asyncio.sleep(situation.settle_s)


async def _cut(link: Link, pairs: list[Pair], situation: Situation) -> None:
    """Everything vanishes, the server too."""
    hole = tuple((0.0, replace(shape, is_cut=True)) for shape in situation.shapes)
    await link.plan(((hole[0],), (hole[1],)))
    for pair in pairs:
        pair.cut(True)
    await asyncio.sleep(situation.outage_s)
    whole = tuple((0.0, shape) for shape in situation.shapes)
    await link.plan(((whole[0],), (whole[1],)))
    for pair in pairs:
        pair.cut(False)


async def _seen(pair: Pair, situation: Situation) -> list[seen.Seen]:
    clip = clip_of(situation.width, situation.height, situation.fps)
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
        found = []
        for side, end in enumerate(pair.ends):
            folder = Path(name) / str(side)
            folder.mkdir()
            await end.write(folder)
            found.append(seen.read(folder, clip, with_pixels=False))
        return found


async def _back(pair: Pair, situation: Situation, since: float) -> Facts:
    """Seconds until both sides showed a picture of the other taken since then."""
    both = await _seen(pair, situation)
    back_s = []
    for side in (0, 1):
        fresh = {number for at, number in both[1 - side].put if since <= at}
        shown = [one.at for one in both[side].shown if one.at > since and one.number in fresh]
        back_s.append(min(shown) - since if shown else NEVER_S)
    return {
        "back_s": max(back_s),
        "links": float(len(pair.links)),
        "losses": float(len(pair.lost_at)),
    }


async def _longest_gap_s(pair: Pair, situation: Situation, start: float, end: float) -> float:
    """Without a picture on either side."""
    longest = 0.0
    for here in await _seen(pair, situation):
        instants = [start, *(one.at for one in here.shown if start < one.at < end), end]
        gaps = (later - earlier for earlier, later in itertools.pairwise(instants))
        longest = max(longest, *gaps)
    return longest
