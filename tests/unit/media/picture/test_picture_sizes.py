"""Sizes and frame rates by bit rate: within bounds, monotone, and at rest on a line that is."""

import math
import random
from collections.abc import Callable

import pytest

from media.picture.picture_sizes import (
    HD,
    PAUSED,
    SD,
    THUMBNAIL,
    PictureBounds,
    PictureForm,
    PictureSizes,
    forms_of,
)
from media.picture.scene_difficulty import ENOUGH_QUANTIZER, SceneDifficulty, usual_bit_s

ORDINARY = round(ENOUGH_QUANTIZER)
SOURCES = ((640, 480), (1280, 720), (1920, 1080), (480, 640), (352, 288), (320, 240), (2, 2))


class Line:
    """A stream on a line that gives `bit_s(now)`; a scene that is as hard as it is told."""

    def __init__(self, source: tuple[int, int] = (640, 480), bounds: PictureBounds = HD) -> None:
        self.sizes = PictureSizes()
        self.source, self.bounds = source, bounds
        self.now_s = 0.0
        self.seen: list[tuple[float, PictureForm | None]] = []

    def run(
        self, seconds: float, bit_s: Callable[[float], float], quantizer: int | None = ORDINARY
    ) -> None:
        end_s = self.now_s + seconds
        is_first = not self.seen
        while self.now_s < end_s:
            self.now_s += 1 / 30
            rate = int(bit_s(self.now_s))
            form = self.sizes.form(self.now_s, rate, *self.source, self.bounds)
            if not self.seen or self.seen[-1][1] != form:
                self.seen.append((self.now_s, form))
            if form is not None:
                seen = self.quantizer_at(rate, form) if quantizer == ORDINARY else quantizer
                self.sizes.told(self.now_s, form, quantizer=seen, is_key=is_first)
            is_first = False

    @staticmethod
    def quantizer_at(bit_s: float, form: PictureForm) -> int:
        """What an encoder would take for an ordinary scene."""
        usual = usual_bit_s(form.width * form.height, form.frames_per_s)
        return min(max(2, round(ENOUGH_QUANTIZER + 11 * math.log2(usual / bit_s))), 60)

    @property
    def form(self) -> PictureForm:
        form = self.seen[-1][1]
        assert form is not None
        return form

    def changes_of_size(self) -> list[tuple[float, tuple[int, int]]]:
        found: list[tuple[float, tuple[int, int]]] = []
        for at_s, form in self.seen:
            if form is not None and (not found or found[-1][1] != form.size):
                found.append((at_s, form.size))
        return found


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("bounds", [HD, SD, THUMBNAIL, PictureBounds(400, 7)])
def test_forms_are_within_bounds_even_and_of_the_sources_shape(
    source: tuple[int, int], bounds: PictureBounds
) -> None:
    forms = forms_of(*source, bounds)
    assert forms
    for form in forms:
        assert max(form.size) <= min(bounds.long_side, max(source))
        assert form.frames_per_s <= bounds.frames_per_s
        assert form.width % 2 == form.height % 2 == 0
        assert form.width * source[1] == pytest.approx(form.height * source[0], rel=0.06)
    needs = [form.least_bit_s for form in forms]
    pixels = [form.width * form.height for form in forms]
    assert needs == sorted(needs, reverse=True)
    assert pixels == sorted(pixels, reverse=True)
    assert len({(form.size, form.frames_per_s) for form in forms}) == len(forms)


def test_the_usual_cameras_have_the_usual_sizes() -> None:
    assert [form.size for form in forms_of(640, 480, HD)] == [
        (640, 480),
        (480, 360),
        (480, 360),
        (320, 240),
        (320, 240),
        (240, 180),
        (160, 120),
    ]
    assert [form.size for form in forms_of(1280, 720, HD)][:4] == [
        (1280, 720),
        (960, 540),
        (640, 360),
        (480, 270),
    ]
    assert forms_of(480, 640, SD)[0].size == (480, 640)


def test_a_pause_is_no_form_at_all_and_ends_with_it() -> None:
    assert forms_of(640, 480, PAUSED) == ()
    line = Line(bounds=PAUSED)
    line.run(1, lambda now: 2e6)
    assert [form for _, form in line.seen] == [None]
    line.bounds = HD
    line.run(0.1, lambda now: 2e6)
    assert line.form.size == (640, 480)


@pytest.mark.parametrize("source", SOURCES[:4])
def test_more_bits_are_never_a_smaller_picture(source: tuple[int, int]) -> None:
    sizes = []
    for bit_s in range(5_000, 2_000_000, 5_000):
        form = PictureSizes().form(0.0, bit_s, *source, HD)
        sizes.append((form.width * form.height, form.frames_per_s) if form else (0, 0))
    assert sizes == sorted(sizes)
    assert sizes[0] == (0, 0)


