"""A join that needed a second link has the instants of that one, not none."""

from bench.call.facts import NEVER_S
from bench.call.pair import soonest_s


def test_whichever_link_was_whole_first_counts() -> None:
    given_up, second = {0: 11.0}, {0: 15.2, 1: 15.5}
    assert soonest_s([given_up, second], 10.0) == 5.5
    assert soonest_s([{0: 10.4, 1: 10.5}, second], 10.0) == 0.5
    assert soonest_s([given_up], 10.0) == NEVER_S
