"""The number in a picture is read right or not at all."""

import random

import numpy as np
import pytest

from demo import barcode
from demo.picture import CODE_LEFT, CODE_TOP
from demo.screen import Pixels

TOP, LEFT = 30, 50


def _drawn(number: int, counter: int) -> Pixels:
    code = np.zeros((barcode.HEIGHT, barcode.WIDTH, 3), np.uint8)
    code[:] = barcode.MAGENTA
    for row, bits in enumerate(barcode.cells(number, counter)):
        for column, is_white in enumerate(bits):
            top, left = barcode.FRAME + row * barcode.CELL, barcode.FRAME + column * barcode.CELL
            code[top : top + barcode.CELL, left : left + barcode.CELL] = 255 * is_white
    window = np.full((240, 280, 3), 40, np.uint8)
    window[TOP : TOP + barcode.HEIGHT, LEFT : LEFT + barcode.WIDTH] = code
    return window


@pytest.mark.parametrize("seed", range(8))
def test_what_was_drawn_is_read_through_noise_and_at_half_size(seed: int) -> None:
    chance = random.Random(seed)
    number, counter = chance.getrandbits(32), chance.getrandbits(16)
    noise = np.random.default_rng(seed).integers(-25, 26, (240, 280, 3))
    window = np.clip(_drawn(number, counter).astype(int) + noise, 0, 255).astype(np.uint8)
    assert barcode.read(window) == barcode.Seen(number, counter)
    assert barcode.read(window[::2, ::2]) == barcode.Seen(number, counter)


def test_a_turned_cell_makes_it_unreadable_and_never_another_number() -> None:
    number, counter = 0xC0FFEE11, 513
    for row in range(barcode.ROWS):
        for column in range(barcode.COLUMNS):
            window = _drawn(number, counter)
            top = TOP + barcode.FRAME + row * barcode.CELL
            left = LEFT + barcode.FRAME + column * barcode.CELL
            cell = window[top : top + barcode.CELL, left : left + barcode.CELL]
            cell[:] = 255 - cell
            assert barcode.read(window) is None


def test_a_window_without_the_code_has_no_number() -> None:
    assert barcode.read(np.zeros((300, 300, 3), np.uint8)) is None
    assert barcode.read(np.full((300, 300, 3), 255, np.uint8)) is None


def test_colour_has_half_the_places_so_the_code_lies_on_even_ones() -> None:
    assert not (CODE_LEFT % 2 or CODE_TOP % 2 or barcode.CELL % 2 or barcode.FRAME % 2)
