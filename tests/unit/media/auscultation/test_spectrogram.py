"""Columns of loudness: the right band, the right level, the right moment, whatever the cut."""

import numpy as np
import pytest

from media.auscultation.spectrogram import (
    BANDS,
    COLUMNS_PER_S,
    LOUDEST_DB,
    QUIETEST_DB,
    TOP_HZ,
    Spectrogram,
)

RATES_HZ = (1000, 2000, 4000, 8000, 11_025, 44_100, 48_000)


def tone(at_hz: float, rate_hz: int, decibels: float, seconds: float = 2.0) -> np.ndarray:
    times_s = np.arange(round(seconds * rate_hz)) / rate_hz
    level = 32_768 * 10 ** (decibels / 20)
    return np.round(level * np.sin(2 * np.pi * at_hz * times_s)).astype(np.int16)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("at_hz", [42, 203, 451])
def test_a_tone_lights_its_band_as_loud_as_it_is(rate_hz: int, at_hz: int) -> None:
    columns = Spectrogram(rate_hz).heard(tone(at_hz, rate_hz, -30.0))
    column = np.frombuffer(columns[30], dtype=np.uint8)
    assert abs(int(np.argmax(column)) - at_hz / TOP_HZ * BANDS) <= 1.5
    decibels = QUIETEST_DB + column.max() / 255 * (LOUDEST_DB - QUIETEST_DB)
    assert decibels == pytest.approx(-30.0, abs=1.0)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_cut_of_the_sound_changes_nothing(rate_hz: int) -> None:
    chance = np.random.default_rng(3)
    sound = chance.integers(-9000, 9000, 3 * rate_hz).astype(np.int16)
    whole = Spectrogram(rate_hz).heard(sound)
    cut = Spectrogram(rate_hz)
    pieces = np.split(sound, np.sort(chance.integers(0, len(sound), 60)))
    assert [column for piece in pieces for column in cut.heard(piece)] == whole
    assert 3 * COLUMNS_PER_S - 3 <= len(whole) <= 3 * COLUMNS_PER_S
    assert {len(column) for column in whole} == {BANDS}


def test_a_knock_is_in_the_column_of_its_moment() -> None:
    sound = np.zeros(8000, dtype=np.int16)
    sound[4000:4080] = 20_000
    loud = [sum(column) for column in Spectrogram(4000).heard(sound)]
    assert abs(int(np.argmax(loud)) / COLUMNS_PER_S - 1.01) < 0.04


def test_bands_above_half_the_rate_stay_dark_and_silence_too() -> None:
    loud = np.random.default_rng(1).integers(-32_000, 32_000, 2000).astype(np.int16)
    column = np.frombuffer(Spectrogram(1000).heard(loud)[20], dtype=np.uint8)
    assert column[:60].min() > 0
    assert not column[66:].any()
    assert not any(any(column) for column in Spectrogram(4000).heard(np.zeros(8000, np.int16)))


def test_nothing_grows_while_it_listens() -> None:
    listening = Spectrogram(48_000)
    sound = np.zeros(48_000, dtype=np.int16)
    made = sum(len(listening.heard(sound)) for _ in range(20))
    assert 19 * COLUMNS_PER_S < made <= 20 * COLUMNS_PER_S
    assert len(listening._waiting) <= 48_000 * 0.2
