"""A call without a picture is a call; a join that needed a second link has the instants of that one, not none."""

from typing import cast

from bench.call.facts import NEVER_S
from bench.call.pair import End, Joined, Pair, soonest_s


def test_whichever_link_was_whole_first_counts() -> None:
    given_up, second = {0: 11.0}, {0: 15.2, 1: 15.5}
    assert soonest_s([given_up, second], 10.0) == 5.5
    assert soonest_s([{0: 10.4, 1: 10.5}, second], 10.0) == 0.5
    assert soonest_s([given_up], 10.0) == NEVER_S


def test_a_call_without_a_picture_is_one_all_the_same() -> None:
    pair = Pair(lambda side, on_told: cast(End, None))
    link = pair.links["a"] = Joined(10.0, (0, 1))
    assert not pair.has_been_up
    link.up_at = {0: 10.4, 1: 10.5}
    assert pair.has_been_up
    assert not link.is_whole
