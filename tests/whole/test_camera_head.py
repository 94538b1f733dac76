"""A VISCA head on a real pty and the real serial port: moved, stopped, pulled, back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.domain.camera_moves import Move
from app.runtime.tasks import TaskOwner
from peripherals.camera_head import CameraHead
from peripherals.emulators.pty_line import PtyLine
from peripherals.emulators.visca import SimulatedVisca
from tests.whole.media_screen import until

pytestmark = pytest.mark.whole


class Stand:
    """The emulator at the device's end of a pty, turned by hand each millisecond or two."""

    def __init__(self, link: Path) -> None:
        self.line = PtyLine(link)
        self.device = SimulatedVisca()
        self.link = link

    async def serve(self) -> None:
        while True:
            now = time.monotonic()
            self.device.tick(now)
            if self.line.is_plugged:
                for answer in self.device.heard(self.line.read(), now):
                    self.line.write(answer)
            await asyncio.sleep(0.002)


@asynccontextmanager
async def stand_on(folder: Path) -> AsyncIterator[Stand]:
    stand = Stand(folder / "head")
    stand.line.plug()
    async with TaskOwner("emulator") as tasks:
        tasks.start(stand.serve(), "serve")
        try:
            yield stand
        finally:
            stand.line.pull()


async def test_a_head_on_a_line_moves_stops_and_survives_being_pulled(tmp_path: Path) -> None:
    async with stand_on(tmp_path) as stand, CameraHead(str(stand.link)) as head:
        await until(lambda: head.moves, "the head", 5.0)
        await head.make(Move.RIGHT)
        await until(lambda: not stand.device.stand.is_moving, "its stop", 2.0)
        assert 20 < stand.device.stand.pan < 250  # about a quarter of a second of turning
        stand.line.pull()
        await until(lambda: not head.moves, "its loss", 2.0)
        stand.line.plug()
        await until(lambda: head.moves, "the head again", 4.0)
        await head.make(Move.ZOOM_IN)
        await until(lambda: stand.device.stand.zoom > 0, "the zoom", 2.0)
