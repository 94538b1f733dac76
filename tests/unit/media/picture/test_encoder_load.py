"""A machine that is too slow for the picture gets a smaller one, and keeps it while it is."""

import pytest

from media.picture.encoder_load import LONG_SIDES, SPEEDS, EncoderLoad

FRAME_S = 1 / 30
COST_S = {1280: 0.026, 960: 0.0146, 640: 0.0065, 480: 0.0037}  # of a slow cart, at full look
CHEAPER = {-6: 1.0, -8: 0.92, -10: 0.84, -12: 0.73}  # as measured


class Cart:
    """Encodes what it is told to, `slower` times as slowly as COST_S says."""

    def __init__(self, slower: float = 1.0) -> None:
        self.load = EncoderLoad()
        self.slower = slower
        self.now_s = 100.0
        self.sizes: list[int] = []

    def runs(self, seconds: float, most: int = 1280) -> None:
        for _ in range(round(seconds / FRAME_S)):
            side = min(most, self.load.long_side_most)
            took_s = COST_S[side] * CHEAPER[self.load.speed] * self.slower
            self.load.told(self.now_s, took_s, side)
            self.now_s += max(FRAME_S, took_s)
            if not self.sizes or self.sizes[-1] != side:
                self.sizes.append(side)


def test_a_quick_machine_looks_thoroughly_at_full_size() -> None:
    cart = Cart(slower=0.25)
    cart.runs(60)
    assert (cart.sizes, cart.load.speed) == ([1280], SPEEDS[0])


def test_a_slower_one_looks_less_thoroughly_first() -> None:
    cart = Cart(slower=0.7)
    cart.runs(60)
    assert (cart.sizes, cart.load.speed) == ([1280], SPEEDS[-1])


def test_one_that_is_too_slow_gets_a_smaller_picture_within_seconds_and_keeps_it() -> None:
    cart = Cart(slower=1.6)
    cart.runs(7)
    assert cart.sizes[-1] < 1280
    cart.runs(300)
    assert len(cart.sizes) == 2  # it does not try in vain what cannot be


def test_one_that_is_hardly_able_at_all_still_sends_the_smallest() -> None:
    cart = Cart(slower=30)
    cart.runs(120)
    assert cart.sizes == list(LONG_SIDES)


def test_after_a_busy_minute_the_size_comes_back() -> None:
    cart = Cart(slower=2.5)
    cart.runs(60)
    assert cart.load.long_side_most == 640
    cart.slower = 0.3
    cart.runs(60)
    assert cart.load.long_side_most == 1280
    cart.runs(60)
    assert cart.load.speed == SPEEDS[0]


def test_a_size_that_did_not_hold_is_waited_for_longer() -> None:
    cart = Cart(slower=2.5)
    cart.runs(20)
    waited = []
    for _ in range(4):
        before, since = cart.load.long_side_most, cart.now_s
        cart.slower = 0.3
        while cart.load.long_side_most == before:
            cart.runs(0.5)
        waited.append(cart.now_s - since)
        cart.slower = 3.5
        while cart.load.long_side_most > before:
            cart.runs(0.5)
    assert waited[0] < 15
    assert waited[1] > 1.5 * waited[0]
    assert waited[3] > 60


@pytest.mark.parametrize("gap_s", [1.5, 3600.0])
def test_a_pause_is_neither_load_nor_rest(gap_s: float) -> None:
    cart = Cart(slower=0.25)
    for _ in range(30):
        cart.load.told(cart.now_s, 5.0, 1280)  # a machine that slept
        cart.now_s += gap_s + 5
    assert cart.load.long_side_most == 1280


def test_a_line_that_carries_less_leaves_the_size_to_the_line() -> None:
    cart = Cart(slower=1.2)
    cart.runs(120, most=480)
    assert cart.load.long_side_most == 1280
