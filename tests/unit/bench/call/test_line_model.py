"""The line does to packets what it is asked to, and the same for the same seed."""

import pytest

from bench.call.line_model import Shape, Way
from bench.call.link import why_void

MANY = 20_000


def sent(shape: Shape, *, seed: int = 1, count: int = MANY, each_s: float = 0.01) -> list[float]:
    """Delays of those that arrive, in seconds."""
    way = Way(shape, seed)
    instants = [number * each_s for number in range(count)]
    return [due - at for at in instants if (due := way.offer(at, 1000)) is not None]


def test_a_clean_line_only_delays() -> None:
    assert sent(Shape(delay_ms=25), count=5) == pytest.approx([0.025] * 5)


def test_the_same_seed_meets_the_same_fate() -> None:
    shape = Shape(loss=0.1, jitter_ms=20, burst_loss=0.05)
    assert sent(shape, seed=7, count=500) == sent(shape, seed=7, count=500)
    assert sent(shape, seed=7, count=500) != sent(shape, seed=8, count=500)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2])
def test_as_much_is_lost_as_is_asked(share: float) -> None:
    assert 1 - len(sent(Shape(loss=share))) / MANY == pytest.approx(share, abs=0.01)


def test_bursts_are_as_long_and_as_frequent_as_asked() -> None:
    way = Way(Shape(burst_loss=0.1, burst_packets=3), 3)
    fates = [way.offer(number * 0.02, 100) is None for number in range(MANY)]
    bursts = sum(lost and not before for before, lost in zip([False, *fates], fates, strict=False))
    assert sum(fates) / MANY == pytest.approx(0.1, abs=0.012)
    assert sum(fates) / bursts == pytest.approx(3, abs=0.3)


def test_the_dark_takes_its_share_of_the_time_whatever_the_packets() -> None:
    shape = Shape(dark_share=0.1, dark_ms=200)
    for each_s in (0.005, 0.02):
        count = round(2000 / each_s)
        gone = 1 - len(sent(shape, count=count, each_s=each_s)) / count
        assert gone == pytest.approx(0.1, abs=0.015)


def test_jitter_lies_on_both_sides_of_its_mean_and_may_overtake() -> None:
    delays = sent(Shape(delay_ms=10, jitter_ms=80))
    assert min(delays) == pytest.approx(0.01, abs=0.001)
    assert max(delays) == pytest.approx(0.17, abs=0.001)
    assert sum(delays) / len(delays) == pytest.approx(0.09, abs=0.002)
    due = [number * 0.01 + delay for number, delay in enumerate(delays)]
    assert due != sorted(due)


def test_order_may_be_kept() -> None:
    delays = sent(Shape(jitter_ms=80, keeps_order=True))
    due = [number * 0.01 + delay for number, delay in enumerate(delays)]
    assert due == sorted(due)


def test_a_rate_makes_a_queue_and_a_full_queue_drops_its_tail() -> None:
    way = Way(Shape(rate_bit_s=80_000, queue_ms=250), 1)  # 1000 bytes take 100 ms
    assert [way.offer(0.0, 1000) for _ in range(5)] == [
        *(pytest.approx(at) for at in (0.1, 0.2, 0.3)),
        None,
        None,
    ]
    assert way.counts.waits_ms == pytest.approx([0, 100, 200])
    assert way.counts.dropped == 2
    assert way.offer(0.1, 1000) == pytest.approx(0.4)  # there is room again


def test_planned_changes_take_hold_at_their_instant() -> None:
    way = Way(Shape(delay_ms=10), 1)
    way.plan(100.0, [(1.0, Shape(is_cut=True)), (3.0, Shape(delay_ms=20))])
    fates = [way.offer(at, 100) for at in (100.5, 101.0, 102.9, 103.0)]
    assert fates == [pytest.approx(100.51), None, None, pytest.approx(103.02)]
    assert way.counts.cut == 2


def counted(**differences: float) -> dict[str, object]:
    way = {"offered": 10_000, "lost": 1000, "cut": 0, **differences}
    return {"ways": [way, way], "late_ms": 0.2}


def test_a_line_that_did_not_do_what_was_asked_is_void() -> None:
    shapes = (Shape(loss=0.1), Shape(loss=0.1))
    assert why_void(shapes, counted()) is None
    assert why_void(shapes, counted(lost=1300)) == "13.0% lost, 10.0% asked"
    assert why_void(shapes, counted(offered=0)) == "nothing was sent"
    assert why_void(shapes, counted() | {"late_ms": 30.0}) == "the relay was 30 ms late (p95)"
