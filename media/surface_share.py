"""One picture on its way to the screen: the newest wins, scaled and converted off the loop.

While the screen shows nothing of it, or no screen is there, nothing is converted.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from app.domain.failures import Failure
from app.domain.picture import Layout, Picture, picture_bytes
from media.link.frame_share import FrameWriter
from media.link.messages import Frame, News, NoPicture, Surface, Surfaces, Which

log = logging.getLogger(__name__)

LEAST_SIDE = 16
SLOT_STEP_BYTES = 1024 * 1024  # a window that is being drawn larger does not ask for new memory
_FORMATS = {Layout.BGRA: "bgra", Layout.I420: "yuv420p"}

Tell = Callable[[News, int | None], bool]


class SurfaceShare:
    """`tell` gives words to the screen and answers whether one is there. Used on the loop."""

    def __init__(self, which: Which, pool: Executor, tell: Tell) -> None:
        self._which = which
        self._pool = pool
        self._tell = tell
        self._surface = Surface(which, 0, 0, Layout.BGRA)
        self._newest: tuple[av.VideoFrame, float] | None = None
        self._ready = asyncio.Event()
        self._writer: FrameWriter | None = None
        self._reformatter = VideoReformatter()
        self._has_screen = False
        self._is_shown = False

    def size(self, surface: Surface) -> None:
        self._surface = surface

    @property
    def is_wanted(self) -> bool:
        return self._has_screen and min(self._surface.width, self._surface.height) >= LEAST_SIDE

    def show(self, frame: av.VideoFrame, captured_at: float) -> None:
        """What was not converted yet is replaced."""
        if self.is_wanted:
            self._newest = (frame, captured_at)
            self._ready.set()

    def show_own(self, picture: Picture) -> None:
        """One that a camera of this machine has brought; its bytes are copied."""
        if self.is_wanted:
            rows = np.frombuffer(picture.data, dtype=np.uint8).reshape(-1, picture.width)
            self.show(av.VideoFrame.from_ndarray(rows, format="yuv420p"), picture.captured_at)

    def nothing(self) -> None:
        """The picture is over, not frozen."""
        self._newest = None
        if self._is_shown:
            self._is_shown = False
            self._tell(NoPicture(self._which), None)

    def screen_came(self) -> None:
        """It has none of the memory yet, and tells its sizes itself."""
        self._has_screen = True
        self._surface = Surface(self._which, 0, 0, Layout.BGRA)
        if self._writer is not None:
            self._introduce(self._writer)

    def screen_left(self) -> None:
        self._has_screen = False
        self._newest = None

    async def run(self) -> None:
        """A task of the owner."""
        loop = asyncio.get_running_loop()
        while True:
            await self._ready.wait()
            self._ready.clear()
            newest, self._newest = self._newest, None
            if newest is None or not self.is_wanted:
                continue
            frame, captured_at = newest
            width, height = fitted(frame.width, frame.height, self._surface)
            try:
                writer = self._writer_for(picture_bytes(width, height, self._surface.layout))
                convert = self._converted
                layout = self._surface.layout
                slot, sequence = await loop.run_in_executor(
                    self._pool, convert, writer, frame, width, height, layout, captured_at
                )
            except Failure as failure:
                log.warning("picture for the screen: %s", failure.code)
                continue
            self._is_shown = True
            told = Frame(self._which, slot, sequence, width, height, captured_at)
            self._tell(told, None)

    def close(self) -> None:
        """After the task and the pool have ended."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _writer_for(self, size: int) -> FrameWriter:
        old = self._writer
        if old is not None and size <= old.slot_bytes:
            return old
        slot_bytes = -(-size // SLOT_STEP_BYTES) * SLOT_STEP_BYTES
        writer = FrameWriter(slot_bytes, after=old.sequence if old is not None else 0)
        self._writer = writer
        if old is not None:
            old.close()
        self._introduce(writer)
        return writer

    def _introduce(self, writer: FrameWriter) -> None:
        self._tell(Surfaces(self._which, writer.slot_bytes), writer.descriptor)

    def _converted(
        self,
        writer: FrameWriter,
        frame: av.VideoFrame,
        width: int,
        height: int,
        layout: Layout,
        captured_at: float,
    ) -> tuple[int, int]:
        """In the pool's thread: one picture at a time."""
        # One thread: swscale writes past the end of unpadded rows, over what a second one wrote.
        shown = self._reformatter.reformat(
            frame, width, height, _FORMATS[layout], interpolation="BILINEAR", threads=1
        )
        return writer.write(width, height, layout, captured_at, _rows(shown, layout))


def fitted(width: int, height: int, surface: Surface) -> tuple[int, int]:
    """As large as it goes without cutting or stretching, in even sizes."""
    scale = min(surface.width / width, surface.height / height)
    return max(2, int(width * scale) & ~1), max(2, int(height * scale) & ~1)


def _rows(frame: av.VideoFrame, layout: Layout) -> Iterator[memoryview]:
    """The picture's bytes in order, without what fills up the lines."""
    for number, plane in enumerate(frame.planes):
        wide = frame.width * 4 if layout is Layout.BGRA else frame.width // (2 if number else 1)
        data = memoryview(plane).cast("B")
        if plane.line_size == wide:
            yield data[: wide * plane.height]
            continue
        for row in range(plane.height):
            yield data[row * plane.line_size : row * plane.line_size + wide]
