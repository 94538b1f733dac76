"""A quiet room is told from a loud one, through a talk without many pauses."""

import numpy as np
import pytest

from media.audio.room_noise import RoomNoise
from tests.unit.media.audio.given import voice

BLOCK = 480


def heard(noise: float, seconds: float = 25.0) -> RoomNoise:
    room = RoomNoise()
    sound = voice(seconds) / 32_768
    sound = sound * (np.arange(len(sound)) % 240_000 > 12_000)  # a breath of 0.25 s each 5 s
    sound += np.random.default_rng(4).normal(0, noise, len(sound))
    for start in range(0, len(sound), BLOCK):
        block = sound[start : start + BLOCK]
        room.heard(float(block.dot(block)) / BLOCK)
    return room


@pytest.mark.parametrize(("noise", "is_quiet"), [(0.0003, True), (0.02, False)])
def test_what_is_left_in_the_pauses_is_the_room(noise: float, is_quiet: bool) -> None:
    assert heard(noise).is_quiet is is_quiet


def test_a_room_that_becomes_loud_is_noticed_within_twenty_seconds() -> None:
    room = heard(0.0003)
    for _ in range(2000):
        room.heard(1e-3)
    assert not room.is_quiet


def test_a_voice_is_no_pause_and_silence_is_one() -> None:
    room = RoomNoise()
    for _ in range(50):
        room.heard(1e-2)
    assert not room.is_pause
    for _ in range(50):
        room.heard(1e-5)
    assert room.is_pause
