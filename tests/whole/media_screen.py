"""A screen without a window: a remote control, what it heard, and waits with a limit."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from app.domain.access import Role
from app.domain.call import RunningCall
from app.domain.engine import CallSetup, EngineAttached, EngineEvent, SignalMade
from app.domain.ids import LinkId, VisitId, new_id
from app.runtime.tasks import TaskOwner
from media.link.messages import Which
from media.link.remote_control import RemoteControl

EventT = TypeVar("EventT")
LIMIT_S = 25.0


async def until(is_so: Callable[[], object], what: str, limit_s: float = LIMIT_S) -> float:
    """How long it took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > limit_s:
            raise AssertionError(f"{what}: not within {limit_s} s")
        await asyncio.sleep(0.005)
    return time.monotonic() - began


class MediaScreen:
    """`other` is where its signals go, as the server would carry them."""

    def __init__(self, running: RunningCall | None = None, *arguments: str) -> None:
        self.remote = RemoteControl(running, arguments)
        self.events: list[EngineEvent] = []
        self.other: MediaScreen | None = None
        self.known_links: set[LinkId] = set()
        self._tasks = TaskOwner("test screen")

    async def opens(self) -> Self:
        """Attached when this returns."""
        self.remote.open()
        self._tasks.start(self._listen(), "listen")
        await self.next(EngineAttached)
        return self

    async def quits(self) -> None:
        await self._tasks.close()
        await self.remote.quit()

    async def __aenter__(self) -> Self:
        return await self.opens()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.quits()

    async def leaves(self) -> RunningCall:
        """Dies without a word; what the store would still hold."""
        running = self.remote.running_call
        assert running is not None
        await self._tasks.close()
        await self.remote.leave()
        return running

    async def _listen(self) -> None:
        async for event in self.remote.events():
            self.events.append(event)
            if isinstance(event, SignalMade) and self.other is not None:
                await self.other.hears_signal(event)

    async def hears_signal(self, event: SignalMade) -> None:
        if event.link not in self.known_links:
            self.known_links.add(event.link)
            await self.remote.connect(event.link, is_offerer=False)
        await self.remote.heard_signal(event.link, event.payload)

    async def calls(self) -> LinkId:
        """A new link to the other side."""
        link = LinkId(new_id())
        self.known_links.add(link)
        await self.remote.connect(link, is_offerer=True)
        return link

    async def prepares(
        self, visit: VisitId, side: Role, camera: Path | None, scope: Path | None = None
    ) -> CallSetup:
        setup = CallSetup(
            visit=visit,
            side=side,
            own_name="test",
            camera=str(camera) if camera is not None else None,
            microphone="",
            speaker="",
            scope=str(scope) if scope is not None else None,
        )
        await self.remote.prepare(setup)
        self.remote.surface_size(Which.FAR, 640, 480)
        self.remote.surface_size(Which.SELF, 160, 120)
        return setup

    def heard(self, kind: type[EventT]) -> list[EventT]:
        return [event for event in self.events if isinstance(event, kind)]

    async def next(
        self,
        kind: type[EventT],
        fits: Callable[[EventT], bool] = lambda _: True,
        after: int = 0,
        limit_s: float = LIMIT_S,
    ) -> EventT:
        """The first event of that kind, of those from number `after` on."""
        found: list[EventT] = []

        def is_here() -> bool:
            found[:] = [e for e in self.events[after:] if isinstance(e, kind) and fits(e)]
            return bool(found)

        await until(is_here, kind.__name__, limit_s)
        return found[0]


def children_of(process: int) -> list[int]:
    """Its child processes, by the kernel's own list."""
    found: list[int] = []
    for thread in os.listdir(f"/proc/{process}/task"):
        with suppress(FileNotFoundError):  # that thread has just ended
            text = Path(f"/proc/{process}/task/{thread}/children").read_text()
            found += [int(number) for number in text.split()]
    return found


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
