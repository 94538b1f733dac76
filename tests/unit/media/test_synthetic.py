"""What stands in for people and instruments: it moves, carries its number, and says what it is."""

import random
from pathlib import Path

import av
import numpy as np
import pytest

from media import synthetic
from media.auscultation.wav import samples_of


def number_in(image: synthetic.Image) -> int:
    """The picture's number by its lights; fails where a bit and its inverse do not differ."""
    grey = image.astype(int).sum(axis=2) // 3
    number = 0
    for place in range(32):
        across = 64 + 16 * place + 8
        bit, inverse = int(grey[408 + 12, across]), int(grey[408 + 36, across])
        assert abs(bit - inverse) > 100
        number = number << 1 | (bit > inverse)
    return number


def test_the_picture_carries_its_number_and_moves() -> None:
    number = random.getrandbits(32)
    images = [synthetic.picture(at_s, 4.0, number) for at_s in (0.0, 0.1, 1.0)]
    assert [number_in(image) for image in images] == [number] * 3
    for other in images[1:]:
        assert int((images[0] != other).sum()) > 5000
    again = synthetic.picture(4.0, 4.0, number).astype(int)
    assert int((np.abs(again - images[0]) > 2).sum()) < 100  # it repeats without a jump


def test_the_picture_says_that_it_is_synthetic() -> None:
    label = synthetic.picture(0.5, 4.0, None)[10:47, 150:490]
    light = (label.min(axis=2) > 200).sum()
    assert 1500 < light < 5000  # letters, not a bar


def test_a_video_file_keeps_the_number_through_its_codec(tmp_path: Path) -> None:
    number = random.getrandbits(32)
    path = tmp_path / "moving.avi"
    synthetic.write_video(path, number=number, seconds=0.4, rate=10)
    with av.open(str(path)) as file:
        frames = [
            frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in file.decode(video=0)
        ]
    assert len(frames) == 4
    assert {number_in(frame) for frame in frames} == {number}


def test_heart_sounds_beat_and_no_two_recordings_are_alike(tmp_path: Path) -> None:
    sound = synthetic.heart_sounds(seconds=10, beats_per_minute=60, seed=3)
    assert len(sound) == 40_000
    energy = np.square(sound.astype(float)).reshape(-1, 200).sum(axis=1)  # 50 ms each
    loud = energy > energy.max() / 10
    begins = int((loud[1:] & ~loud[:-1]).sum())
    assert 16 <= begins <= 24  # two sounds a beat
    assert np.array_equal(sound, synthetic.heart_sounds(seconds=10, beats_per_minute=60, seed=3))
    other = synthetic.heart_sounds(seconds=10, beats_per_minute=60, seed=4)
    assert not np.array_equal(sound, other)


def test_a_wav_is_read_by_the_instruments_own_way_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "heart.wav"
    sound = synthetic.heart_sounds(seconds=1)
    synthetic.write_wav(path, sound, 4000)
    samples, rate_hz = samples_of(path.read_bytes())
    assert (samples, rate_hz) == (sound.astype("<i2").tobytes(), 4000)
    assert b"synthetic" in path.read_bytes()[:100]


@pytest.mark.parametrize("tone_hz", [440.0, 1000.0, 2500.0])
def test_tones_are_what_was_asked_for(tone_hz: float) -> None:
    sound = synthetic.tones([300.0, tone_hz], each_s=0.2)
    second = sound[9600:].astype(float)
    loudest = np.abs(np.fft.rfft(second * np.hanning(len(second)))).argmax()
    assert abs(loudest * 48_000 / len(second) - tone_hz) < 10
    assert int(np.abs(sound[:9600].astype(int)).max()) > 5000


def test_the_voice_speaks_and_pauses() -> None:
    sound = synthetic.voice(seconds=5)
    assert len(sound) == 240_000
    level = np.sqrt(np.square(sound.astype(float)).reshape(-1, 4800).mean(axis=1))
    assert (level > 1000).sum() > 20
    assert (level < 1000).sum() > 3
