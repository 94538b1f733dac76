"""Curves and the view of a whole recording: the same however the sound is cut, holes kept."""

import base64
from array import array

import numpy as np
import pytest

from app.domain.curve import PAIRS_PER_S, STRIPS_PER_S
from media.auscultation.curve_maker import CurveMaker, pairs_of_whole
from media.auscultation.live_playout import LiveChunk, chunk_of
from media.auscultation.overview import NOTHING, Overview


def sound(rate_hz: int, seconds: float) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return np.random.default_rng(4).integers(-9000, 9000, round(rate_hz * seconds)).astype("<i2")


@pytest.mark.parametrize("rate_hz", [2000, 4000, 8000, 44_100, 48_000])
@pytest.mark.parametrize("cut", [97, 160, 5000])
def test_the_strips_are_the_same_however_it_is_cut(rate_hz: int, cut: int) -> None:
    samples, maker = sound(rate_hz, 3), CurveMaker(rate_hz, 1)
    strips = []
    for at in range(0, len(samples), cut):
        strips += maker.heard(chunk_of(at, samples[at : at + cut].tobytes(), rate_hz))
    whole = CurveMaker(rate_hz, 1).heard(chunk_of(0, samples.tobytes(), rate_hz))
    assert [strip.data for strip in strips] == [strip.data for strip in whole]
    assert len(strips) == 3 * STRIPS_PER_S
    values = array("h", b"".join(strip.data for strip in strips))
    assert (min(values), max(values)) == (samples.min(), samples.max())


def test_a_hole_is_a_strip_without_data_and_the_next_begins_behind_it() -> None:
    maker, samples = CurveMaker(4000, 1), sound(4000, 1)
    maker.heard(chunk_of(0, samples.tobytes(), 4000))
    (hole,) = maker.heard(LiveChunk(1.0, 0.5, b"", 4000))
    assert (hole.at_s, hole.seconds, hole.data) == (1.0, 0.5, b"")
    after = maker.heard(chunk_of(6000, samples.tobytes(), 4000))
    assert after[0].at_s == 1.5


def test_pairs_of_a_whole_recording_hold_its_peaks() -> None:
    samples = sound(4000, 2)
    samples[3210] = 32_000
    values = array("h", pairs_of_whole(samples, 4000))
    assert len(values) == 2 * 2 * PAIRS_PER_S
    assert values[2 * (3210 * PAIRS_PER_S // 4000) + 1] == 32_000
    assert pairs_of_whole(samples[:0], 4000) == b""


def test_the_overview_is_the_same_in_any_order_and_says_what_is_not_here() -> None:
    samples = sound(4000, 4)
    forward, backward = Overview(4000), Overview(4000)
    pieces = [(at, samples[at : at + 160].tobytes()) for at in range(0, len(samples), 160)]
    for at, piece in pieces:
        forward.put(at, piece)
    for at, piece in reversed(pieces):
        backward.put(at, piece)
    assert forward.heights == backward.heights
    assert len(forward.heights) == 16
    holed = Overview(4000)
    holed.put(0, bytes(2000))
    holed.put(8000, bytes(2000))
    assert holed.heights[1:8] == bytes([NOTHING] * 7)
    assert base64.b64decode(holed.text) == holed.heights


def test_what_came_late_is_told_in_few_spans() -> None:
    overview = Overview(4000)
    for n in range(400):
        overview.late(3.0 * n, 3.0 * n + 0.04)
    assert 1 <= len(overview.spans) <= 64
    assert overview.spans[0].start_s == 0.0
    assert overview.spans[-1].end_s == 1197.04
    near = Overview(4000)
    near.late(1.0, 1.2)
    near.late(1.4, 1.6)
    assert len(near.spans) == 1
