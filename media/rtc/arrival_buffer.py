"""Packets into frames again, in place of stock's jitter buffer: nothing waits longer than it must.

Voice: each packet at once, for the playout buffer (stock loses good packets behind each gap).
Picture: a frame leaves with its last packet (stock: with the next frame's first), all that are
whole leave together, and a gap is given up after 0.6 s for a new key frame (stock: 512 packets).
"""

import time
from collections.abc import Callable

import aiortc.codecs
import aiortc.rtcrtpreceiver
from aiortc.codecs.vpx import Vp8Decoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket
from aiortc.utils import uint16_add, uint32_add
from av.frame import Frame

from media.rtc.voice_arrival import frame_of

PICTURE_GIVES_UP_AFTER_S = 0.6
ASK_AGAIN_AFTER_S = 0.3
MOST_MISORDER = 500  # further away than this is a new beginning
MOST_WAITING = 512
START_OF_FRAME = 0x1F, 0x10  # RFC 7741: S set, partition 0
INTER_FRAME = 0x01


class FrameRun(JitterFrame):
    """The newest whole frame, and those that became whole with it: (data, ticks before it)."""

    def __init__(self, frames: list[tuple[bytes, int]]) -> None:
        data, timestamp = frames[-1]
        super().__init__(data, timestamp)
        self.earlier = [
            (each, uint32_add(timestamp, -earlier_timestamp))
            for each, earlier_timestamp in frames[:-1]
        ]


class ArrivalBuffer(JitterBuffer):
    """Constructed by stock with stock's arguments; the numbers in them are not used."""

    def __init__(
        self,
        capacity: int,
        prefetch: int = 0,
        is_video: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(capacity, prefetch, is_video)
        self._clock = clock
        self._waiting: dict[int, RtpPacket] = {}
        self._wanted: int | None = None
        self._needs_key = is_video
        self._stuck_since = clock()  # since when something waits and nothing became whole
        self._asked_at = clock()

    def begin_anew(self) -> None:
        """What waits is not shown: after a long silence nobody has the rest of it any more."""
        self._waiting.clear()
        self._wanted = None
        self._needs_key = self._is_video

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """(whether a key frame must be asked for, what is whole now)."""
        if not self._is_video:
            return False, frame_of(packet, self._clock())
        number = packet.sequence_number
        if self._wanted is None:
            self._wanted = number
        ahead = uint16_add(number, -self._wanted)
        if 0x10000 - ahead <= MOST_MISORDER:
            return False, None  # late: it was given up, or is here twice
        if ahead > MOST_MISORDER or len(self._waiting) >= MOST_WAITING:
            self.begin_anew()
            self._wanted = number
        if not self._waiting:
            self._stuck_since = self._clock()
        self._waiting[number] = packet
        frames = self._whole_pictures()
        return self._is_key_due(), FrameRun(frames) if frames else None

    def _whole_pictures(self) -> list[tuple[bytes, int]]:
        frames = []
        while (packets := self._next_picture()) is not None:
            self._stuck_since = self._clock()
            for _ in packets:
                self._take_next()
            data = b"".join(packet._data for packet in packets)  # type: ignore[attr-defined]  # set by the receiver
            if self._needs_key and not is_key_frame(packets[0], data):
                continue
            self._needs_key = False
            frames.append((data, packets[0].timestamp))
        if self._waiting and self._clock() - self._stuck_since > PICTURE_GIVES_UP_AFTER_S:
            self.begin_anew()
        return frames

    def _next_picture(self) -> list[RtpPacket] | None:
        """The packets of the frame whose turn it is, when all of them are here."""
        assert self._wanted is not None
        packets: list[RtpPacket] = []
        number = self._wanted
        while (packet := self._waiting.get(number)) is not None:
            if packets and packet.timestamp != packets[0].timestamp:
                return packets
            packets.append(packet)
            if packet.marker:
                return packets
            number = uint16_add(number, 1)
        return None

    def _take_next(self) -> RtpPacket | None:
        assert self._wanted is not None
        packet = self._waiting.pop(self._wanted, None)
        if packet is not None:
            self._wanted = uint16_add(self._wanted, 1)
        return packet

    def _is_key_due(self) -> bool:
        if not self._needs_key or self._clock() - self._asked_at < ASK_AGAIN_AFTER_S:
            return False
        self._asked_at = self._clock()
        return True


def is_key_frame(first: RtpPacket, data: bytes) -> bool:
    """A VP8 frame from its first byte on that needs no other."""
    if not first.payload or not data:
        return False
    mask, start = START_OF_FRAME
    return first.payload[0] & mask == start and not data[0] & INTER_FRAME


class RunVp8Decoder(Vp8Decoder):
    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        frames: list[Frame] = []
        for data, ticks in getattr(encoded_frame, "earlier", ()):
            frames += super().decode(JitterFrame(data, encoded_frame.timestamp - ticks))
        return frames + super().decode(encoded_frame)


def install() -> None:
    vars(aiortc.rtcrtpreceiver)["JitterBuffer"] = ArrivalBuffer
    vars(aiortc.codecs)["Vp8Decoder"] = RunVp8Decoder
