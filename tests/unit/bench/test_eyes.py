"""What is known of a place while it changes; where the far picture's line lies."""

import numpy as np
import pytest

from bench.eyes import Change, Look, around, magenta_in
from bench.far_picture import line_of
from bench.keeping import arrival, inside
from demo import barcode, picture
from demo.screen import Pixels
from demo.waiting import NotSo


def plain(value: int, height: int = 20, width: int = 40) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


def test_a_change_is_known_while_it_happens_whatever_stays_the_same() -> None:
    before, after = plain(255), plain(255)
    after[:10, :10] = 0
    change = Change(before, after)
    half = before.copy()
    half[:5, :10] = 0
    assert [change.share_done(now) for now in (before, half, after)] == [0.0, 0.5, 1.0]
    assert [change.is_done(now) for now in (before, half, after)] == [False, False, True]


def test_two_pictures_that_cannot_be_told_apart_measure_nothing() -> None:
    after = plain(255)
    after[0, :5] = 0
    with pytest.raises(NotSo):
        Change(plain(255), after)


def test_a_row_arrives_when_most_of_it_is_there_not_when_something_moves_beside_it() -> None:
    empty, beside, there = plain(255), plain(255), plain(255)
    beside[15:] = 90  # below the row
    there[:10] = 10
    there[:1] = 70  # its last words come later
    last = there.copy()
    last[:1] = 10
    shown = [empty, beside, there, last]
    seen = [Look(float(at), pixels) for at, pixels in enumerate(shown)]
    assert arrival(seen, (0, 0, 40, 10)) == 2.0


def test_boxes_around_and_inside() -> None:
    assert around([(10, 20, 30, 10), (5, 25, 10, 40)]) == (5, 20, 35, 45)
    assert inside((100, 100, 50, 30), (90, 110, 200, 200)) == (10, 0, 50, 20)


@pytest.mark.parametrize("far", [(0, 0, 640, 480), (11, 90, 571, 340), (5, 5, 400, 900)])
def test_the_line_crosses_frame_and_lowest_bit_of_the_counter(
    far: tuple[int, int, int, int],
) -> None:
    """Drawn as the camera film is, scaled into the box as a window does."""
    scale = min(far[2] / picture.WIDTH, far[3] / picture.HEIGHT)
    lines = []
    for counter in (6, 7):
        window = np.zeros((1000, 700, 3), np.uint8)
        film = np.zeros((picture.HEIGHT, picture.WIDTH, 3), np.uint8)
        draw_code(film, 0x12345678, counter)
        high, wide = round(picture.HEIGHT * scale), round(picture.WIDTH * scale)
        rows = (np.arange(high) / scale).astype(int)
        columns = (np.arange(wide) / scale).astype(int)
        top, left = far[1] + (far[3] - high) // 2, far[0] + (far[2] - wide) // 2
        window[top : top + high, left : left + wide] = film[rows][:, columns]
        x, y, width, height = line_of(far)
        lines.append(window[y : y + height, x : x + width])
    assert all(magenta_in(line) >= 6 for line in lines)
    assert lines[0].tobytes() != lines[1].tobytes()
    assert magenta_in(np.zeros_like(lines[0])) == 0


def draw_code(film: Pixels, number: int, counter: int) -> None:
    left, top = picture.CODE_LEFT, picture.CODE_TOP
    film[top : top + barcode.HEIGHT, left : left + barcode.WIDTH] = barcode.MAGENTA
    for row, bits in enumerate(barcode.cells(number, counter)):
        for column, is_white in enumerate(bits):
            y = top + barcode.FRAME + row * barcode.CELL
            x = left + barcode.FRAME + column * barcode.CELL
            film[y : y + barcode.CELL, x : x + barcode.CELL] = 255 if is_white else 0
