"""libx264 of PyAV's wheel: rates and sizes are obeyed at their price, frames left out here."""

import av
import numpy as np
import pytest

from media.picture import h264_encoder
from media.picture.h264_encoder import H264Encoder
from media.picture.picture_encoder import EncodedPicture
from media.picture.planes import Planes, Scaler
from tests.unit.media.picture.given import (
    FRAME_TICKS,
    HEIGHT,
    WIDTH,
    H264Screen,
    kbit_s,
    keys,
    planes,
    scene,
)


def encoder_at(bit_s: int, frames_per_s: float = 30) -> H264Encoder:
    encoder = H264Encoder()
    encoder.set(WIDTH, HEIGHT, bit_s, frames_per_s)
    return encoder


def encoded(
    encoder: H264Encoder, pictures: list[Planes], first: int = 0, ticks: int = FRAME_TICKS
) -> list[EncodedPicture | None]:
    return [
        encoder.encode(picture, (first + number) * ticks) for number, picture in enumerate(pictures)
    ]


def test_it_is_in_the_wheel_that_is_pinned() -> None:
    assert h264_encoder.is_here()


def test_a_new_rate_near_the_old_one_is_obeyed_without_a_key_frame() -> None:
    encoder = encoder_at(600_000)
    made: list[EncodedPicture | None] = []
    for bit_s in (600_000, 300_000, 500_000, 1_050_000):
        encoder.set(WIDTH, HEIGHT, bit_s, 30)
        part = encoded(encoder, [planes(one) for one in scene(noise=12.0)] * 3, len(made))
        assert kbit_s(part[60:]) == pytest.approx(bit_s / 1000, rel=0.1)
        made += part
    assert keys(made) == [0]


@pytest.mark.parametrize("first_bit_s", [150_000, 300_000])
def test_a_rate_that_climbs_step_by_step_is_followed(first_bit_s: int) -> None:
    encoder, bit_s = encoder_at(first_bit_s), first_bit_s
    made = encoded(encoder, [planes(one) for one in scene(noise=12.0)] * 2)
    for _ in range(5):
        bit_s = round(1.4 * bit_s)
        encoder.set(WIDTH, HEIGHT, bit_s, 30)
        part = encoded(encoder, [planes(one) for one in scene(noise=12.0)] * 2, len(made))
        assert kbit_s(part[60:]) == pytest.approx(bit_s / 1000, rel=0.15)
        made += part
    assert len(keys(made)) <= 4


def test_a_rate_far_from_the_old_one_costs_one_key_frame() -> None:
    encoder = encoder_at(600_000)
    pictures = [planes(one) for one in scene(noise=12.0)] * 3
    encoded(encoder, pictures)
    encoder.set(WIDTH, HEIGHT, 150_000, 30)
    made = encoded(encoder, pictures, len(pictures))
    assert keys(made) == [0]
    assert kbit_s(made[60:]) == pytest.approx(150, rel=0.1)


def test_fewer_pictures_a_second_are_each_given_more() -> None:
    encoder = encoder_at(300_000, 15)
    pictures = [planes(one) for one in scene(noise=12.0)] * 3
    made = encoded(encoder, pictures, ticks=2 * FRAME_TICKS)
    assert kbit_s(made[60:], 15) == pytest.approx(300, rel=0.1)
    encoder.set(WIDTH, HEIGHT, 300_000, 30)  # the same line for twice as many
    made = encoded(encoder, pictures, 2 * len(pictures))
    assert kbit_s(made[60:]) == pytest.approx(300, rel=0.1)
    assert keys(made) == []


def test_a_new_size_costs_exactly_one_key_frame_and_is_what_arrives() -> None:
    encoder, scaler, screen = encoder_at(300_000), Scaler(), H264Screen()
    pictures = [planes(one) for one in scene()[:20]]
    for number, size in enumerate(((640, 480), (480, 360), (320, 240), (640, 480))):
        encoder.set(*size, 300_000, 30)
        made = encoded(encoder, [scaler.scaled(one, *size) for one in pictures], 20 * number)
        assert keys(made) == [0]
        assert {screen.show(one.data) for one in made if one is not None} == {size}


def test_frames_are_left_out_where_even_the_coarsest_are_too_many() -> None:
    """A key frame in each second, as a far side may wish, on a line for a small picture."""
    encoder = encoder_at(12_000)
    made = [
        encoder.encode(
            planes(scene(noise=12.0)[number % 60]),
            number * FRAME_TICKS,
            is_key_wanted=number % 30 == 0,
        )
        for number in range(300)
    ]
    assert keys(made) == list(range(0, 300, 30))
    assert sum(one is None for one in made) > 50
    assert sum(one is not None for one in made) > 20


def test_a_key_frame_comes_when_it_is_wished_for() -> None:
    encoder = encoder_at(300_000)
    made = encoded(encoder, [planes(one) for one in scene()[:30]])
    one = encoder.encode(planes(scene()[30]), 30 * FRAME_TICKS, is_key_wanted=True)
    assert keys(made) == [0]
    assert one is not None
    assert one.is_key


def test_every_picture_arrives_at_once_and_like_its_source() -> None:
    encoder, screen = encoder_at(600_000), H264Screen()
    likeness = []
    for number in range(60):
        made = encoder.encode(planes(scene()[number]), number * FRAME_TICKS)
        assert made is not None
        screen.show(made.data)
        likeness.append(screen.likeness_db(scene()[number]))
    assert np.mean(likeness[30:]) > 34


def test_a_coarser_picture_has_the_higher_quantizer() -> None:
    told = []
    for bit_s in (1_500_000, 400_000, 100_000):
        encoder = encoder_at(bit_s)
        encoded(encoder, [planes(one) for one in scene(noise=12.0)])
        told.append(encoder.quantizer)
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= 63


def test_nothing_is_told_of_the_encoder_or_its_settings() -> None:
    made = encoder_at(600_000).encode(planes(scene()[0]), 0)
    assert made is not None
    assert b"x264" not in made.data


def test_pictures_stay_within_the_level_that_was_agreed_on() -> None:
    assert h264_encoder.long_side_most(1280, 720) == 1280
    assert 960 <= h264_encoder.long_side_most(1280, 960) < 1280
    assert h264_encoder.long_side_most(640, 480) > 640


def test_a_picture_of_another_size_is_not_read_and_the_encoder_goes_on() -> None:
    encoder = encoder_at(300_000)
    with pytest.raises(ValueError, match="a picture of"):
        encoder.encode(Scaler().scaled(planes(scene()[0]), 320, 240), 0)
    assert encoder.encode(planes(scene()[0]), FRAME_TICKS) is not None


def test_a_wheel_without_it_offers_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {h264_encoder.PROGRAM})
    assert not h264_encoder.is_here()
