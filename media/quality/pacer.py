"""Picture packets wait here for their turn, so that a large frame does not hold up the voice.

Voice and control never wait: they do not come here. Any number of picture sources.
"""

from collections import deque
from dataclasses import dataclass

LATE_TIMER_S = 0.005  # what a late timer may make up for at once
MOST_WAITING_S = 1.0  # at the target rate; then it is thrown away
MOST_PACKETS = 2000


@dataclass(slots=True)
class PicturePacket:
    """`source` is the sender's RTP source number."""

    data: bytes
    wire_bytes: int
    source: int
    is_repeat: bool = False
    is_repair: bool = False


class Pacer:
    def __init__(self) -> None:
        self._waiting: deque[PicturePacket] = deque()
        self._waiting_bytes = 0
        self._free_s = 0.0  # when the next may leave

    def put(self, packet: PicturePacket) -> None:
        self._waiting.append(packet)
        self._waiting_bytes += packet.wire_bytes

    def is_too_long(self, target_bit_s: float) -> bool:
        return self.waiting_s(target_bit_s) > MOST_WAITING_S or len(self._waiting) > MOST_PACKETS

    def throw_away(self) -> set[int]:
        """The sources whose pictures are broken by it."""
        sources = {packet.source for packet in self._waiting}
        self._waiting.clear()
        self._waiting_bytes = 0
        return sources

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def waiting_s(self, bit_s: float) -> float:
        """How long what waits would take at that rate."""
        return self._waiting_bytes * 8 / bit_s

    def wait_s(self, now_s: float) -> float:
        """Until the next packet may leave."""
        return max(0.0, self._free_s - now_s)

    def take(self, now_s: float) -> PicturePacket | None:
        """The next one, when it is time; tell `left` what left."""
        if not self._waiting or now_s < self._free_s:
            return None
        packet = self._waiting.popleft()
        self._waiting_bytes -= packet.wire_bytes
        return packet

    def left(self, wire_bytes: int, bit_s: float, now_s: float) -> None:
        """`bit_s`: the pace at this moment, padding included."""
        self._free_s = max(self._free_s, now_s - LATE_TIMER_S) + wire_bytes * 8 / bit_s
