"""A pair whose connection is up before the click, as with a cart that waits while a chart is open.

The click reaches both ends at once, as all signalling does here: in a visit it goes by the server.
"""

import asyncio
import time
from typing import Any
from uuid import uuid4

from bench.call.bedside_end import BedsideEnd
from bench.call.pair import Joined, Pair, Word

WARM_LIMIT_S = 25.0
WAITS_S = 0.5  # between the connection and the click


class WarmPair(Pair):
    """Of our own ends only. A link that fails at the click is followed by a cold one."""

    def __init__(self, *made: Any) -> None:
        super().__init__(*made)
        self._is_ready = False
        self._warm_sides: set[int] = set()
        self._warm = asyncio.Event()

    async def join(self, limit_s: float) -> float | None:
        await self._warm_up()
        await asyncio.sleep(WAITS_S)
        return await super().join(limit_s)

    async def _warm_up(self) -> None:
        self._newest = str(uuid4())
        self.links = {self._newest: Joined(time.monotonic(), self._seeing)}
        self._warm_sides.clear()
        self._warm.clear()
        for side in (1, 0):
            self._end(side).warm_up(self._newest, is_offerer=side == 0)
        try:
            async with asyncio.timeout(WARM_LIMIT_S):
                await self._warm.wait()
        except TimeoutError as error:
            raise TimeoutError(f"no warm connection in {WARM_LIMIT_S:.0f} s") from error
        self._is_ready = True

    def _new_link(self) -> Joined:
        if not self._is_ready:
            return super()._new_link()
        self._is_ready = self._is_lost = False
        # As the product does it: a warm link has the patience of a new one, from the click on.
        self._is_answered, self._moved_on_at = True, time.monotonic()
        joined = self.links[self._newest] = Joined(self._moved_on_at, self._seeing)
        for side in (1, 0):
            self._end(side).fill(self._newest)
        return joined

    def _heard(self, side: int, word: Word) -> None:
        if word["told"] == "warm":
            self._warm_sides.add(side)
            if len(self._warm_sides) == 2:
                self._warm.set()
            return
        super()._heard(side, word)

    def _end(self, side: int) -> BedsideEnd:
        end = self.ends[side]
        assert isinstance(end, BedsideEnd)
        return end
