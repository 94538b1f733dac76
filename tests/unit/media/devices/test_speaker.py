"""How much the loudspeaker has in hand: as little as its device lets it, and no holes."""

from datetime import UTC, datetime

import numpy as np

from app.domain.device import Presence
from media.devices.speaker import FIRST_WISH, LEAST_WISH, Speaker

BLOCK_S = 0.01


class TickingClock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at


def played(seconds: float, blocks_at_once: int) -> tuple[Speaker, list[int]]:
    """Who feeds it looks at its surplus each 5 ms; (it, what was in hand at each of its blocks)."""
    clock, in_hand = TickingClock(), list[int]()
    speaker = Speaker(None, clock=clock, on_status=lambda _: None)
    speaker._watch.say(Presence.FOUND)
    voice, block = np.full(960, 5000, np.int16), np.zeros(480, np.int16)
    for step in range(round(seconds / BLOCK_S) * 2):
        clock.at += BLOCK_S / 2
        while speaker.surplus < 0:
            speaker.play(voice)
        if step % (2 * blocks_at_once) == 0:
            for _ in range(blocks_at_once):
                in_hand.append(speaker._ring.filled)
                speaker._wanted(block)
    return speaker, in_hand


def test_an_even_device_is_given_little_and_never_runs_dry() -> None:
    speaker, in_hand = played(12.0, 1)
    assert speaker.underruns == 0
    assert LEAST_WISH <= speaker._wish < FIRST_WISH
    assert max(in_hand[-100:]) <= speaker._wish + 960
    assert np.mean(in_hand[-100:]) < np.mean(in_hand[:100])


def test_a_device_that_asks_in_bursts_gets_more_after_the_first_holes_and_keeps_it() -> None:
    speaker, _ = played(10.0, 6)
    early = speaker.underruns
    assert 1 <= early <= 3
    assert speaker._wish > FIRST_WISH
    speaker, _ = played(60.0, 6)
    assert speaker.underruns <= early + 1
