"""Our picture as a coded track: newest wins, dark without a camera, as much as the line has."""

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import av
import pytest
from aiortc import RTCPeerConnection, RTCRtpCodecParameters
from aiortc.mediastreams import MediaStreamError

from media.picture import vp8_check
from media.picture.picture_sizes import HD, PAUSED, SD, THUMBNAIL
from media.picture.vp8_encoder import Vp8Encoder
from media.quality.line_state import PictureBudget
from media.rtc.local_tracks import PictureFeed
from media.rtc.picture_fall_back import StockPicture
from media.rtc.picture_out import PictureOut, add_picture, picture_of
from media.rtc.picture_turns import DARK_WIDTH
from media.rtc.picture_words import H264
from tests.fakes.inline_executor import InlineExecutor
from tests.fakes.virtual_time import run
from tests.unit.media.picture.given import H264Screen, Screen, scene


def grey(shade: int) -> bytes:
    return bytes([shade]) * (64 * 48) + bytes([128]) * (64 * 48 // 2)


def budget(bit_s: int, waiting_s: float = 0.0) -> Callable[[], PictureBudget]:
    return lambda: PictureBudget(bit_s, waiting_s)


class Sent:
    """A track, its far side's screen, and all that left it."""

    def __init__(self, bit_s: int = 600_000) -> None:
        self.feed = PictureFeed(asyncio.get_running_loop().time)
        self.executor = InlineExecutor()
        self.track = PictureOut(self.feed, self.executor)
        self.track.budget = budget(bit_s)
        self.screen = Screen()
        self.sizes: list[tuple[int, int]] = []
        self.lengths: list[int] = []
        self.stamps: list[int] = []
        self.keys: list[int] = []
        self.times: list[float] = []

    async def one(self) -> tuple[int, int]:
        packet = await self.track.recv()
        assert isinstance(packet, av.Packet)
        data = bytes(packet)
        if not data[0] & 1:  # RFC 6386, 9.1
            self.keys.append(len(self.sizes))
        self.sizes.append(self.screen.show(data))
        self.lengths.append(len(data))
        assert packet.pts is not None
        assert float(packet.time_base) == 1 / 90_000
        self.stamps.append(packet.pts)
        self.times.append(asyncio.get_running_loop().time())
        return self.sizes[-1]

    async def for_seconds(self, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
        """With a camera of 30 pictures a second."""
        camera = asyncio.get_running_loop().create_task(self._camera())
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await work()
        except TimeoutError:
            pass
        finally:
            camera.cancel()

    async def _camera(self) -> None:
        number = 0
        while True:
            self.feed.put(640, 480, scene()[number % 60])
            number += 1
            await asyncio.sleep(1 / 30)

    @property
    def shade(self) -> int:
        assert self.screen.luma is not None
        return int(self.screen.luma[20, 20])


def told(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run(story())


def test_the_newest_picture_wins_and_goes_to_every_link() -> None:
    async def story() -> None:
        links = [Sent(), Sent()]
        for link in links:
            for shade in (40, 80, 120):
                link.feed.put(64, 48, grey(shade))
            assert await link.one() == (64, 48)
            assert abs(link.shade - 120) <= 3

    told(story)


def test_pictures_are_at_most_thirty_a_second_and_their_time_grows() -> None:
    async def story() -> None:
        sent = Sent()
        for shade in range(20):
            sent.feed.put(64, 48, grey(20 + 10 * shade))
            await sent.one()
        assert asyncio.get_running_loop().time() == pytest.approx(19 / 31)
        assert sent.stamps == sorted(set(sent.stamps))
        assert sent.stamps[-1] == pytest.approx(19 / 31 * 90_000, abs=2)

    told(story)


def test_without_a_camera_a_dark_picture_comes_at_once_and_then_twice_a_second() -> None:
    async def story() -> None:
        sent = Sent()
        for _ in range(5):
            assert (await sent.one())[0] == DARK_WIDTH
            assert sent.shade <= 18
        assert sent.times[0] < 0.1
        assert sent.times[4] - sent.times[0] == pytest.approx(2.0, abs=0.2)

    told(story)


def moves(feed: PictureFeed) -> bool:
    return feed.is_moving


def test_a_camera_that_is_turned_off_or_stops_is_not_shown_standing_still() -> None:
    async def story() -> None:
        sent = Sent()
        sent.feed.put(64, 48, grey(50))
        assert (await sent.one())[0] == 64
        assert moves(sent.feed)
        assert (await sent.one())[0] == DARK_WIDTH  # a second without a picture
        assert not moves(sent.feed)
        sent.feed.put(64, 48, grey(60))
        assert moves(sent.feed)
        sent.feed.turn(is_on=False)
        assert not moves(sent.feed)
        assert (await sent.one())[0] == DARK_WIDTH
        sent.feed.turn(is_on=True)
        sent.feed.put(64, 48, grey(90))
        assert (await sent.one())[0] == 64
        assert abs(sent.shade - 90) <= 3

    told(story)


@pytest.mark.parametrize("bit_s", [54_000, 200_000])
def test_the_rate_is_held_and_told(bit_s: int) -> None:
    async def story() -> None:
        sent = Sent(bit_s)
        await sent.for_seconds(8.0, sent.one)
        later = [length for length, at_s in zip(sent.lengths, sent.times, strict=True) if at_s > 4]
        assert 8 * sum(later) / 4 == pytest.approx(bit_s, rel=0.1)
        figures = sent.track.figures()
        assert (figures.width, figures.height) == sent.sizes[-1]
        assert figures.bit_s == pytest.approx(bit_s, rel=0.2)
        assert figures.frames == len(sent.sizes)
        assert figures.key_frames == len(sent.keys)
        assert figures.frames_per_s == pytest.approx(len(later) / 4, rel=0.25)

    told(story)


def test_a_change_of_rate_alone_makes_no_key_frame() -> None:
    async def story() -> None:
        sent = Sent(400_000)
        rates = iter(range(400_000, 800_000, 2_000))

        async def step() -> None:
            sent.track.budget = budget(next(rates))
            await sent.one()

        await sent.for_seconds(4.0, step)
        assert sent.keys == [0]

    told(story)


def test_nothing_is_coded_while_too_much_waits() -> None:
    async def story() -> None:
        sent = Sent()
        sent.track.budget = budget(600_000, 0.11)
        await sent.for_seconds(2.0, sent.one)
        assert sent.sizes == []
        assert sent.executor.done == 0
        assert sent.track.figures().left_out > 50
        sent.track.budget = budget(600_000, 0.09)
        await sent.for_seconds(1.0, sent.one)
        assert len(sent.sizes) > 25

    told(story)


def test_bounds_are_obeyed_at_once_and_a_pause_ends_with_a_key_frame() -> None:
    async def story() -> None:
        sent = Sent(1_000_000)
        await sent.for_seconds(3.0, sent.one)
        assert sent.sizes[-1] == (640, 480)
        sent.track.bounds = THUMBNAIL
        before = len(sent.sizes)
        await sent.for_seconds(2.0, sent.one)
        assert set(sent.sizes[before + 1 :]) == {(320, 240)}
        assert 28 <= len(sent.sizes) - before <= 34
        sent.track.bounds = PAUSED
        before = len(sent.sizes)
        await sent.for_seconds(3.0, sent.one)
        assert len(sent.sizes) - before <= 1
        assert sent.track.figures().width == 0
        sent.track.bounds = SD
        before = len(sent.sizes)
        await sent.for_seconds(1.0, sent.one)
        assert sent.keys[-1] == before
        assert sent.sizes[-1] == (640, 480)

    told(story)


def test_a_pause_holds_without_a_camera_too() -> None:
    async def story() -> None:
        sent = Sent()
        sent.track.bounds = PAUSED
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await sent.one()

    told(story)


def test_wishes_for_key_frames_are_met_but_not_all() -> None:
    async def story() -> None:
        sent = Sent()

        async def wished() -> None:
            await sent.one()
            if sent.times[-1] > 3:
                sent.track.wish_key_frame()

        await sent.for_seconds(7.0, wished)
        assert 8 <= len([key for key in sent.keys if sent.times[key] > 3]) <= 11

    told(story)


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("libvpx, encode: out of order"),
        ValueError("a picture of another size"),
        av.FFmpegError(12, "no memory to scale it"),
    ],
)
def test_an_encoder_that_fails_is_made_anew(
    fault: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        sent = Sent()
        await sent.for_seconds(0.5, sent.one)
        with monkeypatch.context() as broken:

            def fails(*args: object, **named: object) -> None:
                raise fault

            broken.setattr(Vp8Encoder, "encode", fails)
            await sent.for_seconds(1.5, sent.one)
        before = len(sent.sizes)
        await sent.for_seconds(2.0, sent.one)
        assert sent.keys[-1] == before
        assert len(sent.sizes) > before + 20

    told(story)
    assert "made anew" in caplog.text
    caplog.clear()


def test_a_larger_camera_gets_a_larger_encoder() -> None:
    async def story() -> None:
        sent = Sent(2_000_000)
        assert (await sent.one())[0] == DARK_WIDTH
        sent.feed.put(640, 480, scene()[0])
        assert await sent.one() == (640, 480)
        sent.feed.put(1920, 1080, bytes([90]) * (1920 * 1080 * 3 // 2))
        assert await sent.one() == (1280, 720)
        assert sent.keys == [0, 1, 2]

    told(story)


def test_a_picture_that_is_none_is_passed_over() -> None:
    async def story() -> None:
        sent = Sent()
        sent.feed.put(64, 48, b"short")
        asyncio.get_running_loop().call_later(0.1, sent.feed.put, 64, 48, grey(50))
        assert await sent.one() == (64, 48)
        assert sent.track.figures().left_out == 1

    told(story)


def test_a_stopped_track_ends() -> None:
    async def story() -> None:
        sent = Sent()
        sent.track.stop()
        with pytest.raises(MediaStreamError):
            await sent.track.recv()

    told(story)


def test_a_stopped_track_gives_its_encoder_back_at_once() -> None:
    """Its memory is libvpx's: the collector of Python does not see it, and comes seldom."""

    async def story() -> None:
        sent = Sent()
        sent.feed.put(64, 48, grey(50))
        await sent.one()
        assert sent.track._encoder is not None
        encoder = weakref.ref(sent.track._encoder)
        sent.track.stop()
        assert encoder() is None

    told(story)


async def test_the_senders_key_frames_are_the_tracks() -> None:
    connection = RTCPeerConnection()
    track = picture_of(PictureFeed())
    assert isinstance(track, PictureOut)
    add_picture(connection, track)
    [sender] = connection.getSenders()
    assert sender._send_keyframe == track.wish_key_frame
    await connection.close()


async def test_the_track_hears_the_codec_that_the_two_sides_agreed_on() -> None:
    connection = RTCPeerConnection()
    feed = PictureFeed()
    track = picture_of(feed)
    assert isinstance(track, PictureOut)
    add_picture(connection, track)
    [sender] = connection.getSenders()
    feed.put(640, 480, scene()[0])
    codec = RTCRtpCodecParameters(mimeType="video/H264", clockRate=90_000, payloadType=99)
    frame = await sender._next_encoded_frame(codec)
    assert frame is not None
    assert H264.begins_key_packet(frame.payloads[0])
    await connection.close()


def test_in_h264_a_picture_stays_within_the_level_whatever_the_camera() -> None:
    async def story() -> None:
        sent = Sent(4_000_000)
        sent.screen = H264Screen()
        sent.track.codec_is("video/H264")
        large = bytes([100]) * (1280 * 960 * 3 // 2)
        for _ in range(90):
            sent.feed.put(1280, 960, large)
            await sent.one()
        assert set(sent.sizes[60:]) == {(960, 720)}

    told(story)


async def test_where_libvpx_is_another_stock_makes_the_picture(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(vp8_check, "fault", lambda: "libvpx: width is 0, not 320")
    connection = RTCPeerConnection()
    track = picture_of(PictureFeed())
    assert isinstance(track, StockPicture)
    add_picture(connection, track)
    [sender] = connection.getSenders()
    assert "_send_keyframe" not in vars(sender)
    assert track.least_bit_s == 400_000
    assert "width is 0, not 320" in caplog.text
    caplog.clear()
    await connection.close()


def test_the_fall_back_sends_frames_and_none_on_a_slow_line() -> None:
    async def story() -> None:
        feed = PictureFeed(asyncio.get_running_loop().time)
        track = StockPicture(feed, budget(400_000))
        feed.put(64, 48, grey(50))
        frame = await track.recv()
        assert (frame.width, frame.height) == (64, 48)
        assert frame.to_ndarray()[0, 0] == 50
        for bit_s, bounds in ((399_000, HD), (400_000, PAUSED)):
            track.budget, track.bounds = budget(bit_s), bounds
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(3):
                    await track.recv()
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()

    told(story)
