"""Bell, diaphragm, lung and wide: loud where they should be, live without delay, later in place."""

import numpy as np
import numpy.typing as npt
import pytest

from media.auscultation.filters import (
    EDGES,
    Band,
    LiveFilter,
    bands_for,
    playback,
    response,
    sections_of,
)

RATES_HZ = (1000, 2000, 4000, 8000, 44_100, 48_000)
EVERY = [(band, rate_hz) for rate_hz in RATES_HZ for band in bands_for(rate_hz)]
LEVEL = 10_000

Sound = npt.NDArray[np.int16]


def tone(at_hz: float, rate_hz: int, seconds: float = 2.0) -> Sound:
    times_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.round(LEVEL * np.sin(2 * np.pi * at_hz * times_s)).astype(np.int16)


def gain_db(at_hz: float, rate_hz: int, sound: Sound) -> float:
    """Of the last second, whole swings of it."""
    part = sound[-rate_hz:].astype(np.float64)
    turn = np.exp(-2j * np.pi * at_hz * np.arange(rate_hz) / rate_hz)
    return float(20 * np.log10(2 * abs(np.mean(part * turn)) / LEVEL + 1e-9))


def noise(count: int, seed: int = 1) -> Sound:
    return np.random.default_rng(seed).integers(-20_000, 20_000, count).astype(np.int16)


def test_wide_is_offered_from_8_khz_up_only() -> None:
    assert bands_for(8000) == (Band.BELL, Band.DIAPHRAGM, Band.LUNG, Band.WIDE)
    assert bands_for(7999) == bands_for(4000) == (Band.BELL, Band.DIAPHRAGM, Band.LUNG)
    assert bands_for(1000) == (Band.BELL,)
    with pytest.raises(ValueError, match="not offered"):
        LiveFilter(Band.WIDE, 4000)


@pytest.mark.parametrize(("band", "rate_hz"), EVERY)
def test_the_edges_are_where_the_band_says(band: Band, rate_hz: int) -> None:
    edges = EDGES[band]
    at_edges = response(band, rate_hz, np.array([edges.low_hz, edges.high_hz]))
    assert 20 * np.log10(at_edges) == pytest.approx([-3.01, -3.01], abs=0.1)
    within = np.geomspace(edges.low_hz * 1.5, edges.high_hz / 1.5, 20)
    assert np.all(np.abs(20 * np.log10(response(band, rate_hz, within))) < 1.0)
    below, above = edges.low_hz / 2, min(2 * edges.high_hz, 0.49 * rate_hz)
    outside = response(band, rate_hz, np.array([below, above]))
    assert 20 * np.log10(outside[0]) < -20
    assert above < 2 * edges.high_hz or 20 * np.log10(outside[1]) < -20


@pytest.mark.parametrize("band", list(Band))
def test_what_is_heard_live_and_later_is_as_loud_as_the_response_says(band: Band) -> None:
    rate_hz = 8000
    for at_hz in (15, 20, 60, 150, 300, 900, 1500, 2500):
        wanted = 20 * np.log10(float(response(band, rate_hz, np.array([float(at_hz)]))[0]))
        live = gain_db(at_hz, rate_hz, LiveFilter(band, rate_hz).run(tone(at_hz, rate_hz)))
        late = gain_db(at_hz, rate_hz, playback(tone(at_hz, rate_hz, 3.0), rate_hz, band)[:-8000])
        assert max(live, -60) == pytest.approx(max(wanted, -60), abs=0.2)
        assert max(late, -60) == pytest.approx(max(wanted, -60), abs=0.2)


@pytest.mark.parametrize(("band", "rate_hz"), EVERY)
def test_live_is_the_plain_recursion_however_the_sound_is_cut(band: Band, rate_hz: int) -> None:
    sound = noise(1500)
    sound[0] = 0
    plain = sound.astype(np.float64)
    for b0, b1, b2, a1, a2 in sections_of(band, rate_hz):
        one = two = 0.0
        for place, value in enumerate(plain):
            made = b0 * value + one
            one, two = b1 * value - a1 * made + two, b2 * value - a2 * made
            plain[place] = made
    live = LiveFilter(band, rate_hz)
    cuts = np.split(sound, [1, 2, 65, 129, 700, 701, 1499])
    heard = np.concatenate([live.run(part) for part in cuts])
    assert np.abs(heard - np.clip(plain, -32_768, 32_767)).max() <= 0.51


def test_no_cut_of_a_sound_changes_what_is_heard() -> None:
    sound, chance = noise(8000), np.random.default_rng(7)
    whole = LiveFilter(Band.BELL, 4000).run(sound)
    live = LiveFilter(Band.BELL, 4000)
    cuts = np.split(sound, np.sort(chance.integers(0, len(sound), 50)))
    assert np.array_equal(np.concatenate([live.run(part) for part in cuts]), whole)


def test_live_is_minimum_phase_and_playback_moves_nothing() -> None:
    rate_hz = 4000
    sound = np.zeros(4 * rate_hz, dtype=np.int16)
    middle = 2 * rate_hz
    times = np.arange(-200, 201)
    swell = np.hanning(401) * 20_000 * np.cos(2 * np.pi * 200 * times / rate_hz)
    sound[middle - 200 : middle + 201] = np.round(swell)
    late = playback(sound, rate_hz, Band.DIAPHRAGM).astype(np.float64)
    assert np.argmax(late) == middle
    # Nothing of it is out of place: a sound that is the same from both ends stays so.
    around = late[middle - 2000 : middle + 2001]
    assert np.abs(around - around[::-1]).max() <= 1
    click = np.zeros(rate_hz, dtype=np.int16)
    click[100] = 30_000
    live = LiveFilter(Band.DIAPHRAGM, rate_hz).run(click).astype(np.float64)
    assert not live[:100].any()  # nothing before its cause
    assert np.sum(live[100:150] ** 2) > 0.8 * np.sum(live**2)  # and the most of it at once
    for section in sections_of(Band.DIAPHRAGM, rate_hz):
        b0, b1, b2, a1, a2 = section
        assert np.abs(np.roots([b0, b1, b2])).max() <= 1 + 1e-6  # no zero that only delays
        assert np.abs(np.roots([1, a1, a2])).max() < 1


def test_a_steady_level_under_the_sound_is_no_knock_at_the_beginning() -> None:
    level = np.full(4000, 12_000, dtype=np.int16)
    assert np.abs(LiveFilter(Band.BELL, 4000).run(level)).max() <= 1
    assert np.abs(playback(level, 4000, Band.BELL)).max() <= 1


def test_what_is_too_loud_stands_at_the_end_of_the_scale_and_does_not_turn_over() -> None:
    sound = (np.where(np.arange(4000) % 80 < 40, 1, -1) * 32_767).astype(np.int16)
    heard = LiveFilter(Band.BELL, 4000).run(sound)
    assert heard.max() == 32_767
    assert np.abs(np.diff(heard.astype(np.int32))).max() < 20_000


def test_a_long_recording_is_filtered_in_pieces_without_seams() -> None:
    rate_hz = 1000
    sound = tone(50, rate_hz, 40.0)
    heard = playback(sound, rate_hz, Band.BELL).astype(np.float64)
    gain = float(response(Band.BELL, rate_hz, np.array([50.0]))[0])
    assert len(heard) == len(sound)
    assert np.abs(heard - gain * sound)[1000:-1000].max() < 2
    assert len(playback(sound[:0], rate_hz, Band.BELL)) == 0
    assert len(playback(sound[:3], rate_hz, Band.BELL)) == 3
