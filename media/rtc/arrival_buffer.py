"""Packets into frames again, in place of stock's jitter buffer: nothing waits longer than it must.

Voice: each packet at once, to whoever gathers it (stock loses good packets behind each gap).
Picture: what `PictureAssembly` makes whole leaves at once and together (stock: one, and only with
the next one's first packet).
"""

import time
from collections.abc import Callable

import aiortc.codecs
import aiortc.rtcrtpreceiver
from aiortc.codecs.base import Decoder
from aiortc.codecs.h264 import H264Decoder
from aiortc.codecs.vpx import Vp8Decoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket
from aiortc.rtp import unwrap_rtx as stock_unwrap_rtx
from aiortc.utils import uint32_add
from av import FFmpegError
from av.frame import Frame

from media.audio.playout_buffer import VoicePacket
from media.quality.arrival_count import ArrivalCount
from media.rtc.asking_again import AskingAgain
from media.rtc.picture_assembly import PictureAssembly
from media.rtc.picture_words import H264, VP8, PictureWords
from media.rtc.vp8_words import MOST_PIXELS

ASK_AT_EVERY = 10  # pictures left out after one that could not be decoded


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
        self.pictures = PictureAssembly(ArrivalCount(), clock())
        self.words_of: Callable[[int], PictureWords] = lambda payload_type: VP8
        self.when_voice: Callable[[int, VoicePacket], None] | None = None  # with its payload type

    def begin_anew(self) -> None:
        """What waits is not shown: after a long silence nobody has the rest of it any more."""
        self.pictures.begin_anew()

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """(whether a key frame must be asked for, what is whole now)."""
        now = self._clock()
        if not self._is_video:
            if self.when_voice is not None:
                data = packet._data  # type: ignore[attr-defined]  # set by the receiver
                voice = VoicePacket(packet.sequence_number, packet.timestamp, data, now)
                self.when_voice(packet.payload_type, voice)
            return False, None
        words = self.words_of(packet.payload_type)
        whole = self.pictures.add(
            packet.sequence_number,
            packet.timestamp,
            packet._data,  # type: ignore[attr-defined]  # set by the receiver
            now,
            is_first=words.begins_frame(packet.payload),
            is_last=bool(packet.marker),
            words=words,
        )
        return self.pictures.is_key_due(now), FrameRun(whole) if whole else None


class RunDecoder(Decoder):
    """After bytes that are no picture nothing is made before the next key frame."""

    def __init__(self, stock: Decoder, words: PictureWords) -> None:
        self._stock, self._words = stock, words
        self._failure: FFmpegError | None = None
        self._left_out = 0

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Stock's receiver asks for a key frame whenever this raises FFmpegError."""
        frames: list[Frame] = []
        for data, ticks in [*getattr(encoded_frame, "earlier", ()), (encoded_frame.data, 0)]:
            if self._failure is not None and not self._words.begins_key_frame(data):
                self._left_out += 1
                continue
            try:
                frames += self._stock.decode(JitterFrame(data, encoded_frame.timestamp - ticks))
                self._failure = None
            except FFmpegError as error:
                self._failure, self._left_out = error, 0
        if self._failure is not None and self._left_out % ASK_AT_EVERY == 0 and not frames:
            raise self._failure
        return frames


class RunVp8Decoder(RunDecoder):
    def __init__(self) -> None:
        super().__init__(Vp8Decoder(), VP8)


class RunH264Decoder(RunDecoder):
    """Of one thread: FFmpeg's own number of them each holds a picture back. Not larger than what
    VP8 may be (vp8_words), whatever the far side's parameter sets say.
    """

    def __init__(self) -> None:
        stock = H264Decoder()
        stock.codec.thread_count = 1
        stock.codec.options = {"max_pixels": str(MOST_PIXELS), "flags": "low_delay"}
        super().__init__(stock, H264)


def unwrap_rtx(rtx: RtpPacket, payload_type: int, ssrc: int) -> RtpPacket:
    """Stock's, but what was asked for again is known as such from here on."""
    packet = stock_unwrap_rtx(rtx, payload_type, ssrc)
    vars(packet)["is_repeat"] = True
    return packet


def install() -> None:
    inside = vars(aiortc.rtcrtpreceiver)
    inside["JitterBuffer"] = ArrivalBuffer
    inside["NackGenerator"] = AskingAgain
    inside["unwrap_rtx"] = unwrap_rtx
    vars(aiortc.codecs)["Vp8Decoder"] = RunVp8Decoder
    vars(aiortc.codecs)["H264Decoder"] = RunH264Decoder
