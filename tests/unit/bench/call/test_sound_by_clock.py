"""Two ends never say the same at once, and each one's first sample has its instant."""

import numpy as np
import pytest

from bench.call import sound_by_clock
from bench.call.kept import Kept
from bench.call.situations import APART_S, Kind, Situation, line
from bench.call.sound_by_clock import BLOCK, RATE_HZ, SoundByClock
from bench.call.speech import TURN_S
from media.devices.sound_library import Wish


class Stopped:
    """A pace that calls when it is told to."""

    began_at = 100.0

    def __init__(self, each: object) -> None:
        self.each = each


async def test_who_begins_later_in_the_speech_has_its_first_sample_so_much_earlier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sound_by_clock, "Pace", Stopped)
    said = np.arange(4 * BLOCK, dtype=np.int16)
    heard: list[int] = []
    sound = SoundByClock(said, from_s=3 * BLOCK / RATE_HZ)
    pace, _ = await sound._open_input(
        Wish(None, RATE_HZ, BLOCK), lambda block: heard.append(int(block[0]))
    )
    for _ in range(3):
        vars(pace)["each"]()
    assert heard == [3 * BLOCK, 0, BLOCK]
    assert sound.said_at == pytest.approx(100.0 - 0.03)
    sound._heard.close()


def test_the_two_sides_speak_apart() -> None:
    sides = [Situation(Kind.CALL, line(), is_one_way=False).setting(side) for side in (0, 1)]
    assert sides[1].speaks_from_s - sides[0].speaks_from_s == APART_S > 1.0
    assert APART_S / TURN_S % 2 == 1  # who speaks at first listens then
    assert all(side.takes_turns for side in sides)
    assert not Situation(Kind.CALL, line()).setting(0).takes_turns


def test_what_was_noted_is_read_without_an_end_and_forgotten() -> None:
    kept = Kept()
    kept.add(b"one ")
    assert kept.all() == b"one "
    kept.add(b"two")
    assert kept.all() == b"one two"
    kept.clear()
    kept.add(b"three")
    assert kept.all() == b"three"
    kept.close()
