"""How the voice is sent, by what the line carries and loses; nothing flaps."""

from media.audio.voice_shape import MS, VoiceRule


def test_the_first_words_are_copied_until_ten_good_seconds_are_over() -> None:
    rule = VoiceRule()
    assert rule.shape.copies == 1
    told = [rule.loses(0.0, float(second)).copies for second in range(100, 115)]
    assert told == [1] * 10 + [0] * 5


def test_copies_begin_with_a_loss_and_end_after_ten_good_seconds() -> None:
    rule = VoiceRule()
    for second in range(20):
        rule.loses(0.0, float(second))
    assert rule.loses(1.9, 20.0).copies == 0
    assert rule.loses(2.0, 21.0).copies == 1
    assert rule.loses(1.2, 40.0).copies == 1  # not good enough
    assert rule.loses(0.0, 49.0).copies == 1
    assert rule.loses(0.0, 50.0).copies == 0


def test_on_a_line_that_is_full_with_a_picture_copies_end_after_four_good_seconds() -> None:
    rule = VoiceRule()
    rule.carries(300_000)
    assert rule.loses(0.0, 5.0).copies == 1
    assert rule.loses(0.0, 8.9).copies == 1
    assert rule.loses(0.0, 9.0).copies == 0
    assert rule.loses(2.5, 20.0).copies == 1


def test_a_line_without_room_gets_no_copies() -> None:
    rule = VoiceRule()
    rule.loses(5.0, 1.0)
    assert (rule.carries(200_000).copies, rule.shape.frame) == (1, 20 * MS)
    assert rule.carries(199_999).copies == 0
    assert rule.carries(None).copies == 1


def test_where_much_is_lost_the_voice_takes_what_it_needs_before_the_picture() -> None:
    rule = VoiceRule()
    rule.loses(20.0, 1.0)
    for line in (1_000_000, 200_000, 160_000):
        shape = rule.carries(line)
        assert (shape.copies, shape.frame) == (2, 10 * MS)
        assert 3 * shape.bit_s + 100 * 8 * 52 < 0.75 * max(line, 160_000)
    assert rule.carries(159_999).copies == 0
    assert rule.carries(200_000).copies == 2  # what the line's control keeps to under much loss


def test_short_packets_where_there_is_much_room_and_two_copies_where_much_is_lost() -> None:
    rule = VoiceRule()
    told = [
        rule.loses(percent, second) for second, percent in enumerate([3, 11, 12, 8, 7, 6.9, 11])
    ]
    assert [shape.copies for shape in told] == [1, 1, 2, 2, 2, 1, 1]
    assert {shape.frame for shape in told} == {10 * MS}
    assert rule.carries(400_000).frame == 20 * MS
    for second in range(10, 22):
        rule.loses(0.0, second)
    assert rule.carries(None).frame == 20 * MS


def test_the_narrower_the_line_the_fewer_the_packets() -> None:
    rule = VoiceRule()
    shapes = [rule.carries(kbit * 1000) for kbit in (500, 150, 100, 50, 30)]
    assert [shape.bit_s for shape in shapes] == [32_000, 24_000, 20_000, 16_000, 12_000]
    assert [shape.frame // MS for shape in shapes] == [10, 20, 40, 60, 60]
    assert [shape.leaves_silence_out for shape in shapes] == [False] * 3 + [True] * 2


def test_the_voice_leaves_most_of_the_narrowest_lines_to_others() -> None:
    """44 bytes a packet of IP, UDP, RTP and SRTP, and 8 of header extensions."""
    rule = VoiceRule()
    for line in (200_000, 128_000, 64_000, 40_000):
        shape = rule.carries(line)
        packets = 48_000 / shape.frame
        assert shape.bit_s + packets * 8 * 52 < 0.6 * line


def test_it_goes_down_at_once_and_up_only_when_there_is_more() -> None:
    rule = VoiceRule()
    assert rule.carries(127_000).bit_s == 20_000
    assert rule.carries(130_000).bit_s == 20_000
    assert rule.carries(148_000).bit_s == 24_000
    assert rule.carries(1_000_000).bit_s == 32_000
    assert rule.carries(190_000).bit_s == 24_000
    assert rule.carries(210_000).bit_s == 24_000
    assert rule.carries(230_000).bit_s == 32_000
