"""Slower, and no deeper: lengths, tones, beats, loops, and the gain of two side by side."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from media.auscultation.equal_gain import equal_gain
from media.auscultation.slow_playback import Loop, SlowPlayback, Speed
from media.synthetic import heart_sounds

ALL = 10**9
SLOW = [Speed.HALF, Speed.QUARTER]


def tone(at_hz: float, rate_hz: int, seconds: float = 2.0) -> npt.NDArray[np.int16]:
    times_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.round(10_000 * np.sin(2 * np.pi * at_hz * times_s)).astype(np.int16)


def loudest_hz(sound: npt.NDArray[np.int16], rate_hz: int) -> float:
    lines = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8 * len(sound)))
    return float(np.argmax(lines)) * rate_hz / (8 * len(sound))


def test_at_full_speed_every_sample_is_as_it_was() -> None:
    sound = heart_sounds(seconds=3)
    playing = SlowPlayback(sound, 4000)
    parts = [playing.read(77) for _ in range(len(sound) // 77 + 1)]
    assert np.array_equal(np.concatenate(parts), sound)
    assert playing.is_ended
    assert len(playing.read(10)) == 0


@pytest.mark.parametrize("speed", SLOW)
@pytest.mark.parametrize("rate_hz", [2000, 4000, 44_100])
@pytest.mark.parametrize("at_hz", [30, 100, 400, 800])
def test_a_tone_lasts_longer_and_stays_as_high_and_as_loud(
    speed: Speed, rate_hz: int, at_hz: int
) -> None:
    sound = tone(at_hz, rate_hz)
    slow = SlowPlayback(sound, rate_hz, speed).read(ALL)
    assert len(slow) == pytest.approx(len(sound) / speed.value, rel=0.03)
    assert loudest_hz(slow, rate_hz) == pytest.approx(at_hz, rel=0.01)
    middle = slow[len(slow) // 4 : -len(slow) // 4].astype(np.float64)
    assert np.std(middle) == pytest.approx(np.std(sound.astype(np.float64)), rel=0.05)


@pytest.mark.parametrize("speed", SLOW)
def test_beats_come_later_by_the_speed(speed: Speed) -> None:
    sound = np.zeros(20_000, dtype=np.int16)
    burst = np.round(20_000 * np.hanning(400) * np.sin(2 * np.pi * 50 * np.arange(400) / 4000))
    begins = [4000, 8000, 12_000, 16_000]
    for begin in begins:
        sound[begin : begin + 400] = burst
    slow = SlowPlayback(sound, 4000, speed).read(ALL).astype(np.float64)
    for begin in begins:
        wanted = (begin + 200) / speed.value
        part = np.abs(slow[round(wanted - 4000) : round(wanted + 4000)])
        heard = wanted - 4000 + float(np.sum(np.arange(len(part)) * part) / np.sum(part))
        assert abs(heard - wanted) / 4000 < 0.06  # seconds


def test_it_is_read_in_any_portions() -> None:
    sound = heart_sounds(seconds=2)
    whole = SlowPlayback(sound, 4000, Speed.HALF).read(ALL)
    playing, parts = SlowPlayback(sound, 4000, Speed.HALF), []
    while not playing.is_ended:
        parts.append(playing.read(333))
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_loop_goes_on_for_ever_and_says_where_it_is() -> None:
    sound = heart_sounds(seconds=5)
    playing = SlowPlayback(sound, 4000)
    playing.set_loop(Loop(1.0, 2.0))
    heard = playing.read(12_000)
    assert np.array_equal(heard, np.tile(sound[4000:8000], 3))
    assert not playing.is_ended
    playing.set_speed(Speed.HALF)
    places = []
    for _ in range(100):
        assert len(playing.read(400)) == 400
        places.append(playing.position_s)
    assert min(places) >= 0.98
    assert max(places) <= 2.05
    assert sum(later < before for before, later in pairwise(places)) >= 3
    playing.set_loop(None)
    while len(playing.read(4000)) == 4000:
        pass
    assert playing.position_s == pytest.approx(5.0, abs=0.05)


def test_seeking_and_bad_loops() -> None:
    playing = SlowPlayback(heart_sounds(seconds=5), 4000, Speed.QUARTER)
    playing.seek(3.0)
    assert playing.position_s == 3.0
    playing.read(4000)
    assert playing.position_s == pytest.approx(3.25, abs=0.05)
    playing.seek(99)
    assert playing.is_ended
    for from_s, to_s in ((2.0, 1.0), (1.0, 1.1), (-1.0, 2.0)):
        with pytest.raises(ValueError, match="loop"):
            Loop(from_s, to_s)
    with pytest.raises(ValueError, match="loop"):
        playing.set_loop(Loop(6.0, 7.0))
    assert SlowPlayback(np.zeros(0, np.int16), 4000, Speed.HALF).is_ended


def test_two_recordings_get_one_gain_and_neither_clips() -> None:
    before, after = heart_sounds(seconds=2), (heart_sounds(seconds=2, seed=2) // 8).astype(np.int16)
    one, other, gain = equal_gain(before, after)
    assert np.abs(one.astype(np.int32)).max() == pytest.approx(0.89 * 32_767, rel=0.001)
    both = [part.astype(np.float64) for part in (before, after, one, other)]
    assert np.std(both[3]) / np.std(both[1]) == pytest.approx(gain, rel=0.01)
    assert np.std(both[2]) / np.std(both[0]) == pytest.approx(gain, rel=0.01)
    silent = np.zeros(10, dtype=np.int16)
    assert equal_gain(silent, silent)[2] == 1.0
    assert equal_gain(silent, np.ones(10, np.int16))[2] == 30.0
    lowest = np.full(4, -32_768, dtype=np.int16)
    assert equal_gain(lowest, silent)[0].min() == round(-0.89 * 32_767)
