"""Our picture in a real call of two links: what the line may carry changes; the far side sees."""

import asyncio
import secrets
from itertools import pairwise

import pytest

from media.picture.picture_sizes import HD, PAUSED
from media.quality.line_state import PictureBudget
from media.rtc.picture_out import PictureOut
from tests.fakes.two_links import Side, number_in, two_links

pytestmark = pytest.mark.whole

# 0.5 on a calm machine, 1.3 on a busy one; a picture that waits for a key frame waits for ever.
LONGEST_GAP_S = 2.0


def height(side: Side) -> int:
    return 0 if side.luma is None else int(side.luma.shape[0])


def longest_gap_s(side: Side, after_s: float) -> float:
    times = [at_s for at_s in side.pictures_at if at_s >= after_s]
    return max(later - earlier for earlier, later in pairwise(times))


async def test_a_line_that_shrinks_and_grows_changes_the_size_without_a_freeze() -> None:
    number = secrets.randbits(32)
    async with two_links(number) as pair:
        await pair.open()
        await pair.clinician.first_picture()
        await pair.clinician.until(lambda: height(pair.clinician) == 480, 5, "the whole size")
        out = pair.cart.link.picture_out
        assert isinstance(out, PictureOut)
        began_s = pair.clinician.pictures_at[-1]
        out.budget = lambda: PictureBudget(60_000, 0.0)
        await pair.clinician.until(lambda: height(pair.clinician) < 480, 5, "a smaller picture")
        await asyncio.sleep(2.5)
        figures = out.figures()
        assert figures.frames_per_s > 5
        assert figures.bit_s < 70_000
        out.budget = lambda: PictureBudget(1_500_000, 0.0)
        await pair.clinician.until(lambda: height(pair.clinician) == 480, 8, "the whole size again")
        assert longest_gap_s(pair.clinician, began_s) < LONGEST_GAP_S
        await asyncio.sleep(0.3)
        assert pair.clinician.luma is not None
        assert number_in(pair.clinician.luma) == number


async def test_a_pause_stops_the_picture_and_nothing_else() -> None:
    async with two_links(0) as pair:
        await pair.open()
        await pair.clinician.first_picture()
        out = pair.cart.link.picture_out
        out.bounds = PAUSED
        await asyncio.sleep(0.5)
        before, sounds = len(pair.clinician.pictures_at), len(pair.clinician.sound)
        await asyncio.sleep(1.0)
        assert len(pair.clinician.pictures_at) == before
        assert len(pair.clinician.sound) > sounds
        out.bounds = HD
        await pair.clinician.until(
            lambda: len(pair.clinician.pictures_at) > before + 10, 3, "the picture again"
        )
