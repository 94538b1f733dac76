"""Our voice and picture as tracks: paced, silent or dark when there is nothing, newest wins."""

import asyncio

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from media.devices.sample_ring import SampleRing
from media.rtc.local_tracks import (
    DARK_WIDTH,
    VOICE_FRAME,
    PictureFeed,
    PictureTrack,
    VoiceTrack,
)
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


def grey(shade: int) -> bytes:
    return bytes([shade]) * (64 * 48) + bytes([128]) * (64 * 48 // 2)


def test_the_newest_picture_wins_and_goes_to_every_link() -> None:
    async def story() -> None:
        feed = PictureFeed()
        tracks = [PictureTrack(feed), PictureTrack(feed)]
        for shade in (10, 20, 30):
            feed.put(64, 48, grey(shade))
        for track in tracks:
            frame = await track.recv()
            assert (frame.width, frame.height) == (64, 48)
            assert frame.to_ndarray()[0, 0] == 30

    run(story())


def test_pictures_are_at_most_thirty_a_second_and_their_time_grows() -> None:
    async def story() -> None:
        feed = PictureFeed()
        track = PictureTrack(feed)
        loop = asyncio.get_running_loop()
        stamps: list[int] = []
        for shade in range(20):
            feed.put(64, 48, grey(shade))
            stamps.append((await track.recv()).pts or 0)
        assert loop.time() == pytest.approx(19 / 31)
        assert stamps == sorted(set(stamps))

    run(story())


def test_without_a_camera_a_dark_picture_comes_at_once_and_then_twice_a_second() -> None:
    async def story() -> None:
        track = PictureTrack(PictureFeed())
        loop = asyncio.get_running_loop()
        times = []
        for _ in range(5):
            frame = await track.recv()
            times.append(loop.time())
            assert frame.width == DARK_WIDTH
            assert frame.to_ndarray()[:240].max() == 16
        assert times[0] < 0.1
        assert times[4] - times[0] == pytest.approx(2.0, abs=0.2)

    run(story())


def moves(feed: PictureFeed) -> bool:
    return feed.is_moving


def test_a_camera_that_is_turned_off_or_stops_is_not_shown_standing_still() -> None:
    async def story() -> None:
        feed = PictureFeed(asyncio.get_running_loop().time)
        track = PictureTrack(feed)
        feed.put(64, 48, grey(50))
        assert (await track.recv()).width == 64
        assert moves(feed)
        assert (await track.recv()).width == DARK_WIDTH  # a second without a picture
        assert not moves(feed)
        feed.put(64, 48, grey(60))
        assert moves(feed)
        feed.turn(is_on=False)
        assert not moves(feed)
        assert (await track.recv()).width == DARK_WIDTH
        feed.turn(is_on=True)
        feed.put(64, 48, grey(70))
        assert (await track.recv()).to_ndarray()[0, 0] == 70

    run(story())
