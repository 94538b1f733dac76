"""Our voice as a track: paced by the clock, silent when there is nothing to say."""

import asyncio

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from media.devices.sample_ring import SampleRing
from media.rtc.local_tracks import VOICE_FRAME, VoiceTrack
from media.rtc.remote_tracks import one_channel
from tests.fakes.virtual_time import run


class Voice:
    def __init__(self) -> None:
        self.rings: list[SampleRing] = []

    def tap(self) -> SampleRing:
        self.rings.append(SampleRing(48_000))
        return self.rings[-1]

    def untap(self, ring: SampleRing) -> None:
        self.rings.remove(ring)


def ramp(frames: int) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return np.arange(1, frames * VOICE_FRAME + 1, dtype=np.int64).astype(np.int16)


def test_voice_is_silence_until_two_frames_are_in_hand_then_every_sample_in_order() -> None:
    async def story() -> None:
        voice = Voice()
        track = VoiceTrack(voice)
        silent = await track.recv()
        assert not one_channel(silent).any()
        voice.rings[0].write(ramp(1))
        assert not one_channel(await track.recv()).any()
        voice.rings[0].write(ramp(3)[VOICE_FRAME:])
        spoken = [one_channel(await track.recv()) for _ in range(3)]
        assert np.array_equal(np.concatenate(spoken), ramp(3))
        assert not one_channel(await track.recv()).any()

    run(story())


def test_voice_comes_every_20_ms_with_the_time_it_is_of() -> None:
    async def story() -> None:
        track = VoiceTrack(Voice())
        loop = asyncio.get_running_loop()
        frames, times = [], []
        for _ in range(50):
            frames.append(await track.recv())
            times.append(loop.time())
        assert times[-1] - times[0] == pytest.approx(49 * 0.02, abs=0.002)
        assert [frame.pts for frame in frames] == [n * VOICE_FRAME for n in range(50)]
        assert {frame.sample_rate for frame in frames} == {48_000}

    run(story())


def test_voice_that_piled_up_is_cut_to_the_present() -> None:
    async def story() -> None:
        voice = Voice()
        track = VoiceTrack(voice)
        voice.rings[0].write(ramp(30))
        first = one_channel(await track.recv())
        assert first[0] == np.int16(28 * VOICE_FRAME + 1)
        assert voice.rings[0].dropped == 28 * VOICE_FRAME

    run(story())


def test_a_stopped_voice_gives_its_ring_back_and_ends() -> None:
    async def story() -> None:
        voice = Voice()
        track = VoiceTrack(voice)
        track.stop()
        assert voice.rings == []
        with pytest.raises(MediaStreamError):
            await track.recv()

    run(story())
