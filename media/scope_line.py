"""The line of body sounds: the link that is up lends a sure way, a quick one, and its figures.

What they may take of it is a rule of its own: the voice goes before them, and a small picture; what
is more of the picture gives way while somebody listens to a body.
"""

from collections.abc import Callable

from app.domain.ladder import (
    HEADERS_BIT_S,
    PICTURE_LEAST,
    Matters,
    Step,
    voice_bit_s,
)
from app.runtime.tasks import TaskOwner
from media.auscultation.live_plan import LineFigures
from media.auscultation.lossless_channel import Line
from media.rtc.peer_link import PeerLink
from media.rtc.scope_packets import ScopePackets

SAFE_SHARE = 0.9  # of what the line is good for: it is an estimate


class ScopeLine:
    """`stand`: on which step what we send stands (VOICE: no picture), and what matters most."""

    def __init__(
        self, on_packet: Callable[[bytes], None], stand: Callable[[], tuple[Step, Matters]]
    ) -> None:
        self._on_packet = on_packet
        self._stand = stand
        self._packets: ScopePackets | None = None
        self._tasks = TaskOwner("scope line")

    def follow(self, live: PeerLink | None) -> Line | None:
        """What the link lends from now on; None without one."""
        if self._packets is not None and self._packets.link is not live:
            self._tasks.start(self._packets.close(), "let a line go")
            self._packets = None
        if live is None:
            return None
        if self._packets is None:
            self._packets = ScopePackets(live, self._on_packet)
        return Line(
            live.send_scope,
            lambda: live.scope_waiting_bytes,
            self._packets.send,
            lambda: self._figures(live),
        )

    async def close(self) -> None:
        self.follow(None)
        await self._tasks.close()

    def _figures(self, live: PeerLink) -> LineFigures:
        line = live.line_state()
        if line is None:
            return LineFigures()
        step, matters = self._stand()
        room = room_bit_s(line.target_bit_s, step, matters)
        return LineFigures(room, line.loss_share, line.round_trip_s, line.queue_s)


def room_bit_s(target_bit_s: int, step: Step, matters: Matters) -> int:
    """What is left for body sounds beside the voice and the least picture that is to stay."""
    kept = voice_bit_s(step, matters) + HEADERS_BIT_S
    if step in PICTURE_LEAST:
        kept += PICTURE_LEAST[Step.THUMBNAIL]
    return max(0, int(SAFE_SHARE * target_bit_s) - kept)
