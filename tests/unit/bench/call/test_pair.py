"""A call without a picture is a call, and of two links the one that was whole counts."""

from typing import cast

from bench.call.facts import NEVER_S
from bench.call.pair import End, Joined, Pair, soonest_s


def test_whichever_link_was_whole_first_counts() -> None:
    given_up, second = {0: 11.0}, {0: 15.2, 1: 15.5}
    assert soonest_s([given_up, second], 10.0) == 5.5
    assert soonest_s([{0: 10.4, 1: 10.5}, second], 10.0) == 0.5
    assert soonest_s([given_up], 10.0) == NEVER_S


def has_been_up(up_at: dict[int, float]) -> bool:
    pair = Pair(lambda side, on_told: cast(End, None))
    pair.links["a"] = Joined(10.0, (0, 1), up_at)
    return pair.has_been_up


def test_a_call_without_a_picture_is_one_all_the_same() -> None:
    assert not has_been_up({})
    assert not has_been_up({1: 10.4})
    assert has_been_up({0: 10.4, 1: 10.5})
