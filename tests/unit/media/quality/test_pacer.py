"""The order of leaving, the budget for repeats, and what the encoder may have of the line."""

from media.quality.congestion_control import PACE_AT_START, START_BIT_S, CongestionControl
from media.quality.feedback_pace import LATEST_S, SOONEST_S, feedback_every_s
from media.quality.line_sender import PADDING_WIRE_BYTES, LineSender
from media.quality.pacer import PicturePacket
from media.quality.repeat_budget import LEAST_BURST_BYTES, RepeatBudget

SOURCE, OTHER = 7, 8


def sender() -> LineSender:
    return LineSender(CongestionControl())


def packet(size: int = 1000, source: int = SOURCE) -> PicturePacket:
    return PicturePacket(bytes(size), size, source)


def pumped(line: LineSender, now_s: float) -> list[int]:
    """Sizes of all that may leave by then; padding is negative."""
    sizes = []
    while (taken := line.take(now_s)) is not None:
        sizes.append(taken[0].wire_bytes if taken[0] is not None else -PADDING_WIRE_BYTES)
    return sizes


def test_the_voice_never_waits_and_numbers_follow_the_leaving() -> None:
    line = sender()
    for _ in range(5):
        line.put(packet())
    first = line.take(1.0)
    assert first is not None
    assert line.voice_leaves(128, 1.0) == first[1] + 1


def test_the_first_picture_is_the_first_burst_and_is_padded_when_it_is_small() -> None:
    line = sender()
    assert line.take(1.0) is None  # nothing before there is a picture
    line.put(packet(300))
    sizes = [size for step in range(100) for size in pumped(line, 1.0 + step / 1000)]
    assert sizes[0] == 300
    assert sum(size < 0 for size in sizes) == 7  # 2500 bytes at 1 Mbit/s, 20 ms of it
    assert line.wait_s(1.2) is None


def test_without_repeats_agreed_on_nothing_is_padded() -> None:
    line = sender()
    line.may_pad = False
    line.put(packet(300))
    assert pumped(line, 1.0) == [300]
    assert line.wait_s(1.1) is None


def test_behind_the_burst_pictures_leave_at_their_pace() -> None:
    line = sender()
    for _ in range(30):
        line.put(packet(600))
    left_s: list[float] = []
    for step in range(1000):
        left_s += [step / 1000 for _ in pumped(line, step / 1000)]
    apart_s = 600 * 8 / (PACE_AT_START * START_BIT_S)
    assert abs((left_s[-1] - left_s[9]) / 20 - apart_s) < 0.002


def test_more_than_a_second_of_backlog_is_thrown_away_and_a_key_frame_wanted() -> None:
    line = sender()
    wanted: set[int] = set()
    for count in range(40):
        wanted |= line.put(packet(source=SOURCE if count % 2 else OTHER))
        if wanted:
            break
    assert wanted == {SOURCE, OTHER}
    assert (count + 1) * 1000 * 8 > START_BIT_S  # not before
    assert line.budget(0.0).waiting_s == 0.0


def test_the_encoder_gets_what_voice_repeats_and_headers_leave() -> None:
    line = sender()
    assert 0.5 * START_BIT_S < line.budget(0.0).bit_s < 0.8 * START_BIT_S
    for step in range(100):
        line.voice_leaves(128, step / 50)
    with_voice = line.budget(2.0).bit_s
    assert abs(with_voice - 0.95 * (START_BIT_S - 51_200)) < 1000
    line.may_pad = False
    line.put(PicturePacket(bytes(2500), 2500, SOURCE, is_repeat=True))
    line.take(2.0)
    assert line.budget(2.0).bit_s < with_voice - 15_000
    assert line.budget(4.0).waiting_s == 0.0


def may(budget: RepeatBudget, number: int, now_s: float, **more: float) -> bool:
    given = {"target_bit_s": 400_000.0, "waiting_s": 0.0, **more}
    return budget.may_repeat(SOURCE, number, wire_bytes=1000, now_s=now_s, **given)


def test_repeats_keep_to_a_third_of_the_target() -> None:
    budget = RepeatBudget()
    said = [may(budget, count, count / 1000) for count in range(10_000)]
    assert 10 * 15 <= sum(said) <= 10 * 15 + LEAST_BURST_BYTES / 1000 + 5


def test_one_packet_is_not_repeated_twice_for_one_asking_that_came_in_a_bunch() -> None:
    budget = RepeatBudget()
    assert may(budget, 5, 1.0)
    assert not may(budget, 5, 1.015)
    assert may(budget, 6, 1.015)
    assert may(budget, 5, 1.03)


def test_no_repeats_while_much_waits_nor_of_what_nobody_needs() -> None:
    budget = RepeatBudget()
    assert not may(budget, 5, 1.0, waiting_s=0.4)
    budget.begins(SOURCE, 3)  # a key frame; numbers wrap
    assert not may(budget, 65_535, 2.0)
    assert may(budget, 3, 2.1)
    assert may(budget, 4, 2.2)


def test_feedback_costs_little_of_a_narrow_line() -> None:
    assert feedback_every_s(2e6, 2e6) == SOONEST_S
    assert feedback_every_s(2e6, 64_000) > 0.12
    assert feedback_every_s(0.0, None) == LATEST_S


def test_a_queue_that_is_emptied_takes_no_size_away() -> None:
    control = CongestionControl()
    vars(control).update(_is_draining=True, _capacity_bit_s=300_000.0, _target_bit_s=90_000.0)
    budget = LineSender(control).budget(0.0)
    assert budget.bit_s < 50_000
    assert 150_000 < budget.for_size_bit_s < 264_000
    vars(control).update(_is_draining=False)
    assert LineSender(control).budget(0.0).for_size_bit_s == budget.bit_s
