"""A row of joins on one line: each a new call with new seeds, one after the other."""

import asyncio

from bench.call.call_run import JOIN_LIMIT_S, MakePair
from bench.call.facts import NEVER_S, Facts, Void
from bench.call.link import Link, why_void
from bench.call.situations import Situation

REST_S = 0.4


async def joins(link: Link, make: MakePair, situation: Situation, seed: int) -> list[Facts]:
    """Seconds; NEVER_S for one that was given up. The peers are the same processes throughout."""
    pair = make(link, situation)
    found: list[Facts] = []
    try:
        await pair.open()
        for number in range(situation.joins):
            await link.begin(situation.shapes, seed * 1000 + number)
            took_s = await pair.join(JOIN_LIMIT_S)
            if why := why_void(situation.shapes, await link.counts()):
                raise Void(why)
            first = next(iter(pair.links.values()))
            found.append(
                {
                    "join_s": NEVER_S if took_s is None else took_s,
                    "channel_s": _last(first.up_at, first.clicked_at),
                    "picture_s": _last(first.picture_at, first.clicked_at),
                    "links": float(len(pair.links)),
                }
            )
            pair.hang_up()
            await asyncio.sleep(REST_S)
    finally:
        await pair.close()
    return found


def _last(at: dict[int, float], clicked_at: float) -> float:
    return max(at.values()) - clicked_at if len(at) == 2 else NEVER_S
