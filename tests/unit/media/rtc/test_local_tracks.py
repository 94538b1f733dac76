"""Our voice as a track: paced by what is spoken, silent when there is nothing to say."""

import asyncio

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from app.runtime.tasks import TaskOwner
from media.devices.sample_ring import SampleRing
from media.rtc.local_tracks import VOICE_FRAME, VoiceTrack
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


def test_voice_is_silence_until_a_frame_is_here_then_every_sample_in_order() -> None:
    async def story() -> None:
        voice = Voice()
        track = VoiceTrack(voice)
        silent = await track.recv()
        assert not silent.samples.any()
        voice.rings[0].write(ramp(1)[: VOICE_FRAME // 2])
        assert not (await track.recv()).samples.any()
        voice.rings[0].write(ramp(3)[VOICE_FRAME // 2 :])
        first = (await track.recv()).samples  # the newest whole frame of what waited
        assert np.array_equal(first, ramp(3)[2 * VOICE_FRAME :])
        voice.rings[0].write(ramp(2))
        spoken = [(await track.recv()).samples for _ in range(2)]
        assert np.array_equal(np.concatenate(spoken), ramp(2))
        assert not (await track.recv()).samples.any()

    run(story())


async def microphone(ring: SampleRing, blocks: int, late_s: dict[int, float]) -> list[float]:
    """Blocks of 10 ms, each at its time or late; the instants at which frames were full."""
    loop = asyncio.get_running_loop()
    began_at, full_at = loop.time() + 0.003, []
    for block in range(blocks):
        at = began_at + block * 0.01 + late_s.get(block, 0.0)
        await asyncio.sleep(max(0.0, at - loop.time()))
        ring.write(np.full(VOICE_FRAME, block + 1, np.int16))
        full_at.append(loop.time())
    return full_at


def test_a_frame_leaves_as_soon_as_it_is_full() -> None:
    async def story() -> None:
        voice, loop = Voice(), asyncio.get_running_loop()
        track, left = VoiceTrack(voice), dict[int, float]()
        async with TaskOwner("microphone") as tasks:
            stall = {60: 0.05, 61: 0.04, 62: 0.03, 63: 0.02, 64: 0.01}
            speaking = tasks.start(microphone(voice.rings[0], 100, stall), "speak")
            for _ in range(104):
                samples = (await track.recv()).samples
                if samples[0]:
                    left[int(samples[-1])] = loop.time()
            full_at = await speaking
        waits = [left[n + 1] - at for n, at in enumerate(full_at) if n + 1 in left]
        assert len(waits) >= 98
        assert max(waits[20:60]) <= 0.003
        assert max(waits[80:]) <= 0.003  # after a stall it is near again

    run(story())


def test_a_microphone_that_stops_is_a_jump_of_time_and_what_it_held_back_is_left_out() -> None:
    async def story() -> None:
        voice, loop = Voice(), asyncio.get_running_loop()
        track = VoiceTrack(voice)
        began_at, behind = loop.time(), []
        late = {block: 0.5 - (block - 50) * 0.01 for block in range(50, 100)}
        async with TaskOwner("microphone") as tasks:
            speaking = tasks.start(microphone(voice.rings[0], 150, late), "speak")
            for _ in range(130):
                frame = await track.recv()
                behind.append(loop.time() - began_at - frame.position / 48_000)
            await speaking
        assert min(behind) > -0.05
        assert max(behind) < 0.13
        assert behind[-1] < 0.03

    run(story())


def test_voice_comes_every_10_ms_with_the_time_it_is_of() -> None:
    async def story() -> None:
        track = VoiceTrack(Voice())
        loop = asyncio.get_running_loop()
        frames, times = [], []
        for _ in range(50):
            frames.append(await track.recv())
            times.append(loop.time())
        assert times[-1] - times[0] == pytest.approx(49 * 0.01, abs=0.002)
        assert [frame.position for frame in frames] == [n * VOICE_FRAME for n in range(50)]
        assert {len(frame.samples) for frame in frames} == {VOICE_FRAME}

    run(story())


def test_voice_that_piled_up_is_cut_to_the_present() -> None:
    async def story() -> None:
        voice = Voice()
        track = VoiceTrack(voice)
        voice.rings[0].write(ramp(30))
        first = (await track.recv()).samples
        assert first[0] == np.int16(29 * VOICE_FRAME + 1)
        assert voice.rings[0].dropped == 29 * VOICE_FRAME

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
