"""An H.264 encoder for a far side that takes no VP8: libx264 of PyAV's wheel, constrained baseline.

A new rate costs nothing while it is near the one it was opened for, else one key frame, as a new
size does: up to twice as much, as libx264 takes no more than it was opened with. It leaves no frame
out to hold its rate; that is done here.
"""

import math
from fractions import Fraction

import av
import numpy as np
from av.stream import Stream

from media.picture.picture_encoder import TICKS_PER_S, EncodedPicture
from media.picture.planes import Planes

PROGRAM = "libx264"
# Level 3.1 (ITU-T H.264, table A-1) is what WebRTC's ends agree on (RFC 7742, 6.2): 3600 blocks.
LEVEL, MOST_PIXELS = "31", 3600 * 16 * 16
LEAST_BIT_S = 8_000
ROOM = 2.0  # above what it is opened for
LEAST_SHARE, MOST_SHARE = 0.4, 0.95 * ROOM  # bits a frame; its buffer is as long as it was opened
BUFFER_S = 0.3  # of what it is opened for
OWED_S, CREDIT_S = 0.3, 0.1  # sent beyond the rate, until frames are left out; saved before it
FAST, FASTER, FASTER_FROM = "superfast", "ultrafast", -10
LAMBDA_A_QUANTIZER = 118  # FFmpeg's FF_QP2LAMBDA
# Two scenes, 100 to 600 kbit/s, within 5 of 63: 36 of 51 here is 56 of 63 there; a step of 6 here
# halves the bits, one of 11 there.
QUANTIZER, VP8_QUANTIZER, VP8_STEPS = 36.0, 56.0, 11 / 6
BEGIN_CODE = b"\x00\x00\x01"
EXTRA, KIND = 6, 0x1F  # supplemental units: libx264's first one tells its settings


def is_here() -> bool:
    """PyAV may be built without it."""
    return PROGRAM in av.codecs_available


def long_side_most(width: int, height: int) -> int:
    """Of pictures of that shape, within the level."""
    return int(max(width, height) * math.sqrt(MOST_PIXELS / (width * height)))


class H264Encoder:
    """A PictureEncoder. FFmpegError: libx264 refused."""

    def __init__(self) -> None:
        self._codec: av.VideoCodecContext | None = None
        self._size = (0, 0)
        self._bit_s, self._frames_per_s = LEAST_BIT_S, 30.0
        self._opened_for = 0.0  # bits a frame
        self._preset = FAST
        self._quantizer = 0
        self._owed_bits = 0.0
        self._at_ticks: int | None = None

    @property
    def quantizer(self) -> int:
        return self._quantizer

    def can_take(self, width: int, height: int) -> bool:
        return True

    def set(self, width: int, height: int, bit_s: int, frames_per_s: float) -> None:
        if (width, height) != self._size:
            self._size, self._codec = (width, height), None
        self._bit_s, self._frames_per_s = max(bit_s, LEAST_BIT_S), frames_per_s
        share = self._bits_a_frame / self._opened_for if self._codec is not None else 1.0
        if not LEAST_SHARE < share < MOST_SHARE:
            self._codec = None
        elif self._codec is not None:
            self._tell_rate(self._codec)

    def hurry(self, speed: int) -> None:
        self._preset = FASTER if speed <= FASTER_FROM else FAST  # from the next key frame on

    def encode(
        self, picture: Planes, at_ticks: int, *, is_key_wanted: bool = False
    ) -> EncodedPicture | None:
        if (picture.width, picture.height) != self._size:
            raise ValueError(f"a picture of {picture.width} for an encoder of {self._size}")
        self._pay(at_ticks)
        is_key_wanted = is_key_wanted or self._codec is None
        if self._owed_bits > OWED_S * self._bit_s and not is_key_wanted:
            return None
        if self._codec is None:
            self._codec = self._opened()
        frame = _frame_of(picture)
        frame.pts, frame.time_base = at_ticks, Fraction(1, TICKS_PER_S)
        frame.pict_type = (
            av.video.frame.PictureType.I if is_key_wanted else av.video.frame.PictureType.NONE
        )
        [packet] = self._codec.encode(frame)
        data = _without_extras(bytes(packet))
        self._owed_bits += 8 * len(data)
        self._quantizer = _quantizer_of(packet)
        return EncodedPicture(data, packet.is_keyframe)

    def _tell_rate(self, codec: av.VideoCodecContext) -> None:
        """libx264 counts frames, not time."""
        codec.bit_rate = round(self._bits_a_frame * codec.framerate)

    @property
    def _bits_a_frame(self) -> float:
        return self._bit_s / self._frames_per_s

    def _pay(self, at_ticks: int) -> None:
        if self._at_ticks is not None:
            passed_s = (at_ticks - self._at_ticks) / TICKS_PER_S
            paid_bits = self._owed_bits - passed_s * self._bit_s
            self._owed_bits = max(paid_bits, -CREDIT_S * self._bit_s)
        self._at_ticks = at_ticks

    def _opened(self) -> av.VideoCodecContext:
        codec = av.CodecContext.create(PROGRAM, "w")
        assert isinstance(codec, av.VideoCodecContext)
        codec.width, codec.height = self._size
        codec.pix_fmt = "yuv420p"
        codec.bit_rate = round(ROOM * self._bit_s)
        codec.framerate = Fraction(self._frames_per_s).limit_denominator(1000)
        codec.time_base = Fraction(1, TICKS_PER_S)
        codec.thread_count = 1
        codec.profile = "Baseline"
        codec.options = {
            "preset": self._preset,
            "tune": "zerolatency",
            "level": LEVEL,
            "maxrate": str(codec.bit_rate),  # as much as the rate: only so does it take another
            "bufsize": str(int(BUFFER_S * self._bit_s)),
            "g": "9000",  # key frames are asked for
            "forced-idr": "1",
        }
        codec.open()
        self._tell_rate(codec)
        self._opened_for = self._bits_a_frame
        return codec


def _frame_of(picture: Planes) -> av.VideoFrame:
    if isinstance(picture.owner, av.VideoFrame):
        return picture.owner
    assert isinstance(picture.owner, bytes)
    rows = np.frombuffer(picture.owner, np.uint8).reshape(-1, picture.width)
    return av.VideoFrame.from_ndarray(rows, format="yuv420p")


def _without_extras(data: bytes) -> bytes:
    units = (unit.rstrip(b"\x00") for unit in data.split(BEGIN_CODE)[1:])
    return b"".join(b"\x00" + BEGIN_CODE + unit for unit in units if unit[0] & KIND != EXTRA)


def _quantizer_of(packet: "av.Packet[Stream]") -> int:
    told = packet.get_sidedata("quality_stats")
    quantizer = int.from_bytes(bytes(told)[:4], "little") / LAMBDA_A_QUANTIZER
    alike = VP8_QUANTIZER + (quantizer - QUANTIZER) * VP8_STEPS
    return round(min(max(alike, 0), 63))
