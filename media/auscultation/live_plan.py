"""How sound goes live over the line as it is now: the record itself, a monitor of it, or nothing.

A pure rule. What is lost is sent ahead of its loss, in later packets, as often as the line has
room for; asking for it again would take a round trip more than the ear may wait.
"""

from dataclasses import dataclass, replace

from app.domain.engine import LiveWay

PACKETS_BIT_S = 25 * 75 * 8  # 25 packets a second: IP, UDP, RTP, its extensions, authentication
MONITOR_RATE_HZ = 8_000
ASSUMED_ROOM_BIT_S = 96_000  # of a line of which nothing is known yet
QUICK_ROUND_TRIP_S = 0.06  # what is lost comes again in time
COPIES_FROM_LOSS = ((0.20, 3), (0.05, 2), (0.01, 1))
DOWN_AFTER_S, UP_AFTER_S = 1.0, 5.0
HEADROOM = 1.3  # of a step up, or what is near the edge would flap


@dataclass(frozen=True, slots=True)
class LineFigures:
    """Of our sending direction; None: not known. `room`: what body sounds may take of it."""

    room_bit_s: int | None = None
    loss_share: float | None = None
    round_trip_s: float | None = None


@dataclass(frozen=True, slots=True)
class LivePlan:
    """`copies`: in how many later packets each block goes again."""

    way: LiveWay = LiveWay.LOSSLESS
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Needs:
    """What each takes, in bits a second and without copies; a monitor 0 where it is none."""

    lossless_bit_s: float
    monitor_bit_s: float

    def of(self, plan: LivePlan) -> float:
        if plan.way is LiveWay.LATER:
            return 0.0
        is_whole = plan.way is LiveWay.LOSSLESS
        once = self.lossless_bit_s if is_whole else self.monitor_bit_s
        return once * (1 + plan.copies) + PACKETS_BIT_S


@dataclass(frozen=True, slots=True)
class PlanState:
    plan: LivePlan = LivePlan()
    short_since_s: float | None = None
    good_since_s: float | None = None


def advance(state: PlanState, needs: Needs, figures: LineFigures, now_s: float) -> PlanState:
    """Down when it was short for a second, up when more would have gone for five.

    More or fewer copies on the same way cost nothing to whoever listens, and come at once.
    """
    room = ASSUMED_ROOM_BIT_S if figures.room_bit_s is None else figures.room_bit_s
    copies = copies_for(figures)
    best = best_plan(needs, room, copies)
    if best.way is state.plan.way:
        return PlanState(best)
    if _rank(best.way) > _rank(state.plan.way):
        since = now_s if state.short_since_s is None else state.short_since_s
        if now_s - since >= DOWN_AFTER_S:
            return PlanState(best)
        return replace(state, short_since_s=since, good_since_s=None)
    better = best_plan(needs, room / HEADROOM, copies)
    if _rank(better.way) >= _rank(state.plan.way):
        return replace(state, short_since_s=None, good_since_s=None)
    since = now_s if state.good_since_s is None else state.good_since_s
    if now_s - since >= UP_AFTER_S:
        return PlanState(better)
    return replace(state, short_since_s=None, good_since_s=since)


def copies_for(figures: LineFigures) -> int:
    loss, round_trip_s = figures.loss_share or 0.0, figures.round_trip_s
    if round_trip_s is not None and round_trip_s < QUICK_ROUND_TRIP_S:
        return 0
    return next((copies for least, copies in COPIES_FROM_LOSS if loss >= least), 0)


def best_plan(needs: Needs, room_bit_s: float, copies: int) -> LivePlan:
    """The record itself before a monitor, and either whole before either with holes."""
    fewest = min(copies, 1)
    wanted = [LivePlan(LiveWay.LOSSLESS, count) for count in range(copies, fewest - 1, -1)]
    if needs.monitor_bit_s:
        wanted += [LivePlan(LiveWay.MONITOR, count) for count in range(copies, fewest - 1, -1)]
    wanted.append(LivePlan(LiveWay.LOSSLESS, 0))
    if needs.monitor_bit_s:
        wanted.append(LivePlan(LiveWay.MONITOR, 0))
    fitting = (plan for plan in wanted if needs.of(plan) <= room_bit_s)
    return next(fitting, LivePlan(LiveWay.LATER))


def _rank(way: LiveWay) -> int:
    return tuple(LiveWay).index(way)
