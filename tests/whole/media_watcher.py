"""A screen in a process of its own, to be frozen or killed: takes a running call over and watches.

Reads "path secret generation visit" from its standard input and says "seeing"; on "how" it tells
the fourth longest time between two far pictures, in milliseconds.
"""

import asyncio
import sys
import time
from uuid import UUID

from app.domain.call import RunningCall
from app.domain.ids import VisitId
from app.runtime.tasks import TaskOwner
from media.link.messages import Which
from media.link.remote_control import RemoteControl


class Watcher:
    def __init__(self, running: RunningCall) -> None:
        self._remote = RemoteControl(running)
        self._came_at: list[float] = []
        self._seeing = asyncio.Event()

    async def run(self) -> None:
        self._remote.on_picture(Which.FAR, self._came)
        self._remote.surface_size(Which.FAR, 640, 480)
        async with self._remote, TaskOwner("watcher"):
            async with asyncio.timeout(15):
                await self._seeing.wait()
            print("seeing", flush=True)
            while (await asyncio.to_thread(sys.stdin.readline)).strip() == "how":
                gaps = [b - a for a, b in zip(self._came_at, self._came_at[1:], strict=False)]
                print(sorted(gaps)[-4] * 1000, flush=True)

    def _came(self) -> None:
        picture = self._remote.far_picture()
        if picture is not None:
            self._came_at.append(time.monotonic())
            if len(self._came_at) > 5:
                self._seeing.set()


def main() -> None:
    path, secret, generation, visit = sys.stdin.readline().split()
    running = RunningCall(VisitId(UUID(visit)), path, bytes.fromhex(secret), int(generation))
    asyncio.run(_run(running))


async def _run(running: RunningCall) -> None:
    await Watcher(running).run()


if __name__ == "__main__":
    main()
