"""Wishes for a key frame: the first at once, then as many as the line bears."""

from media.picture.key_frame_wishes import KeyFrameWishes


def met(wishes: KeyFrameWishes, times: list[float], bit_s: int) -> list[float]:
    found = []
    for at_s in times:
        wishes.wish(at_s, bit_s)
        if wishes.is_due:
            wishes.sent(at_s)
            found.append(at_s)
    return found


def joined(at_s: float = 0.0) -> KeyFrameWishes:
    wishes = KeyFrameWishes()
    assert wishes.is_due  # a stream begins with one
    wishes.sent(at_s)
    return wishes


def test_the_burst_of_a_join_is_met_whole() -> None:
    burst = [0.1, 0.2, 0.35, 0.6, 1.0, 1.5]
    assert met(joined(), burst, 600_000) == burst


def test_on_little_even_a_join_has_fewer() -> None:
    assert met(joined(), [0.1, 0.2, 0.35, 0.6, 1.0, 1.5], 128_000) == [0.35, 1.0, 1.5]


def test_later_there_are_at_most_five_in_two_seconds_and_two_on_little() -> None:
    every_tenth = [10 + number / 10 for number in range(20)]
    assert len(met(joined(), every_tenth, 600_000)) == 5
    assert len(met(joined(), every_tenth, 128_000)) == 2


def test_a_wish_that_comes_too_soon_is_forgotten() -> None:
    wishes = joined()
    wishes.wish(10.0, 600_000)
    wishes.sent(10.0)
    wishes.wish(10.2, 600_000)
    assert not wishes.is_due
