"""A row of joins on one line: each a new call with new seeds, one after the other."""

import asyncio
from dataclasses import replace

from bench.call.call_run import JOIN_LIMIT_S, MakePair
from bench.call.facts import NEVER_S, Facts, Void
from bench.call.link import Link, why_void
from bench.call.pair import soonest_s
from bench.call.situations import Situation
from bench.call.turn_house import TurnHouse

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
            clicked_at = next(iter(pair.links.values())).clicked_at
            if why := why_void(situation.shapes, await link.counts()):
                raise Void(why)
            found.append(
                {
                    "join_s": NEVER_S if took_s is None else took_s,
                    "channel_s": soonest_s(
                        [link.up_at for link in pair.links.values()], clicked_at
                    ),
                    "picture_s": soonest_s(
                        [link.picture_at for link in pair.links.values()], clicked_at
                    ),
                    "links": float(len(pair.links)),
                }
            )
            pair.hang_up()
            await asyncio.sleep(REST_S)
    finally:
        await pair.close()
    return found


async def relayed_joins(link: Link, make: MakePair, situation: Situation, seed: int) -> list[Facts]:
    """Over a relay only, which stands at one end for half of the joins, then at the other."""
    assert situation.relay_by is not None
    found: list[Facts] = []
    async with TurnHouse(link, situation.relay_by) as house:
        at_one_end = replace(situation, joins=situation.joins // 2, relays=house.setting)
        for side in (0, 1):
            house.stand_at(side)
            found += await joins(link, make, at_one_end, 2 * seed + side)
    return found
