"""How fast a file may go to the server: at once, but beside a call only by a share of its line.

On a narrow line an upload that takes all it can get makes the voice wait behind it.
"""

import asyncio
from collections.abc import AsyncIterator

from app.domain.call import WITH_FAR_SIDE
from app.runtime.broadcast import Broadcast
from app.services.call import CallState

LEAST_BIT_S = 33_000  # so that it ends: the server gives up on who sends less than 4 KiB a second
SHARE = 0.125  # of what the line carries, as the ladder tells it
PLENTY_BIT_S = 1_000_000  # what a full picture and the voice want; of what is above, more may go
SHARE_OF_PLENTY = 0.5
PIECE_BYTES = 1_200  # beside a call: what the voice may have to wait behind
FREE_BYTES = 32 * 1024


class UploadPace:
    def __init__(self, call: Broadcast[CallState]) -> None:
        self._call = call

    @property
    def bit_s(self) -> int | None:
        """None: nobody else needs the line."""
        call = self._call.value
        if call.phase not in WITH_FAR_SIDE:
            return None
        carries = 0 if call.ladder is None else call.ladder.own.carries_bit_s or 0
        above = max(0, carries - PLENTY_BIT_S)
        return max(LEAST_BIT_S, int(SHARE * carries + SHARE_OF_PLENTY * above))

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
