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
EASY_QUEUE_S, EASY_LOSS = 0.08, 0.35  # below these the line carries what it is given
TRY_AFTER_S, TRY_MOST_S = 5.0, 80.0  # without a fitting estimate; twice as long after a failure
TRIAL_S = 4.0  # so long it may turn out to have failed


@dataclass(frozen=True, slots=True)
class LineFigures:
    """Of our sending direction; None: not known. `room`: what body sounds may take of it."""

    room_bit_s: int | None = None
    loss_share: float | None = None
    round_trip_s: float | None = None
    queue_s: float | None = None

    @property
    def is_easy(self) -> bool:
        """Nothing waits on the way: whatever the estimate, what is sent now is carried."""
        has_no_queue = self.queue_s is not None and self.queue_s < EASY_QUEUE_S
        return has_no_queue and (self.loss_share or 0.0) < EASY_LOSS


@dataclass(frozen=True, slots=True)
class LivePlan:
    """`copies`: in how many later packets each block goes again."""

    way: LiveWay
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
    """`plan` None: nothing was sent yet."""

    plan: LivePlan | None = None
    short_since_s: float | None = None
    good_since_s: float | None = None
    tried_at_s: float | None = None
    try_after_s: float = TRY_AFTER_S


def advance(state: PlanState, needs: Needs, figures: LineFigures, now_s: float) -> PlanState:
    """Down when it was short for a second; up when more would have gone for five.

    An estimate of a line that carries little is often too low: while nothing waits on the way, the
    next step up is tried from time to time, and given up when it does.
    """
    rungs = rungs_for(needs, copies_for(figures))
    room = ASSUMED_ROOM_BIT_S if figures.room_bit_s is None else figures.room_bit_s
    fitting = next(rung for rung in rungs if needs.of(rung) <= room)
    if state.plan is None:
        is_nothing = fitting.way is LiveWay.LATER and figures.is_easy
        return PlanState(rungs[-2] if is_nothing else fitting)
    place = _place(state.plan, rungs)
    if rungs.index(fitting) > place and not figures.is_easy:
        return _short(state, fitting, now_s)
    state = replace(state, plan=rungs[place], short_since_s=None)
    if place == 0:
        return replace(state, good_since_s=None)
    return _better(state, rungs, place, needs, figures, now_s)


def copies_for(figures: LineFigures) -> int:
    loss, round_trip_s = figures.loss_share or 0.0, figures.round_trip_s
    if round_trip_s is not None and round_trip_s < QUICK_ROUND_TRIP_S:
        return 0
    return next((copies for least, copies in COPIES_FROM_LOSS if loss >= least), 0)


def rungs_for(needs: Needs, copies: int) -> list[LivePlan]:
    """Best first: the record itself before a monitor, and either whole before either with holes."""
    fewest = min(copies, 1)
    with_copies = range(copies, fewest - 1, -1)
    ways = [LiveWay.LOSSLESS, LiveWay.MONITOR] if needs.monitor_bit_s else [LiveWay.LOSSLESS]
    rungs = [LivePlan(way, count) for way in ways for count in with_copies]
    rungs += [LivePlan(way, 0) for way in ways if fewest]
    return [*rungs, LivePlan(LiveWay.LATER)]


# --- the cases -----------------------------------------------------------------------------------


def _short(state: PlanState, fitting: LivePlan, now_s: float) -> PlanState:
    since = now_s if state.short_since_s is None else state.short_since_s
    if now_s - since < DOWN_AFTER_S:
        return replace(state, short_since_s=since, good_since_s=None)
    has_failed = state.tried_at_s is not None and now_s - state.tried_at_s < TRIAL_S
    after_s = min(2 * state.try_after_s, TRY_MOST_S) if has_failed else TRY_AFTER_S
    return PlanState(fitting, try_after_s=after_s)


def _better(
    state: PlanState,
    rungs: list[LivePlan],
    place: int,
    needs: Needs,
    figures: LineFigures,
    now_s: float,
) -> PlanState:
    above = rungs[:place]
    room = figures.room_bit_s
    better = next((rung for rung in above if room and needs.of(rung) * HEADROOM <= room), None)
    if better is None and not figures.is_easy:
        return replace(state, good_since_s=None)
    since = now_s if state.good_since_s is None else state.good_since_s
    waited_s = now_s - since
    if better is not None and waited_s >= UP_AFTER_S:
        return PlanState(better)
    if figures.is_easy and waited_s >= state.try_after_s:
        return PlanState(above[-1], tried_at_s=now_s, try_after_s=state.try_after_s)
    return replace(state, good_since_s=since)


def _place(plan: LivePlan, rungs: list[LivePlan]) -> int:
    """Of what is sent now among the rungs, which move with the loss: the nearest of its way."""
    same = [rung for rung in rungs if rung.way is plan.way]
    nearest = min(same, key=lambda rung: abs(rung.copies - plan.copies), default=rungs[-1])
    return rungs.index(nearest)
