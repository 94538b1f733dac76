"""Pictures for the screen: fitted, converted, the newest; nothing where there is no screen."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest

from app.domain.picture import Layout
from app.runtime.tasks import TaskOwner
from media.link.frame_share import FrameReader
from media.link.messages import Frame, News, NoPicture, Surface, Surfaces, Which
from media.surface_share import SurfaceShare, fitted
from tests.unit.media.waiting import until


def plain(width: int, height: int, red: int, green: int, blue: int) -> av.VideoFrame:
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:] = (red, green, blue)
    return av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")


class Screen:
    """What was told, and the memory that came with it."""

    def __init__(self) -> None:
        self.told: list[News] = []
        self.reader: FrameReader | None = None

    def tell(self, news: News, descriptor: int | None) -> bool:
        self.told.append(news)
        if isinstance(news, Surfaces):
            assert descriptor is not None
            self.close()
            self.reader = FrameReader(os.dup(descriptor), news.slot_bytes)
        return True

    @property
    def frames(self) -> list[Frame]:
        return [news for news in self.told if isinstance(news, Frame)]

    def close(self) -> None:
        if self.reader is not None:
            self.reader.close()


class Desk:
    def __init__(self, screen: Screen, share: SurfaceShare) -> None:
        self.screen = screen
        self.share = share


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    screen = Screen()
    pool = ThreadPoolExecutor(1)
    share = SurfaceShare(Which.FAR, pool, screen.tell)
    async with TaskOwner("test") as tasks:
        tasks.start(share.run(), "far")
        yield Desk(screen, share)
    pool.shutdown()
    share.close()
    screen.close()


@pytest.mark.parametrize(
    ("picture", "surface", "size"),
    [
        ((640, 480), (800, 600), (800, 600)),
        ((640, 480), (1000, 600), (800, 600)),
        ((640, 480), (641, 2000), (640, 480)),
        ((1280, 720), (300, 300), (300, 168)),
        ((320, 240), (17, 17), (16, 12)),
        ((2000, 20), (16, 16), (16, 2)),
    ],
)
def test_a_picture_is_fitted_without_cutting_or_stretching(
    picture: tuple[int, int], surface: tuple[int, int], size: tuple[int, int]
) -> None:
    assert fitted(*picture, Surface(Which.FAR, *surface, Layout.BGRA)) == size


async def test_the_screen_gets_the_picture_in_its_own_size_and_layout(desk: Desk) -> None:
    desk.share.screen_came()
    desk.share.size(Surface(Which.FAR, 100, 90, Layout.BGRA))  # rows that are no multiple of 16
    desk.share.show(plain(64, 48, 200, 40, 20), 3.5)
    await until(lambda: desk.screen.frames)
    told = desk.screen.frames[0]
    assert (told.width, told.height, told.captured_at) == (100, 74, 3.5)
    assert desk.screen.reader is not None
    picture = desk.screen.reader.newest()
    assert picture is not None and picture.sequence == told.sequence
    pixels = np.frombuffer(picture.data, dtype=np.uint8).reshape(74, 100, 4)
    expected = np.array([20, 40, 200, 255])
    assert int(np.abs(pixels.astype(int) - expected).max()) <= 4


async def test_without_a_screen_or_a_surface_nothing_is_converted(desk: Desk) -> None:
    desk.share.show(plain(64, 48, 1, 2, 3), 1.0)
    desk.share.screen_came()
    desk.share.show(plain(64, 48, 1, 2, 3), 1.0)
    desk.share.size(Surface(Which.FAR, 64, 48, Layout.BGRA))
    desk.share.screen_left()
    desk.share.show(plain(64, 48, 1, 2, 3), 1.0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert desk.screen.told == []


async def test_what_was_not_converted_in_time_is_replaced(desk: Desk) -> None:
    desk.share.screen_came()
    desk.share.size(Surface(Which.FAR, 64, 48, Layout.BGRA))
    for number in range(50):
        desk.share.show(plain(64, 48, 5 * number, 0, 0), float(number))
    await until(lambda: desk.screen.frames)
    assert [frame.captured_at for frame in desk.screen.frames] == [49.0]


async def test_a_larger_surface_gets_new_memory_and_numbers_go_on(desk: Desk) -> None:
    desk.share.screen_came()
    desk.share.size(Surface(Which.FAR, 64, 48, Layout.BGRA))
    desk.share.show(plain(64, 48, 1, 2, 3), 1.0)
    await until(lambda: desk.screen.frames)
    desk.share.size(Surface(Which.FAR, 1280, 960, Layout.BGRA))
    desk.share.show(plain(64, 48, 1, 2, 3), 2.0)
    await until(lambda: len(desk.screen.frames) == 2)
    first, second = desk.screen.frames
    assert (second.width, second.height) == (1280, 960)
    assert second.sequence == first.sequence + 1
    assert sum(isinstance(news, Surfaces) for news in desk.screen.told) == 2
    assert desk.screen.reader is not None
    picture = desk.screen.reader.newest()
    assert picture is not None and picture.width == 1280


async def test_a_new_screen_is_given_the_memory_again(desk: Desk) -> None:
    desk.share.screen_came()
    desk.share.size(Surface(Which.FAR, 64, 48, Layout.BGRA))
    desk.share.show(plain(64, 48, 1, 2, 3), 1.0)
    await until(lambda: desk.screen.frames)
    desk.share.screen_left()
    desk.screen.told.clear()
    desk.share.screen_came()
    assert [type(news) for news in desk.screen.told] == [Surfaces]


async def test_the_end_of_a_picture_is_told_once(desk: Desk) -> None:
    desk.share.screen_came()
    desk.share.nothing()
    assert desk.screen.told == []
    desk.share.size(Surface(Which.FAR, 64, 48, Layout.BGRA))
    desk.share.show(plain(64, 48, 1, 2, 3), 1.0)
    await until(lambda: desk.screen.frames)
    desk.share.nothing()
    desk.share.nothing()
    assert desk.screen.told[-1] == NoPicture(Which.FAR)
    assert sum(isinstance(news, NoPicture) for news in desk.screen.told) == 1
