"""A screen on Qt's loop (qasync): attaches, sees its own picture, loses its media process, again.

Says a word for each step. Argument: a video file that stands for the camera.
"""

import asyncio
import os
import signal
import sys

import qasync
from PySide6.QtCore import QCoreApplication

from app.domain.access import Role
from app.domain.engine import CallSetup, EngineAttached, EngineGone
from app.domain.ids import VisitId, new_id
from app.runtime.tasks import TaskOwner
from media.link.messages import Which
from media.link.remote_control import RemoteControl


class QtScreen:
    def __init__(self) -> None:
        self._remote = RemoteControl()
        self._pictures = 0
        self._seen = asyncio.Event()

    async def run(self, video: str) -> None:
        setup = CallSetup(VisitId(new_id()), Role.CLINICIAN, "test", video, "", "", None)
        self._remote.on_picture(Which.SELF, self._came)
        self._remote.surface_size(Which.SELF, 320, 240)
        await self._remote.prepare(setup)
        async with self._remote, TaskOwner("qt screen") as tasks:
            tasks.start(self._listen(), "listen")
            await self._sees()
            assert self._remote.pid is not None
            self._seen.clear()
            os.kill(self._remote.pid, signal.SIGKILL)
            await self._sees()
        print("ended", flush=True)

    async def _sees(self) -> None:
        async with asyncio.timeout(15):
            await self._seen.wait()
        print("seen", flush=True)

    async def _listen(self) -> None:
        async for event in self._remote.events():
            if isinstance(event, EngineAttached):
                self._pictures = 0
                print("attached", flush=True)
            elif isinstance(event, EngineGone):
                print("gone", flush=True)

    def _came(self) -> None:
        picture = self._remote.self_picture()
        if picture is not None and picture.data[3] == 255:
            self._pictures += 1
            if self._pictures == 10:
                self._seen.set()


def main() -> None:
    application = QCoreApplication([])
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(_run(sys.argv[1]))


async def _run(video: str) -> None:
    await QtScreen().run(video)


if __name__ == "__main__":
    main()