@pytest.mark.parametrize("kbit_s", [20, 30, 54, 62, 90, 110, 128, 160, 200, 270, 300, 600, 900])
@pytest.mark.parametrize("source", [(640, 480), (1280, 720)])
def test_on_a_steady_line_with_a_tenth_of_noise_the_size_comes_to_rest(
    kbit_s: int, source: tuple[int, int]
) -> None:
    line, chance = Line(source), random.Random(kbit_s)
    line.run(60, lambda now: kbit_s * 1000 * chance.uniform(0.9, 1.1))
    changes = line.changes_of_size()
    assert len(changes) <= 3, changes
    assert all(at_s < 30 for at_s, _ in changes), changes


def test_a_climb_that_does_not_hold_is_tried_ever_more_seldom() -> None:
    """128 kbit/s has two states: a key frame for each step makes the step below right again."""
    line = Line()
    for _ in range(600):  # larger than 320x240 does not hold, whatever the rate says
        is_large = bool(line.seen) and line.seen[-1][1] is not None and line.form.width > 320
        line.run(0.5, lambda now: 130_000, None if is_large else ORDINARY)
    assert 2 < len(line.changes_of_size()) < 30


def test_a_small_lack_waits_for_the_mean_of_a_second_and_three_seconds_of_rest() -> None:
    line = Line()
    line.run(6, lambda now: 600_000, ORDINARY)
    assert line.form.size == (640, 480)
    line.run(0.5, lambda now: 230_000 if now < 6.2 else 600_000)
    assert line.form.size == (640, 480)


def test_more_pictures_a_second_cost_nothing_and_come_at_once() -> None:
    line = Line()
    line.run(10, lambda _: 130e3)
    assert line.form == PictureForm(480, 360, 20, 110e3)
    line.run(1, lambda _: 170e3)
    assert line.form == PictureForm(480, 360, 30, 160e3)


def test_a_line_that_breaks_in_is_followed_at_once_and_back() -> None:
    line = Line()
    line.run(8, lambda now: 1_800_000)
    line.run(15, lambda now: 60_000)
    fell_at_s, small = line.changes_of_size()[1]
    assert fell_at_s < 9
    assert small[0] <= 320
    line.run(8, lambda now: 1_800_000)
    came_at_s, large = line.changes_of_size()[-1]
    assert large == (640, 480)
    assert came_at_s < 25.5


def test_a_slow_start_is_left_soon_and_in_few_steps() -> None:
    line = Line()
    line.run(4, lambda now: min(150_000 * 2**now, 1_800_000))
    changes = line.changes_of_size()
    assert changes[-1][1] == (640, 480)
    assert len(changes) <= 3


def test_other_bounds_hold_from_the_next_picture_on() -> None:
    line = Line((1280, 720))
    line.run(3, lambda now: 2e6)
    assert line.form.size == (1280, 720)
    line.bounds = THUMBNAIL
    line.run(0.04, lambda now: 2e6)
    assert line.form.size == (320, 180)
    assert line.form.frames_per_s == 15


def test_below_eight_kilobit_nothing_is_sent_until_it_is_clearly_more() -> None:
    line = Line()
    line.run(2, lambda now: 20_000)
    line.run(2, lambda now: 6_000)
    assert line.seen[-1][1] is None
    line.run(3, lambda now: 10_000)
    assert line.seen[-1][1] is None
    line.run(3, lambda now: 14_000)
    assert line.form.size == (160, 120)


def test_an_easy_scene_is_sent_larger_and_a_hard_one_smaller() -> None:
    easy, hard = Line(), Line()
    easy.run(20, lambda now: 200_000, 36)
    hard.run(20, lambda now: 200_000, None)
    assert easy.form.size == (640, 480)
    assert hard.form.width <= 320


def test_the_difficulty_is_bounded_and_not_learned_from_a_key_frames_echo() -> None:
    scene = SceneDifficulty()
    for number in range(300):
        scene.told(number / 30, bit_s=1e6, usual=1e6, quantizer=None, is_key=number % 25 == 0)
    assert scene.factor == 1.0
    for number in range(300, 900):
        scene.told(number / 30, bit_s=1e6, usual=1e6, quantizer=None, is_key=False)
    assert scene.factor == pytest.approx(2.5)
    for number in range(900, 1500):
        scene.told(number / 30, bit_s=1e6, usual=1e6, quantizer=2, is_key=False)
    assert scene.factor == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("source", "size"),
    [((640, 480), (320, 240)), ((1280, 720), (320, 180)), ((160, 120), (160, 120))],
)
def test_the_first_picture_is_small_while_the_line_is_not_known(
    source: tuple[int, int], size: tuple[int, int]
) -> None:
    """With what is assumed at the start; once the line has answered the size follows it soon."""
    line = Line(source)
    line.run(0.3, lambda now_s: 99_000)
    assert line.form.size == size
    line.run(1.5, lambda now_s: 1_500_000)
    assert max(line.form.size) == max(source)


def test_a_picture_that_comes_back_takes_what_its_line_is_known_to_carry() -> None:
    line = Line((1280, 720))
    line.run(2.0, lambda now_s: 99_000)
    line.bounds = PAUSED
    line.run(1.0, lambda now_s: 99_000)
    line.bounds = HD
    line.run(0.1, lambda now_s: 99_000)
    assert line.form.size == (480, 270)
