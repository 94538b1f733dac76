"""Too quiet, clipping, a loud room: said when it is so, and not of a good recording."""

import numpy as np
import numpy.typing as npt
import pytest

from app.domain.engine import SoundFault
from media.auscultation.clipping import ClippingCount
from media.auscultation.sound_faults import SoundFaults, faults_of
from media.auscultation.wav import samples_of
from media.synthetic import heart_sounds
from tests.shared_recordings import shared_recordings

Sound = npt.NDArray[np.int16]


def louder(sound: Sound, factor: float) -> Sound:
    return np.clip(np.round(sound * float(factor)), -32_768, 32_767).astype(np.int16)


def with_noise(sound: Sound, level: float) -> Sound:
    noise = np.random.default_rng(2).normal(0, level, len(sound))
    return np.clip(np.round(sound + noise), -32_768, 32_767).astype(np.int16)


def live_faults(sound: Sound, rate_hz: int) -> frozenset[SoundFault]:
    watch = SoundFaults(rate_hz)
    found = watch.now
    for start in range(0, len(sound), 200):
        found = watch.heard(sound[start : start + 200])
    return found


@pytest.mark.parametrize("rate_hz", [1000, 2000, 4000, 8000, 48_000])
def test_a_good_sound_has_no_fault(rate_hz: int) -> None:
    assert live_faults(heart_sounds(seconds=4, rate_hz=rate_hz), rate_hz) == frozenset()


@pytest.mark.parametrize("rate_hz", [1000, 4000, 48_000])
def test_a_sound_that_is_hardly_there_is_too_quiet(rate_hz: int) -> None:
    sound = heart_sounds(seconds=4, rate_hz=rate_hz)
    assert live_faults(louder(sound, 0.004), rate_hz) == {SoundFault.QUIET}
    assert live_faults(np.zeros(4 * rate_hz, np.int16), rate_hz) == {SoundFault.QUIET}


def test_nothing_is_said_before_a_second_was_heard() -> None:
    assert live_faults(np.zeros(3900, np.int16), 4000) == frozenset()


@pytest.mark.parametrize("rate_hz", [1000, 4000, 8000, 48_000])
def test_clipping_is_said_for_three_seconds_and_forgotten(rate_hz: int) -> None:
    sound = heart_sounds(seconds=8, rate_hz=rate_hz)
    sound[: 2 * rate_hz] = louder(sound[: 2 * rate_hz], 20)
    watch = SoundFaults(rate_hz)
    assert SoundFault.CLIPPING in watch.heard(sound[: 2 * rate_hz])
    assert SoundFault.CLIPPING in watch.heard(sound[2 * rate_hz : 4 * rate_hz])
    assert watch.heard(sound[4 * rate_hz :]) == frozenset()


@pytest.mark.parametrize("rate_hz", [4000, 8000, 48_000])
def test_a_room_as_loud_as_the_body_is_said_and_a_quiet_one_is_not(rate_hz: int) -> None:
    sound = heart_sounds(seconds=5, rate_hz=rate_hz)
    assert live_faults(with_noise(sound, 2000), rate_hz) == {SoundFault.LOUD_ROOM}
    assert live_faults(with_noise(sound, 30), rate_hz) == frozenset()


def test_below_4_khz_no_room_is_judged() -> None:
    sound = with_noise(heart_sounds(seconds=5, rate_hz=2000), 2000)
    assert live_faults(sound, 2000) == frozenset()


def test_a_peak_that_only_touches_the_end_is_not_clipped() -> None:
    for rate_hz in (4000, 48_000):
        times_s = np.arange(rate_hz) / rate_hz
        whole = np.round(32_767 * np.sin(2 * np.pi * 30 * times_s)).astype(np.int16)
        count = ClippingCount(rate_hz)
        count.heard(whole)
        assert count.clipped == 0


def test_runs_are_counted_across_cuts_and_at_both_ends() -> None:
    sound = np.zeros(1000, dtype=np.int16)
    sound[100:105] = 32_767
    sound[200:202] = 32_767  # too short
    sound[300:310] = -32_768
    sound[400:402], sound[402:404] = 32_767, -32_768  # two short ones
    for cut in range(95, 320):
        count = ClippingCount(4000)
        found = count.heard(sound[:cut]) + count.heard(sound[cut:])
        assert found == count.clipped == 15
        assert count.share == pytest.approx(0.015)
    single = ClippingCount(4000)
    for value in sound:
        single.heard(np.array([value]))
    assert single.clipped == 15
    assert ClippingCount(4000).share == 0.0


def test_recordings_of_a_clinic_have_no_fault() -> None:
    folder = shared_recordings()
    for name in ("hlscmds_M_AF_LC.wav", "hlscmds_M_W_RLA.wav"):
        samples, rate_hz = samples_of((folder / name).read_bytes())
        assert live_faults(np.frombuffer(samples, dtype="<i2"), rate_hz) == frozenset()


def test_of_a_recording_all_of_it_counts() -> None:
    sound = heart_sounds(seconds=20, rate_hz=4000)
    assert faults_of(sound, 4000) == frozenset()
    sound[8000:16_000] = louder(sound[8000:16_000], 20.0)
    assert faults_of(sound, 4000) == {SoundFault.CLIPPING}
    assert live_faults(sound, 4000) == frozenset()
    assert faults_of(np.zeros(0, np.int16), 4000) == frozenset()
