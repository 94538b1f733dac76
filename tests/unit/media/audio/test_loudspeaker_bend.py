"""A loudspeaker that rounds off peaks is told from one that does not, before its echo is known."""

import numpy as np
import pytest

from media.audio.echo_path import BLOCK, Block
from media.audio.loudspeaker_bend import JUDGE, LoudspeakerBend
from tests.unit.media.audio.given import RATE_HZ, voice

FAR = (voice(8, seed=1) / 32_768 * 1.5).astype(np.float32)


def listened(drive: float) -> LoudspeakerBend:
    """8 s of echo, 20 ms late and half as loud."""
    played = np.tanh(drive * FAR) / drive if drive else FAR
    echo = 0.5 * np.concatenate((np.zeros(RATE_HZ // 50), played))[: len(FAR)]
    heard = (echo + np.random.default_rng(5).normal(0, 1e-4, len(FAR))).astype(np.float32)
    bend = LoudspeakerBend()
    for start in range(0, len(FAR) - BLOCK + 1, BLOCK):
        bend.see(FAR[start : start + BLOCK], heard[start : start + BLOCK])
    return bend


def gain_of(bend: LoudspeakerBend, level: float) -> float:
    block: Block = np.full(BLOCK, level, np.float32)
    return float(bend.bent(block)[0]) / level


@pytest.mark.parametrize("drive", [3.0, 4.5, 8.0])
def test_what_a_driven_loudspeaker_makes_of_loud_peaks_is_known(drive: float) -> None:
    bend = listened(drive)
    assert gain_of(bend, 0.01) == pytest.approx(1, abs=0.02)
    assert gain_of(bend, 0.4) == pytest.approx(np.tanh(drive * 0.4) / (drive * 0.4), rel=0.2)


def test_a_straight_one_stays_straight() -> None:
    assert gain_of(listened(0.0), 0.4) == pytest.approx(1)


def test_nothing_is_judged_before_it_was_heard_for_long_enough() -> None:
    bend, block = LoudspeakerBend(), np.full(BLOCK, 0.3, np.float32)
    for _ in range(JUDGE - 1):
        bend.see(block, block)
    assert gain_of(bend, 0.4) == pytest.approx(1)
