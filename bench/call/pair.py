"""Two ends of a call and what stands between them: signalling, and the rule for a new link.

The signalling takes no time and no part of the line. A link that is lost or failed is made anew,
for the same visit, as app/services/call does it for the clinician's side.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from app.runtime.tasks import TaskOwner
from app.services.call import TRY_AGAIN_S
from bench.call.facts import NEVER_S

LOOK_EVERY_S = 0.1

Word = dict[str, Any]
OnTold = Callable[[Word], None]


class End(Protocol):
    """One peer of whatever make. What it tells comes as words with `told`, `link` and `at`."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def connect(self, link: str, *, is_offerer: bool) -> None: ...
    def signal(self, link: str, payload: Word) -> None: ...
    def hang_up(self) -> None: ...
    def forget(self) -> None: ...
    async def write(self, folder: Path) -> None: ...
    def cpu_s(self) -> dict[str, float]: ...
    def resident_bytes(self) -> int: ...


@dataclass(slots=True)
class Joined:
    """Instants of one link, by side; `seeing`: the sides to which a picture is sent."""

    clicked_at: float
    seeing: tuple[int, ...]
    up_at: dict[int, float] = field(default_factory=dict)
    picture_at: dict[int, float] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return len(self.up_at) == 2 and all(side in self.picture_at for side in self.seeing)

    @property
    def whole_at(self) -> float:
        """Channel open on both sides, and the first picture on each that sees."""
        return max(*self.up_at.values(), *(self.picture_at[side] for side in self.seeing))


class Pair:
    """`make(side, on_told)` gives the end of a side; side 0 is the clinician's and offers."""

    def __init__(
        self, make: Callable[[int, OnTold], End], seeing: tuple[int, ...] = (0, 1)
    ) -> None:
        self._seeing = seeing
        self.ends = (make(0, self._hears(0)), make(1, self._hears(1)))
        self.links: dict[str, Joined] = {}
        self.lost_at: list[float] = []
        self.gone: set[int] = set()
        self._newest = ""
        self._is_wanted = False
        self._is_cut = False
        self._is_lost = False
        self._tries = 0  # since a link was last up
        self._is_answered = False
        self._moved_on_at = 0.0  # the newest link was made, or answered
        self._unsaid: list[tuple[int, Word]] = []
        self._whole = asyncio.Event()
        self._tasks = TaskOwner("pair")

    async def open(self) -> None:
        await asyncio.gather(*(end.open() for end in self.ends))
        self._tasks.start(self._try_again(), "try again")

    async def close(self) -> None:
        await self._tasks.close()
        await asyncio.gather(*(end.close() for end in self.ends))

    @property
    def has_been_up(self) -> bool:
        """Words and voice could go, whether or not a picture came."""
        return any(len(link.up_at) == 2 for link in self.links.values())

    async def join(self, limit_s: float) -> float | None:
        """Seconds from the click to a whole call; None when it is none in that time.

        Both sides join; the call is kept up, by new links, until `hang_up`.
        """
        self.links.clear()
        self.lost_at.clear()
        self._whole.clear()
        self._is_wanted, self._tries = True, 0
        clicked_at = self._new_link().clicked_at
        try:
            async with asyncio.timeout(limit_s):
                await self._whole.wait()
        except TimeoutError:
            return None
        return min(link.whole_at for link in self.links.values() if link.is_whole) - clicked_at

    def hang_up(self) -> None:
        self._is_wanted = False
        for end in self.ends:
            end.hang_up()

    def cut(self, is_cut: bool) -> None:
        """The server cannot be reached either: words wait until it can."""
        self._is_cut = is_cut
        if not is_cut:
            unsaid, self._unsaid = self._unsaid, []
            for side, word in unsaid:
                self._carry(side, word)

    # --- inside ------------------------------------------------------------------------------

    def _new_link(self) -> Joined:
        self._newest, self._is_lost, self._is_answered = str(uuid4()), False, False
        self._moved_on_at = time.monotonic()
        joined = self.links[self._newest] = Joined(self._moved_on_at, self._seeing)
        for side in (1, 0):  # who answers is there when the offer comes
            self.ends[side].connect(self._newest, is_offerer=side == 0)
        return joined

    def _hears(self, side: int) -> OnTold:
        return lambda word: self._heard(side, word)

    def _heard(self, side: int, word: Word) -> None:
        if word["told"] == "gone":
            self.gone.add(side)
            return
        joined = self.links.get(word["link"])
        if joined is None:
            return  # of a call that was hung up
        match word["told"]:
            case "signal" if self._is_cut:
                self._unsaid.append((side, word))
            case "signal":
                self._carry(side, word)
            case "up":
                joined.up_at.setdefault(side, word["at"])
                self._is_lost, self._tries = False, 0
            case "first picture":
                joined.picture_at.setdefault(side, word["at"])
            case "lost" | "failed":
                self._lost(word)
        if joined.is_whole:
            self._whole.set()

    def _carry(self, side: int, word: Word) -> None:
        if side == 1 and word["link"] == self._newest and not self._is_answered:
            self._is_answered, self._moved_on_at = True, time.monotonic()
        self.ends[1 - side].signal(word["link"], word["payload"])

    def _lost(self, word: Word) -> None:
        self.lost_at.append(word["at"])
        if self._is_wanted and word["link"] == self._newest:
            self._is_lost = True
            if not self._is_cut:
                self._new_link()

    async def _try_again(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self._look(time.monotonic())

    def _look(self, now: float) -> None:
        newest = self.links.get(self._newest)
        if newest is None or not self._is_wanted or self._is_cut:
            return
        patience_s = TRY_AGAIN_S[min(self._tries, len(TRY_AGAIN_S) - 1)]
        if self._is_lost:
            self._new_link()
        elif len(newest.up_at) < 2 and now - self._moved_on_at >= patience_s:
            self._tries += 1
            self._new_link()


def soonest_s(by_link: list[dict[int, float]], clicked_at: float) -> float:
    """Until both sides had it, over whichever link."""
    whole = [max(at.values()) for at in by_link if len(at) == 2]
    return min(whole) - clicked_at if whole else NEVER_S
