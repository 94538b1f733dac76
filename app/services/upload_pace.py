"""How fast a file may go to the server: at once, but beside a call only by a share of its line.

On a narrow line an upload that takes all it can get makes the voice wait behind it. While a call is
being made or its voice has no line, a file waits: it goes on where it stopped.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from app.domain.call import WITH_FAR_SIDE, Phase
from app.domain.ladder import Reason, Step
from app.runtime.broadcast import Broadcast
from app.services.call import CallState

LEAST_BIT_S = 33_000  # so that it ends: the server gives up on who sends less than 4 KiB a second
SHARE = 0.125  # of what the line carries, as the ladder tells it
PLENTY_BIT_S = 1_000_000  # what a full picture and the voice want; of what is above, more may go
SHARE_OF_PLENTY = 0.5
PIECE_BYTES = 1_200  # beside a call: what the voice may have to wait behind
FREE_BYTES = 32 * 1024
# One part is what a line that breaks may cost.
PART_S = 4.0
PART_LEAST_BYTES, PART_FIRST_BYTES, PART_MOST_BYTES = 8 * 1024, 256 * 1024, 2 * 1024 * 1024
WAIT_MOST_S = 60.0  # for a call that never comes up: then one part goes all the same
BEING_MADE = frozenset({Phase.CONNECTING, Phase.REJOINING})
OF_THE_LINE = frozenset(
    {Reason.SLOW, Reason.LOSS, Reason.ROUND_TRIP, Reason.FAR_LINE, Reason.NO_LINE}
)


class UploadPace:
    def __init__(self, call: Broadcast[CallState]) -> None:
        self._call = call
        self._free_bytes_s = PART_FIRST_BYTES / PART_S

    @property
    def bit_s(self) -> int | None:
        """None: nobody else needs the line."""
        call = self._call.value
        if call.phase not in WITH_FAR_SIDE:
            return None
        carries = 0 if call.ladder is None else call.ladder.own.carries_bit_s or 0
        above = max(0, carries - PLENTY_BIT_S)
        return max(LEAST_BIT_S, int(SHARE * carries + SHARE_OF_PLENTY * above))

    @property
    def must_wait(self) -> bool:
        """The call needs all that there is of the line."""
        call = self._call.value
        if call.phase in BEING_MADE:
            return True
        own = None if call.ladder is None or call.phase is not Phase.LIVE else call.ladder.own
        return own is not None and own.step is Step.MESSAGES and own.reason in OF_THE_LINE

    async def until_free(self) -> None:
        """At most WAIT_MOST_S, so that no file waits for ever."""
        freed = asyncio.Event()

        def look(_: CallState) -> None:
            if not self.must_wait:
                freed.set()

        stop = self._call.listen(look)
        try:
            look(self._call.value)
            with suppress(TimeoutError):
                async with asyncio.timeout(WAIT_MOST_S):
                    await freed.wait()
        finally:
            stop()

    @property
    def part_bytes(self) -> int:
        """What may go in one part: about PART_S of the line."""
        rate = self.bit_s
        bytes_s = self._free_bytes_s if rate is None else rate / 8
        return int(min(PART_MOST_BYTES, max(PART_LEAST_BYTES, bytes_s * PART_S)))

    def part_went(self, byte_count: int, took_s: float) -> None:
        """How quick the line was, without a call on it."""
        if self.bit_s is None:
            self._free_bytes_s = byte_count / max(took_s, 0.001)

    async def pieces(self, data: bytes) -> AsyncIterator[bytes]:
        """All of it, each piece when it may go; a call may begin or end meanwhile."""
        now = asyncio.get_running_loop().time
        at, due = 0, now()
        while at < len(data):
            await asyncio.sleep(max(0.0, due - now()))
            rate = self.bit_s
            piece = data[at : at + (FREE_BYTES if rate is None else PIECE_BYTES)]
            # What a slow line took longer for is not made good by a burst.
            due = max(due, now()) + (0.0 if rate is None else len(piece) * 8 / rate)
            yield piece
            at += len(piece)
