"""Which way sound goes live: what the line carries, no flapping, and never more copies than pay."""

from collections.abc import Callable

import pytest

from app.domain.engine import LiveWay
from media.auscultation.live_plan import (
    LineFigures,
    LivePlan,
    Needs,
    PlanState,
    advance,
    copies_for,
)

SLOW, FAST = Needs(30_000, 0), Needs(400_000, 60_000)


def after(
    needs: Needs, figures: Callable[[float], LineFigures], seconds: float
) -> tuple[LivePlan, int]:
    """What is sent at the end, and how often it changed."""
    state, changes = PlanState(), 0
    for step in range(round(seconds * 5)):
        before = state.plan
        state = advance(state, needs, figures(step / 5), step / 5)
        changes += before is not None and before != state.plan
    assert state.plan is not None
    return state.plan, changes


@pytest.mark.parametrize(
    ("loss", "round_trip_s", "copies"),
    [(0.0, 0.3, 0), (0.02, 0.3, 1), (0.1, 0.3, 2), (0.25, 0.3, 3), (0.25, 0.02, 0), (0.1, None, 2)],
)
def test_as_many_copies_as_the_loss_asks_for(
    loss: float, round_trip_s: float | None, copies: int
) -> None:
    assert copies_for(LineFigures(None, loss, round_trip_s)) == copies


@pytest.mark.parametrize(
    ("needs", "room", "plan"),
    [
        (SLOW, 400_000, LivePlan(LiveWay.LOSSLESS, 2)),
        (SLOW, 60_000, LivePlan(LiveWay.LOSSLESS, 0)),
        (SLOW, 20_000, LivePlan(LiveWay.LATER)),
        (FAST, 2_000_000, LivePlan(LiveWay.LOSSLESS, 2)),
        (FAST, 300_000, LivePlan(LiveWay.MONITOR, 2)),
        (FAST, 90_000, LivePlan(LiveWay.MONITOR, 0)),
        (FAST, 30_000, LivePlan(LiveWay.LATER)),
    ],
)
def test_the_best_that_fits(needs: Needs, room: int, plan: LivePlan) -> None:
    figures = LineFigures(room, 0.1, 0.3)
    assert after(needs, lambda _: figures, 20) == (plan, 0)


def test_a_line_that_narrows_for_a_moment_changes_nothing() -> None:
    def figures(at_s: float) -> LineFigures:
        return LineFigures(30_000 if 5 <= at_s < 5.8 else 900_000, 0.0, 0.3)

    assert after(FAST, figures, 20)[1] <= 1


def test_a_line_that_narrows_is_followed_soon_and_back_later() -> None:
    def narrow(at_s: float) -> LineFigures:
        return LineFigures(900_000 if at_s < 5 else 120_000, 0.0, 0.3)

    def wide(at_s: float) -> LineFigures:
        return LineFigures(120_000 if at_s < 5 else 900_000, 0.0, 0.3)

    assert after(FAST, narrow, 6.0)[0].way is LiveWay.LOSSLESS
    assert after(FAST, narrow, 7.5)[0].way is LiveWay.MONITOR
    assert after(FAST, wide, 7.5)[0].way is LiveWay.MONITOR
    assert after(FAST, wide, 12.0)[0].way is LiveWay.LOSSLESS


def test_near_the_edge_it_does_not_flap() -> None:
    def figures(at_s: float) -> LineFigures:
        return LineFigures(430_000 if int(at_s) % 4 < 2 else 400_000, 0.0, 0.3)

    assert after(FAST, figures, 120)[1] <= 2


def test_an_estimate_too_low_is_not_believed_while_nothing_waits() -> None:
    figures = LineFigures(10_000, 0.0, 0.3, queue_s=0.0)
    assert after(SLOW, lambda _: figures, 30)[0].way is LiveWay.LOSSLESS


def test_a_queue_ends_a_trial_and_the_next_one_waits_longer() -> None:
    def figures(_: float) -> LineFigures:
        return LineFigures(10_000, 0.0, 0.3, queue_s=0.5)

    assert after(SLOW, figures, 120) == (LivePlan(LiveWay.LATER), 0)
