"""Blocks that come late, twice, or not at all: each is handed out once, in order, in its time."""

import random

from media.auscultation.live_playout import FIRST_WAIT_S, LiveChunk, LivePlayout, chunk_of

RATE_HZ, BLOCK = 4000, 160
BLOCK_S = BLOCK / RATE_HZ


def block(number: int) -> LiveChunk:
    return chunk_of(number * BLOCK, bytes([number % 250 + 1]) * (2 * BLOCK), RATE_HZ)


def played(
    arrivals: list[tuple[float, int]], until_s: float, playout: LivePlayout | None = None
) -> list[tuple[float, LiveChunk]]:
    """`arrivals`: when, which block."""
    playout, heard, now = playout or LivePlayout(), [], 0.0
    waiting = sorted(arrivals)
    while now < until_s:
        while waiting and waiting[0][0] <= now:
            playout.came(block(waiting.pop(0)[1]), now)
        heard += [(now, chunk) for chunk in playout.due(now)]
        now += 0.01
    return heard


def test_on_an_even_line_nothing_waits_long_and_nothing_is_missing() -> None:
    heard = played([((n + 1) * BLOCK_S + 0.01, n) for n in range(500)], 20.5)
    assert [round(chunk.at_s / BLOCK_S) for _, chunk in heard if not chunk.is_hole] == list(
        range(500)
    )
    late = [now - chunk.at_s - chunk.seconds for now, chunk in heard if not chunk.is_hole]
    assert max(late[-100:]) < 0.01 + FIRST_WAIT_S


def test_in_order_and_once_whatever_the_line_does() -> None:
    chance = random.Random(5)
    arrivals = []
    for number in range(800):
        for _ in range(chance.choice((0, 1, 1, 2))):
            arrivals.append(((number + 1) * BLOCK_S + chance.uniform(0.01, 0.4), number))
    heard = played(arrivals, 33.0)
    begins = [chunk.at_s for _, chunk in heard]
    assert begins == sorted(begins)
    whole = [round(chunk.at_s / BLOCK_S) for _, chunk in heard if not chunk.is_hole]
    assert len(whole) == len(set(whole))
    assert len(whole) > 500
    for _, chunk in heard:
        if not chunk.is_hole:
            assert chunk.samples == block(round(chunk.at_s / BLOCK_S)).samples


def test_it_waits_as_long_as_the_late_need_and_less_again() -> None:
    playout = LivePlayout()
    jitter = [((n + 1) * BLOCK_S + (0.2 if n % 5 == 0 else 0.01), n) for n in range(250)]
    calm = [((n + 1) * BLOCK_S + 0.01, n) for n in range(250, 1500)]
    played(jitter, 10.0, playout)
    assert playout.wait_s > 0.15
    waiting, now = calm, 10.0
    while now < 60:
        while waiting and waiting[0][0] <= now:
            playout.came(block(waiting.pop(0)[1]), now)
        playout.due(now)
        now += 0.01
    assert playout.wait_s < 0.08


def test_what_does_not_come_is_a_hole_and_the_next_is_heard() -> None:
    arrivals = [((n + 1) * BLOCK_S + 0.01, n) for n in range(200) if not 100 <= n < 105]
    heard = played(arrivals, 8.1)
    holes = [chunk for _, chunk in heard if chunk.is_hole]
    assert abs(sum(hole.seconds for hole in holes) - 5 * BLOCK_S) < 0.001
    assert round(heard[-1][1].at_s / BLOCK_S) == 199


def test_what_comes_after_its_turn_is_not_heard() -> None:
    playout = LivePlayout()
    played([((n + 1) * BLOCK_S + 0.01, n) for n in range(100) if n != 50], 4.2, playout)
    playout.came_again(block(50), 4.2)
    assert [chunk.at_s for chunk in playout.due(4.21) if not chunk.is_hole] == []
