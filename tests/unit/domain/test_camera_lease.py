"""The table of the camera's lease, walked whole: who holds it, what is audited, when it ends."""

from itertools import product

import pytest

from app.domain.camera_lease import (
    ASKED_UNDER,
    IDLE_AFTER_S,
    TRANSITIONS,
    Effect,
    Event,
    Hold,
    Lease,
    Policy,
    advance,
)

ALL = list(product(Hold, Event))
ENDS = (Event.GIVE_BACK, Event.IDLE, Event.VISIT_ENDED)


@pytest.mark.parametrize(("hold", "event"), ALL)
def test_every_event_in_every_state(hold: Hold, event: Event) -> None:
    after, effect = advance(hold, event)
    if (hold, event) not in TRANSITIONS:
        assert (after, effect) == (hold, Effect.NONE)
    # Nobody comes to hold it but by a grant, and a grant comes from the cart alone.
    is_taken = after is Hold.HELD and hold is not Hold.HELD
    assert is_taken == (effect is Effect.GRANTED)
    if effect is Effect.GRANTED:
        assert event in (Event.GRANT, Event.ASK_WHERE_ALL_MAY)
    # It moves only while it is held; whoever loses it is told of in the audit.
    assert (effect is Effect.MOVE) == (hold is Hold.HELD and event is Event.USE)
    assert (effect is Effect.ENDED) == (hold is Hold.HELD and after is Hold.FREE)
    # A question ends in a grant, a refusal, or because it needs no answer any more.
    if hold is Hold.ASKED and after is not Hold.ASKED:
        assert effect in (Effect.GRANTED, Effect.REFUSED, Effect.WITHDRAWN)


@pytest.mark.parametrize("hold", [Hold.ASKED, Hold.HELD])
@pytest.mark.parametrize("event", ENDS)
def test_nothing_outlives_its_visit_or_its_minute(hold: Hold, event: Event) -> None:
    assert advance(hold, event)[0] is Hold.FREE


@pytest.mark.parametrize(
    ("policy", "hold", "effect"),
    [
        (Policy.ASK, Hold.ASKED, Effect.ASK_PERSON),
        (Policy.ALWAYS, Hold.HELD, Effect.GRANTED),
        (Policy.NEVER, Hold.FREE, Effect.REFUSED),
    ],
)
def test_what_the_cart_says(policy: Policy, hold: Hold, effect: Effect) -> None:
    lease, told = Lease().after(ASKED_UNDER[policy], 5.0)
    assert (lease.hold, told) == (hold, effect)
    for taken in (Hold.ASKED, Hold.HELD):  # no second one while it is asked for or held
        assert advance(taken, ASKED_UNDER[policy]) == (taken, Effect.NONE)


def test_a_use_counts_and_a_word_without_meaning_does_not() -> None:
    lease, _ = Lease().after(Event.ASK_WHERE_ALL_MAY, 0.0)
    lease, _ = lease.after(Event.USE, 50.0)
    lease, effect = lease.after(Event.GRANT, 100.0)
    assert effect is Effect.NONE
    assert not lease.is_idle(50.0 + IDLE_AFTER_S - 0.1)
    assert lease.is_idle(50.0 + IDLE_AFTER_S)
    assert not Lease().is_idle(1e9)
