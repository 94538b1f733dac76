"""Pictures that came late, small, twice or never have the figures that they must have."""

from pathlib import Path

import numpy as np
import pytest

from bench.call.clip import FRAME_WORD, Clip
from bench.call.facts import NEVER_S
from bench.call.picture_score import Shown, drawn, fresh_after_s, indexes, score, ssim

WIDTH, HEIGHT, FPS, FRAMES = 64, 48, 30, 300
PUT = [(number / FPS, number % FRAMES) for number in range(FRAMES)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    made = Clip(Path(tmp_path_factory.mktemp("clip")) / "clip.y4m", WIDTH, HEIGHT, FPS)
    chance = np.random.default_rng(1)
    with made.path.open("wb") as file:
        file.write(made.header)
        for _ in range(FRAMES):
            size = WIDTH * HEIGHT * 3 // 2
            file.write(FRAME_WORD + chance.integers(16, 235, size).astype(np.uint8).tobytes())
    return made


def shown(numbers: list[int], late_s: float = 0.05) -> list[Shown]:
    return [Shown(number / FPS + late_s, number, WIDTH, HEIGHT) for number in numbers]


def scored(clip: Clip, numbers: list[int], late_s: float = 0.05) -> dict[str, float]:
    pictures = [clip.open()[number][: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH) for number in numbers]
    found = score(clip, PUT, shown(numbers, late_s), pictures, start=1.0, end=9.0)
    return {name: getattr(found, name) for name in found.__slots__}


def test_all_shown_is_perfect(clip: Clip) -> None:
    found = scored(clip, list(range(FRAMES)))
    assert found["fps"] == pytest.approx(30, abs=0.2)
    assert found["freezes"] == 0
    assert found["latency_p50_ms"] == pytest.approx(50)
    assert found["ssim_p50"] == found["ssim_p5"] == pytest.approx(1.0)
    assert found["lines"] == HEIGHT


def test_a_gap_is_one_freeze_and_shows_the_old_picture(clip: Clip) -> None:
    found = scored(clip, [n for n in range(FRAMES) if not 120 < n < 150])
    assert found["freezes"] == 1
    assert found["frozen_s"] == found["longest_gap_s"] == pytest.approx(1.0)
    assert found["ssim_p50"] == pytest.approx(1.0)
    assert found["ssim_p5"] < 0.2


def test_every_third_picture_stands_for_three(clip: Clip) -> None:
    found = scored(clip, list(range(0, FRAMES, 3)))
    assert found["fps"] == pytest.approx(10, abs=0.2)
    assert found["freezes"] == 0
    assert found["ssim_p50"] < 0.2  # of noise, two of three pictures are another


def test_nothing_shown_is_frozen_all_the_time(clip: Clip) -> None:
    found = score(clip, PUT, [], [], start=1.0, end=9.0)
    assert (found.fps, found.freezes, found.frozen_s, found.ssim_p50) == (0, 40, 8, 0)


def test_of_pictures_that_come_at_once_the_last_is_drawn(clip: Clip) -> None:
    at = [1.0, 1.0001, 1.0002, 1.0003, 1.05]
    burst = [Shown(each, 20 + number, WIDTH, HEIGHT) for number, each in enumerate(at)]
    assert drawn(burst) == [3, 4]
    found = score(clip, PUT, burst, None, start=0.9, end=1.9)
    assert found.fps == pytest.approx(2)


def test_a_number_comes_again_with_the_clip() -> None:
    put = [(number / FPS, number % 30) for number in range(90)]
    late = [Shown(1.05, 29, 8, 8), Shown(1.06, 0, 8, 8), Shown(1.1, None, 8, 8)]
    assert indexes(put, late) == [29, 30, 31]


def test_media_are_back_with_a_picture_taken_since_then() -> None:
    put = [(number / FPS, number % 30) for number in range(120)]
    old = [Shown(2.02, 28, 8, 8), Shown(2.04, 29, 8, 8)]  # taken before, on the way meanwhile
    new = [Shown(2.95, 25, 8, 8), Shown(3.1, 1, 8, 8)]
    assert fresh_after_s(put, old + new, 2.0) == pytest.approx(0.95)
    assert fresh_after_s(put, old, 2.0) == NEVER_S


def test_ssim_falls_with_noise() -> None:
    chance = np.random.default_rng(3)
    flat = np.kron(chance.integers(40, 200, (12, 16)), np.ones((8, 8))).astype(np.uint8)
    noisy = [np.clip(flat + chance.normal(0, s, flat.shape), 0, 255) for s in (2, 8, 30)]
    found = [ssim(flat, one.astype(np.uint8)) for one in noisy]
    assert ssim(flat, flat) == pytest.approx(1.0)
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.6
