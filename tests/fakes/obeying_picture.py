"""A picture track of the size it is told: real VP8 frames of a small picture, filled up to the
budget. What the control of a line is tested with, whatever the product's encoder does.
"""

import asyncio
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
from aiortc import RTCRtpSender
from aiortc.mediastreams import MediaStreamTrack

from media.quality.line_state import PictureBudget

FRAMES_S = 30
KEY_FRAME_BYTES = 6500
LEAST_FRAME_BYTES = 200
MOST_BIT_S = 1_500_000
LONGEST_WAIT_S = 0.1
DEBT_S = 0.25  # of the budget: how far key frames may run ahead of it


class ObeyingPicture(MediaStreamTrack):
    kind = "video"

    def __init__(self, budget: Callable[[], PictureBudget], seed: int) -> None:
        super().__init__()
        self._budget = budget
        self._random = random.Random(seed)
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._frame = 0
        self._debt_bytes = 0.0
        self._is_key_wanted = True
        self._encoder = av.CodecContext.create("libvpx", "w")
        self._encoder.width, self._encoder.height = 160, 120
        self._encoder.pix_fmt, self._encoder.time_base = "yuv420p", Fraction(1, FRAMES_S)
        self._encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
        self._image = av.VideoFrame(160, 120, "yuv420p")
        for plane in self._image.planes:
            plane.update(bytes([120]) * plane.buffer_size)

    def take_the_place_of(self, sender: RTCRtpSender) -> None:
        """Of the picture of a link."""
        sender.replaceTrack(self)
        vars(sender)["_send_keyframe"] = self._want_key_frame

    def _want_key_frame(self) -> None:
        self._is_key_wanted = True

    async def recv(self) -> Any:
        while True:
            self._frame += 1
            await asyncio.sleep(max(0.0, self._began + self._frame / FRAMES_S - self._now()))
            budget = self._budget()
            bit_s = min(MOST_BIT_S, budget.bit_s)
            self._debt_bytes = max(0.0, self._debt_bytes - bit_s / 8 / FRAMES_S)
            if budget.waiting_s <= LONGEST_WAIT_S and self._debt_bytes <= DEBT_S * bit_s / 8:
                return self._made(bit_s)

    def _made(self, bit_s: int) -> "av.Packet[Any]":
        is_key, self._is_key_wanted = self._is_key_wanted, False
        self._image.pts = self._frame
        kinds = av.video.frame.PictureType
        self._image.pict_type = kinds.I if is_key else kinds.NONE
        [packet] = self._encoder.encode(self._image)
        size = KEY_FRAME_BYTES if is_key else max(LEAST_FRAME_BYTES, bit_s // 8 // FRAMES_S)
        data = bytes(packet)
        data += self._random.randbytes(max(0, size - len(data)))  # no decoder reads so far
        self._debt_bytes += len(data)
        filled = av.Packet(data)
        filled.pts, filled.time_base = self._frame * 3000, Fraction(1, 90_000)
        return filled
