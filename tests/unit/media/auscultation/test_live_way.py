"""The live way over a line that loses and delays: what is heard is the record, and in its time."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from app.domain.engine import LiveWay, ScopeProof
from media.auscultation.wav import samples_of
from tests.unit.media.auscultation.live_line import LiveLine

RATE_HZ = 4000


def heart(seconds: float, rate_hz: int = RATE_HZ, seed: int = 3) -> bytes:
    """Two thuds a beat in noise: neither silence nor what FLAC makes nothing of."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    first, second = (at % 0.8 - 0.1) / 0.03, (at % 0.8 - 0.4) / 0.02
    beat = np.exp(-(first**2)) + 0.6 * np.exp(-(second**2))
    noise = np.random.default_rng(seed).normal(0, 60, len(at))
    return (9000 * beat * np.sin(2 * np.pi * 60 * at) + noise).astype("<i2").tobytes()


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def proven(line: LiveLine, given: bytes) -> None:
    for _ in range(600):
        if any(isinstance(event, ScopeProof) for event in line.told["cart"]):
            break
        line.pass_time(0.1)
    assert samples_of(line.done("clinician").wav)[0] == given
    assert line.done("cart").sha256 == line.done("clinician").sha256
    assert line.done("cart").sha256 == hashlib.sha256(line.done("cart").wav).hexdigest()
    assert line.proof("cart").matches


def is_what_was_given(line: LiveLine, given: bytes, rate_hz: int = RATE_HZ) -> bool:
    return all(
        given[2 * round(chunk.at_s * rate_hz) :][: len(chunk.samples)] == chunk.samples
        for _, chunk in line.chunks
        if not chunk.is_monitor
    )


@pytest.mark.parametrize(
    ("loss", "round_trip_s", "most_s", "holes"),
    [(0.0, 0.02, 0.15, 0.0), (0.10, 0.30, 0.6, 0.02), (0.20, 0.30, 0.6, 0.05)],
)
def test_heard_in_its_time_and_kept_to_the_bit(
    loss: float, round_trip_s: float, most_s: float, holes: float
) -> None:
    line, given = LiveLine(loss=loss, round_trip_s=round_trip_s), heart(30)
    line.link_up()
    line.play(given)
    assert p95(line.delays_s) <= most_s
    assert line.holes_s <= holes * 30
    assert is_what_was_given(line, given)
    line.cart.finish(line.header.recording, is_complete=True)
    proven(line, given)


def test_the_delay_that_is_told_is_the_one_there_is() -> None:
    line = LiveLine(loss=0.1, round_trip_s=0.3)
    line.link_up()
    line.play(heart(15))
    told_ms = line.clinician.arriving[0].delay_ms(line.now)
    assert told_ms is not None
    assert abs(told_ms - 1000 * p95(line.delays_s)) < 120


def test_what_was_recorded_without_a_line_comes_afterwards() -> None:
    line, given = LiveLine(), heart(12)
    line.link_up()
    third = len(given) // 3
    line.play(given[:third])
    line.link_down()
    line.play(given[third : 2 * third], started=True)
    line.link_up()
    line.play(given[2 * third :], started=True)
    line.cart.finish(line.header.recording, is_complete=True)
    proven(line, given)


def test_a_line_without_room_hears_it_later_and_keeps_it_all() -> None:
    line = LiveLine(rate_hz=4000, room_bit_s=6_000)
    given = heart(6)
    line.link_up()
    line.play(given)
    assert line.clinician.arriving[0].way(line.now) is LiveWay.LATER
    line.cart.finish(line.header.recording, is_complete=True)
    proven(line, given)


def test_a_fast_instrument_on_a_narrow_line_is_a_labelled_monitor() -> None:
    rate_hz = 48_000
    line, given = LiveLine(rate_hz=rate_hz, room_bit_s=100_000), heart(5, rate_hz)
    line.link_up()
    line.play(given)
    assert line.clinician.arriving[0].way(line.now) is LiveWay.MONITOR
    assert {chunk.rate_hz for _, chunk in line.chunks if chunk.is_monitor} == {8000}
    line.cart.finish(line.header.recording, is_complete=True)
    proven(line, given)


def test_the_copies_cost_nothing_on_a_line_that_loses_nothing() -> None:
    sizes = {}
    for loss in (0.0, 0.1):
        line = LiveLine(loss=loss, round_trip_s=0.3)
        line.link_up()
        line.play(heart(10))
        sizes[loss] = line.packet_bytes
    assert sizes[0.0] * 2 < sizes[0.1] < sizes[0.0] * 5


def test_another_seed_is_another_line() -> None:
    heard = []
    for seed in (1, 2):
        line = replace(LiveLine(loss=0.1, round_trip_s=0.3), seed=seed)
        line.link_up()
        line.play(heart(5))
        heard.append([round(at, 3) for at, _ in line.chunks])
    assert heard[0] != heard[1]
