"""libvpx of PyAV's wheel: rates and sizes are obeyed at their price, and pictures stay pictures."""

import ctypes
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc.codecs import vpx

from media.picture import vpx_library
from media.picture.picture_encoder import EncodedPicture
from media.picture.planes import Scaler
from media.picture.vp8_encoder import Vp8Encoder
from tests.unit.media.picture.given import (
    FRAME_TICKS,
    HEIGHT,
    WIDTH,
    Screen,
    encoded,
    kbit_s,
    keys,
    planes,
    scene,
)


def encoder_at(bit_s: int, frames_per_s: float = 30) -> Vp8Encoder:
    encoder = Vp8Encoder(WIDTH, HEIGHT)
    encoder.set(WIDTH, HEIGHT, bit_s, frames_per_s)
    return encoder


def test_the_library_is_the_one_it_was_made_for() -> None:
    version = vpx_library.library().vpx_codec_version_str
    version.restype = ctypes.c_char_p
    assert version() == b"v1.16.0"


def test_a_new_rate_is_obeyed_without_a_key_frame() -> None:
    encoder = encoder_at(600_000)
    made: list[EncodedPicture | None] = []
    for bit_s in (600_000, 200_000, 500_000):
        encoder.set(WIDTH, HEIGHT, bit_s, 30)
        part = encoded(encoder, [planes(one) for one in scene()] * 2, len(made))
        assert kbit_s(part[30:]) == pytest.approx(bit_s / 1000, rel=0.1)
        made += part
    assert keys(made) == [0]


def test_a_new_size_costs_exactly_one_key_frame_and_is_what_arrives() -> None:
    encoder, scaler, screen = encoder_at(300_000), Scaler(), Screen()
    pictures = [planes(one) for one in scene()[:20]]
    sizes: list[tuple[int, int]] = []
    for size in ((640, 480), (480, 360), (320, 240), (640, 480)):
        encoder.set(*size, 300_000, 30)
        small = [scaler.scaled(one, *size) for one in pictures]
        made = encoded(encoder, small, 20 * len(sizes))
        assert keys(made) == [0]
        shown = {screen.show(one.data) for one in made if one is not None}
        sizes.append(shown.pop())
        assert not shown
    assert sizes == [(640, 480), (480, 360), (320, 240), (640, 480)]


@pytest.mark.parametrize("bit_s", [128_000, 60_000])
def test_frames_are_left_out_to_hold_a_rate_that_is_too_low_for_all(bit_s: int) -> None:
    made = encoded(encoder_at(bit_s), [planes(one) for one in scene(noise=12.0)] * 5)
    assert kbit_s(made[60:]) == pytest.approx(bit_s / 1000, rel=0.1)
    assert sum(one is None for one in made[60:]) > 30
    assert sum(one is not None for one in made[60:]) > 20


def test_two_of_three_pictures_hold_the_rate_too() -> None:
    """20 of 30 a second: libvpx alone took the uneven pauses for new rates, a third too much."""
    encoder = encoder_at(150_000, 20)
    made = [
        encoder.encode(planes(scene()[number % 60]), number * FRAME_TICKS)
        for number in range(180)
        if number % 3
    ]
    assert kbit_s(made[40:], 20) == pytest.approx(150, rel=0.1)


def test_a_key_frame_comes_when_it_is_wished_for_and_after_a_pause_is_none_the_larger() -> None:
    pictures = [planes(one) for one in scene()]
    lengths = []
    for pause in (0, 900_000):
        encoder = encoder_at(300_000)
        assert keys(encoded(encoder, pictures)) == [0]
        at_ticks = len(pictures) * FRAME_TICKS + pause
        made = encoder.encode(pictures[0], at_ticks, is_key_wanted=True)
        assert made is not None
        assert made.is_key
        lengths.append(len(made.data))
    assert lengths[1] < 1.5 * lengths[0]


def test_the_picture_is_like_stocks_at_the_same_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stock's noise filter gains half a decibel on this still wall; on a moving one it loses."""
    monkeypatch.setattr(vpx, "DEFAULT_BITRATE", 300_000)
    stock, ours = vpx.Vp8Encoder(), encoder_at(300_000)
    screens = {"stock": Screen(), "ours": Screen()}
    marks: dict[str, list[float]] = {"stock": [], "ours": []}
    for number in range(150):
        data = scene()[number % 60]
        rows = np.frombuffer(data, np.uint8).reshape(-1, WIDTH)
        frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
        frame.pts, frame.time_base = number * FRAME_TICKS, Fraction(1, 90_000)
        payloads, _ = stock.encode(frame)
        if payloads:
            screens["stock"].show(b"".join(vpx.vp8_depayload(one) for one in payloads))
        made = ours.encode(planes(data), number * FRAME_TICKS)
        if made is not None:
            screens["ours"].show(made.data)
        if number >= 90 and number % 5 == 0:
            for name, screen in screens.items():
                marks[name].append(screen.likeness_db(data))
    assert np.mean(marks["ours"]) > np.mean(marks["stock"]) - 0.8
    assert np.mean(marks["ours"]) > 30


def test_more_than_the_largest_size_is_refused_and_the_encoder_goes_on() -> None:
    encoder = encoder_at(300_000)
    with pytest.raises(RuntimeError, match="libvpx, set"):
        encoder.set(1280, 720, 300_000, 30)
    assert not encoder.can_take(1280, 720)
    encoder.set(WIDTH, HEIGHT, 300_000, 30)
    assert encoder.encode(planes(scene()[0]), 0) is not None


def test_a_picture_of_another_size_is_not_read() -> None:
    encoder = encoder_at(300_000)
    small = Scaler().scaled(planes(scene()[0]), 320, 240)
    with pytest.raises(ValueError, match="a picture of"):
        encoder.encode(small, 0)


def resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


def test_what_is_no_longer_used_is_given_back() -> None:
    picture = planes(scene()[0])
    before = 0
    for number in range(40):
        encoder_at(300_000).encode(picture, 0)
        if number == 9:
            before = resident_kb()
    assert resident_kb() - before < 20_000  # one takes 5 MB: thirty kept would be 150
