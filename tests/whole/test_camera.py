"""A real camera process on a video file: killed, hung, missing, refused; back by itself."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from app.domain.clock import SystemClock
from app.domain.device import DeviceStatus, Presence
from app.domain.failures import Code
from app.domain.picture import Layout
from media import synthetic
from media.devices.camera import SILENT_AFTER_S, Camera
from tests.whole.media_screen import is_running, until

pytestmark = pytest.mark.whole


class Desk:
    def __init__(self) -> None:
        self.came_at: list[float] = []
        self.first_bytes: set[bytes] = set()
        self.sizes: set[tuple[int, int]] = set()
        self.late_s: list[float] = []
        self.told: list[DeviceStatus] = []
        self.camera: Camera | None = None

    @asynccontextmanager
    async def watching(self, source: str) -> AsyncIterator[Camera]:
        camera = Camera(
            source,
            clock=SystemClock(),
            on_picture=lambda picture: self._came(
                picture.width, picture.height, picture.layout, picture.captured_at, picture.data
            ),
            on_status=self.told.append,
        )
        async with camera:
            yield camera

    def _came(
        self, width: int, height: int, layout: Layout, captured_at: float, data: memoryview
    ) -> None:
        assert layout is Layout.I420 and len(data) == width * height * 3 // 2
        self.came_at.append(time.monotonic())
        self.sizes.add((width, height))
        self.late_s.append(time.monotonic() - captured_at)
        self.first_bytes.add(bytes(data[width * 180 : width * 181]))

    async def sees(self, count: int = 1) -> float:
        already = len(self.came_at)
        return await until(lambda: len(self.came_at) >= already + count, "pictures")

    @property
    def codes(self) -> list[Code | None]:
        return [status.reason for status in self.told]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "synthetic.avi"
    synthetic.write_video(path, seconds=1.0, rate=25)
    return path


async def test_a_file_is_seen_in_real_time_and_round_and_round(desk: Desk, video: Path) -> None:
    async with desk.watching(str(video)) as camera:
        await desk.sees()
        began, already = time.monotonic(), len(desk.came_at)
        await asyncio.sleep(2.0)
        rate = (len(desk.came_at) - already) / (time.monotonic() - began)
        assert 15 < rate < 27
        assert desk.sizes == {(640, 480)}
        assert len(desk.first_bytes) > 10  # it moves
        assert sorted(desk.late_s)[len(desk.late_s) // 2] < 0.1
        process = camera.pid
        assert process is not None and is_running(process)
        assert [status.presence for status in desk.told] == [Presence.MISSING, Presence.FOUND]
    assert not is_running(process)


async def test_a_killed_camera_process_is_back_within_two_seconds(desk: Desk, video: Path) -> None:
    async with desk.watching(str(video)) as camera:
        await desk.sees()
        for _ in range(2):
            assert camera.pid is not None
            os.kill(camera.pid, signal.SIGKILL)
            await until(lambda: camera.status.presence is Presence.MISSING, "missing")
            assert await desk.sees() < 2.0
        assert camera.status.presence is Presence.FOUND
        assert Code.DEVICE_SILENT in desk.codes


async def test_a_hung_camera_process_is_ended_and_started_again(desk: Desk, video: Path) -> None:
    async with desk.watching(str(video)) as camera:
        await desk.sees()
        hung = camera.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        already = len(desk.came_at)
        took_s = await until(lambda: len(desk.came_at) > already + 2, "pictures again")
        assert SILENT_AFTER_S - 0.5 < took_s < SILENT_AFTER_S + 3
        assert camera.pid != hung
        assert not is_running(hung)


def written(path: Path, make: Callable[[Path], object]) -> Path:
    """Whole when it appears, as a device would be."""
    make(path.with_suffix(".part.avi"))
    return path.with_suffix(".part.avi").rename(path)


async def test_a_camera_that_is_missing_is_said_to_be_and_is_found_later(
    desk: Desk, tmp_path: Path, video: Path
) -> None:
    path = tmp_path / "later.avi"
    async with desk.watching(str(path)) as camera:
        await until(lambda: camera.pid is not None, "first try")
        await until(lambda: camera.pid is None, "its end")
        assert camera.status.reason is Code.DEVICE_MISSING
        since = camera.status.since
        await until(lambda: camera.pid is not None, "second try")
        assert camera.status.since == since
        written(path, lambda part: part.write_bytes(video.read_bytes()))
        await desk.sees()
        assert camera.status.presence is Presence.FOUND
        assert camera.status.since > since


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("/dev/video99", Code.DEVICE_MISSING),
        ("99", Code.DEVICE_MISSING),
        ("http://127.0.0.1:9/picture.avi", Code.DEVICE_MISSING),
        (__file__, Code.DEVICE_UNUSABLE),
    ],
)
async def test_why_there_is_no_picture_is_said(desk: Desk, source: str, code: Code) -> None:
    async with desk.watching(source):
        await until(lambda: len(desk.told) > 1 or desk.told[0].reason is code, "a status")
        await until(lambda: desk.codes[-1] is code, str(code))
    assert desk.came_at == []


async def test_a_large_picture_is_made_smaller(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "large.avi"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=5)
        stream.width, stream.height, stream.pix_fmt = 1921, 1081, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 5)
        for index in range(3):
            image = np.full((1081, 1921, 3), 60 * index, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = index
            file.mux(stream.encode(frame.reformat(format="yuvj420p")))
        file.mux(stream.encode(None))
    async with desk.watching(str(path)):
        await desk.sees(2)
    assert desk.sizes == {(1278, 720)}
