"""Pictures kept for stills; how one old picture that comes for ever is told from a living one."""

import numpy as np
import pytest

from media.devices.kept_images import EVERY_ROW, ROUND, ContentWatch, Image, KeptImages


def image(shade: int, height: int = 48, width: int = 64) -> Image:
    return np.full((height, width, 3), shade, np.uint8)


def kept_shade(kept: KeptImages, at_s: float | None) -> int | None:
    found = kept.seen_at(at_s)
    return None if found is None else int(found.image[0, 0, 0])


def test_the_picture_of_a_moment_is_found() -> None:
    kept = KeptImages(most_s=10.0)
    assert kept.seen_at(None) is None and kept.seen_at(3.0) is None
    for second in range(5):
        kept.put(image(second), float(second))
    assert kept_shade(kept, None) == 4
    assert kept_shade(kept, 2.0) == 2
    assert kept_shade(kept, 2.4) == 2
    assert kept_shade(kept, 2.6) == 3
    assert kept_shade(kept, -1e9) == 0
    assert kept_shade(kept, 1e9) == 4


def test_it_holds_no_more_than_it_may() -> None:
    kept = KeptImages(most_s=1.0)
    for number in range(100):
        kept.put(image(number), number * 0.1)
    assert kept_shade(kept, 0.0) == 89  # a second before the newest
    size = image(0).nbytes
    by_size = KeptImages(most_bytes=3 * size, most_s=1e9)
    for number in range(50):
        by_size.put(image(number), float(number))
        assert by_size._bytes <= 3 * size
    assert kept_shade(by_size, 0.0) == 47


def test_one_picture_too_large_for_the_memory_is_kept_all_the_same() -> None:
    kept = KeptImages(most_bytes=10)
    kept.put(image(1), 0.0)
    kept.put(image(2), 1.0)
    assert kept_shade(kept, 0.0) == kept_shade(kept, None) == 2


def test_an_old_picture_is_told_since_when() -> None:
    watch = ContentWatch()
    assert watch.same_since(image(1), 10.0) is None
    assert watch.same_since(image(2), 11.0) is None
    assert watch.same_since(image(2), 12.0) == 11.0
    assert watch.same_since(image(2), 15.0) == 11.0
    assert watch.same_since(image(3), 16.0) is None
    assert watch.same_since(image(3), 17.0) == 16.0


@pytest.mark.parametrize("buffers", range(1, ROUND + 1))
def test_old_pictures_that_are_handed_out_in_turn_are_old(buffers: int) -> None:
    watch = ContentWatch()
    for shade in range(10):  # it lives
        assert watch.same_since(image(20 + shade), float(shade)) is None
    for shade in range(buffers):
        assert watch.same_since(image(shade), 20.0 + shade) is None
    newest = 20.0 + buffers - 1
    for turn in range(50):
        assert watch.same_since(image(turn % buffers), 30.0 + turn) == newest
    assert watch.same_since(image(200), 90.0) is None


@pytest.mark.parametrize("row", [0, 1, EVERY_ROW, EVERY_ROW + 1, 47])
def test_one_bit_anywhere_is_another_picture(row: int) -> None:
    watch, other = ContentWatch(), image(7)
    other[row, 63, 2] ^= 1
    assert watch.same_since(image(7), 1.0) is None
    assert watch.same_since(other, 2.0) is None


def test_another_size_is_another_picture() -> None:
    watch = ContentWatch()
    watch.same_since(image(7), 1.0)
    assert watch.same_since(image(7, height=32), 2.0) is None
