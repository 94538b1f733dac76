"""Wishes for a key frame: the first at once, then as many as the line bears."""

from media.picture.key_frame_wishes import KeyFrameWishes

LENGTH = 2_000


def met(
    wishes: KeyFrameWishes, times: list[float], bit_s: int, length: int = LENGTH
) -> list[float]:
    found = []
    for at_s in times:
        wishes.wish(at_s, bit_s)
        if wishes.is_due:
            wishes.sent(at_s, length)
            found.append(at_s)
    return found


def joined(length: int = LENGTH) -> KeyFrameWishes:
    wishes = KeyFrameWishes()
    assert wishes.is_due  # a stream begins with one
    wishes.sent(0.0, length)
    return wishes


def test_the_burst_of_a_join_is_met_whole() -> None:
    burst = [0.1, 0.2, 0.35, 0.6, 1.0, 1.5]
    assert met(joined(), burst, 600_000) == burst


def test_while_joining_none_follows_before_the_line_had_time_for_the_one_before() -> None:
    burst = [0.1, 0.2, 0.35, 0.6, 1.0, 1.5]
    assert met(joined(), burst, 128_000) == [0.35, 0.6, 1.0, 1.5]
    assert met(joined(), burst, 64_000) == [0.6, 1.5]
    assert met(joined(300), burst, 128_000, 300) == burst
    assert met(joined(), burst, 20_000) == [1.0]  # not more seldom than later


def test_later_there_are_at_most_five_in_two_seconds_and_two_on_little() -> None:
    every_tenth = [10 + number / 10 for number in range(20)]
    assert len(met(joined(), every_tenth, 600_000)) == 5
    assert len(met(joined(), every_tenth, 128_000)) == 2


def test_a_wish_that_comes_too_soon_is_forgotten() -> None:
    wishes = joined()
    wishes.wish(10.0, 600_000)
    wishes.sent(10.0, LENGTH)
    wishes.wish(10.2, 600_000)
    assert not wishes.is_due
