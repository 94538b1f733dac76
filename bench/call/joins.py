"""A row of joins on one line: each a new call with new seeds, one after the other."""

import asyncio
from dataclasses import dataclass, field

from bench.call.line_model import Shape
from bench.call.link import Link
from bench.call.pair import Pair

JOIN_LIMIT_S = 20.0
NEVER_S = 99.0
REST_S = 0.4


@dataclass(slots=True)
class Joins:
    """Seconds; NEVER_S for one that was given up. `packets`: (offered, lost) on the whole line."""

    took_s: list[float] = field(default_factory=list)
    channel_s: list[float] = field(default_factory=list)
    picture_s: list[float] = field(default_factory=list)
    offered: int = 0
    lost: int = 0
    late_ms: float = 0.0


async def join_again_and_again(
    link: Link, pair: Pair, shapes: tuple[Shape, Shape], *, seed: int, count: int
) -> Joins:
    """Both ends of `pair` are open; they are left so."""
    found = Joins()
    for number in range(count):
        await link.begin(shapes, seed * 1000 + number)
        took_s = await pair.join(JOIN_LIMIT_S)
        counts = await link.counts()
        first = next(iter(pair.links.values()))
        found.took_s.append(NEVER_S if took_s is None else took_s)
        found.channel_s.append(_last(first.up_at, first.clicked_at))
        found.picture_s.append(_last(first.picture_at, first.clicked_at))
        found.offered += sum(way["offered"] for way in counts["ways"])
        found.lost += sum(way["lost"] for way in counts["ways"])
        found.late_ms = max(found.late_ms, counts["late_ms"])
        pair.hang_up()
        await asyncio.sleep(REST_S)
    return found


def _last(at: dict[int, float], clicked_at: float) -> float:
    return max(at.values()) - clicked_at if len(at) == 2 else NEVER_S
