"""Lost packets made again, whichever they are; and how many repairs a line needs."""

import random

import pytest

from media.quality.repair_code import MOST_PACKETS, MOST_REPAIRS, made_again, repairs_of
from media.quality.repair_rule import RepairRule


def row(packets: int, dice: random.Random) -> list[bytes]:
    return [dice.randbytes(dice.randint(1, 1200)) for _ in range(packets)]


@pytest.mark.parametrize("seed", range(60))
def test_any_packets_are_made_again_from_any_repairs(seed: int) -> None:
    dice = random.Random(seed)
    packets = row(dice.randint(1, MOST_PACKETS), dice)
    repairs = list(enumerate(repairs_of(packets, dice.randint(1, MOST_REPAIRS))))
    most = min(len(packets), len(repairs))
    lost = sorted(dice.sample(range(len(packets)), dice.randint(1, most)))
    kept = {place: each for place, each in enumerate(packets) if place not in lost}
    made = made_again(len(packets), kept, dict(dice.sample(repairs, len(lost))))
    for place, each in zip(lost, made, strict=True):
        whole = packets[place]
        assert each.tobytes() == whole + bytes(len(each) - len(whole))


def test_one_repair_is_the_same_whatever_comes_beside_it() -> None:
    """So that rows may have more or fewer of them, and any of them may be lost."""
    packets = row(5, random.Random(1))
    assert repairs_of(packets, 5)[:2] == repairs_of(packets, 2)


@pytest.mark.parametrize(
    ("total", "kept", "repairs"),
    [
        (2, {}, {0: b"ab"}),
        (2, {0: b"abc"}, {0: b"ab"}),
        (3, {0: b"a"}, {0: b"ab", 1: b"abc"}),
        (2, {0: b"a"}, {MOST_REPAIRS: b"ab"}),
        (2, {5: b"a"}, {0: b"ab", 1: b"cd"}),
        (MOST_PACKETS + 1, {}, {0: b"ab"}),
    ],
)
def test_what_is_no_row_is_refused(
    total: int, kept: dict[int, bytes], repairs: dict[int, bytes]
) -> None:
    with pytest.raises(ValueError, match=r"row|enough|place|longer"):
        made_again(total, kept, repairs)


@pytest.mark.parametrize(("packets", "repairs"), [(0, 1), (1, 0), (MOST_PACKETS + 1, 1)])
def test_no_more_are_made_than_the_code_has(packets: int, repairs: int) -> None:
    with pytest.raises(ValueError, match="repairs of"):
        repairs_of([b"a"] * packets, repairs)


def told(share: float, seconds: int = 30) -> RepairRule:
    rule = RepairRule()
    for tenth in range(10 * seconds):
        rule.loses(share, tenth / 10)
    return rule


def test_a_clean_line_a_short_one_of_little_loss_and_a_narrow_one_get_none() -> None:
    assert told(0.0).repairs(7, 0.3, 2e6) == 0
    assert told(0.002).repairs(7, 0.05, 2e6) == 0
    assert told(0.05).repairs(7, 0.05, 3e5) == 0
    assert told(0.05).repairs(7, 0.3, 1e5) == 0
    assert told(0.4).repairs(7, 0.3, 2e6) == 0
    assert RepairRule().repairs(7, None, 2e6) == 0


def test_more_where_asking_again_takes_too_long() -> None:
    assert told(0.05).repairs(7, 0.05, 2e6) == 2
    assert told(0.02).repairs(7, 0.3, 2e6) == 3
    assert told(0.05).repairs(7, 0.6, 2e6) == 4


@pytest.mark.parametrize(("share", "round_trip_s", "most"), [(0.02, 0.3, 4e-4), (0.05, 0.6, 4e-4)])
def test_hardly_a_picture_of_a_long_line_is_lost(
    share: float, round_trip_s: float, most: float
) -> None:
    dice, count, rounds = random.Random(3), told(share).repairs(7, round_trip_s, 2e6), 100_000
    failed = sum(
        sum(dice.random() < share for _ in range(7 + count)) > count for _ in range(rounds)
    )
    assert failed / rounds <= most


def test_on_a_long_way_the_first_pictures_have_some_until_the_line_has_told() -> None:
    rule = RepairRule()
    assert rule.repairs(7, 0.3, 2e6) > 0
    assert rule.repairs(7, 0.05, 2e6) == 0
    rule.loses(0.0, 0.0)
    assert rule.repairs(7, 0.3, 2e6) == 0


def test_a_second_of_loss_ends_slowly() -> None:
    rule = told(0.05)
    rule.loses(0.0, 30.5)
    assert rule.repairs(7, 0.3, 2e6) >= 3
    for tenth in range(300):
        rule.loses(0.0, 31 + tenth / 10)
    assert rule.repairs(7, 0.3, 2e6) == 0
