"""Our picture as aiortc's track: already coded, in the size and at the rate that the line carries.

The sender only packs it. Each link has a track and an encoder of its own. Where libvpx is not the
one we know, stock's encoder is used instead (`picture_fall_back`).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from fractions import Fraction

import av
from aiortc import RTCPeerConnection, RTCRtpCodecParameters, RTCRtpSender
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import FFmpegError
from av.stream import Stream

from app.domain.failures import Rejected
from media.picture import h264_encoder, vp8_check
from media.picture.encoder_load import EncoderLoad
from media.picture.h264_encoder import H264Encoder
from media.picture.key_frame_wishes import KeyFrameWishes
from media.picture.picture_encoder import TICKS_PER_S, EncodedPicture, PictureEncoder
from media.picture.picture_figures import PictureFigures, PictureMeter
from media.picture.picture_sizes import (
    HD,
    NONE_BELOW_BIT_S,
    PAUSED,
    PictureBounds,
    PictureForm,
    PictureSizes,
    forms_of,
)
from media.picture.planes import Scaler, planes_of
from media.picture.vp8_encoder import Vp8Encoder
from media.quality.line_state import PictureBudget
from media.rtc.local_tracks import I420Picture, PictureFeed
from media.rtc.picture_fall_back import StockPicture
from media.rtc.picture_turns import DARK, DARK_EVERY_S, PictureTurns

log = logging.getLogger(__name__)

START_BIT_S = 600_000  # until somebody tells what the line carries
START_FRAMES_PER_S = 30.0
LONGEST_WAIT_S = 0.1  # of what was handed over before; on a slow line one and a half frames
LONGEST_WAIT_FRAMES = 1.5
REST_AFTER_FAULT_S = 1.0
FAULTS = (RuntimeError, ValueError, FFmpegError)  # of libvpx, of who scales, of libx264
DARK_FORM = PictureForm(DARK.width, DARK.height, 1 / DARK_EVERY_S, 0.0)


def start_budget() -> PictureBudget:
    return PictureBudget(START_BIT_S, 0.0)


class PictureOut(MediaStreamTrack):
    """`budget` is asked before each picture; `bounds` may be set at any time. On the loop only."""

    kind = "video"
    least_bit_s = NONE_BELOW_BIT_S  # no picture is sent below it

    def __init__(self, feed: PictureFeed, executor: Executor | None = None) -> None:
        super().__init__()
        self.budget: Callable[[], PictureBudget] = start_budget
        self.bounds: PictureBounds = HD
        self._executor = executor  # None: the loop's own
        loop = asyncio.get_running_loop()
        self._now, self._in_worker = loop.time, loop.run_in_executor
        self._started_at = self._now()
        self._turns = PictureTurns(feed)
        self._sizes = PictureSizes()
        self._load = EncoderLoad()
        self.may_shrink = True  # when this machine is too slow for the size: a face's may
        self._wishes = KeyFrameWishes()
        self._meter = PictureMeter()
        self._scaler = Scaler()
        self._encoder: PictureEncoder | None = None
        self._is_h264 = False
        self._frames_per_s = START_FRAMES_PER_S
        self._at_ticks = -1
        self._was_paused = False
        self.when_made: Callable[[int, int], None] = lambda ticks, sequence: None

    @property
    def is_dark_sent(self) -> bool:
        """Without a camera: else the last picture stands at the far end."""
        return self._turns.is_dark_sent

    @is_dark_sent.setter
    def is_dark_sent(self, is_sent: bool) -> None:
        self._turns.is_dark_sent = is_sent

    async def recv(self) -> "av.Packet[Stream]":
        """The next picture that is worth its bits; nothing comes while there is no room for any."""
        while True:
            picture = await self._turns.next(self._frames_per_s)
            if self.readyState != "live":
                raise MediaStreamError
            budget, now = self.budget(), self._now()
            form = self._form(now, picture, budget.for_size_bit_s)
            if form is None:
                self._was_paused = True
                continue
            if picture is not DARK:
                self._frames_per_s = form.frames_per_s
            if self._was_paused:  # whoever looks now has seen nothing: as after a join
                self._was_paused = False
                self._wishes = KeyFrameWishes()
            if budget.waiting_s > max(LONGEST_WAIT_S, LONGEST_WAIT_FRAMES / form.frames_per_s):
                self._meter.left_out()
                continue
            ticks = int((now - self._started_at) * TICKS_PER_S)
            self._at_ticks = max(self._at_ticks + 1, ticks)
            if (made := await self._made(picture, form, budget.bit_s)) is not None:
                return made

    def codec_is(self, mime_type: str) -> None:
        """What both sides agreed on; known when the first picture is asked for."""
        self._is_h264 = mime_type.lower() == "video/h264"

    def hurry(self) -> None:
        """Before the first picture, on a link that was up before the click."""
        self._wishes = KeyFrameWishes(is_hurried=True)

    def stop(self) -> None:
        """Stock's sender calls it at its end."""
        super().stop()
        self._encoder = None

    def wish_key_frame(self) -> None:
        """From the far side or from us; takes the place of the sender's `_send_keyframe`."""
        self._wishes.wish(self._now(), self.budget().bit_s)

    def figures(self) -> PictureFigures:
        return self._meter.figures(self._now())

    def _form(self, now: float, picture: I420Picture, bit_s: int) -> PictureForm | None:
        if picture is not DARK:
            bounds = self._bounds(picture.width, picture.height)
            return self._sizes.form(now, bit_s, picture.width, picture.height, bounds)
        # A dark picture fits every line and teaches nothing of the scene.
        return DARK_FORM if bit_s >= self.least_bit_s and self.bounds != PAUSED else None

    def _bounds(self, width: int, height: int) -> PictureBounds:
        most = self.bounds.long_side
        if self.may_shrink:
            most = min(most, self._load.long_side_most)
        if self._is_h264:
            most = min(most, h264_encoder.long_side_most(width, height))
        return PictureBounds(most, self.bounds.frames_per_s)

    async def _made(
        self, picture: I420Picture, form: PictureForm, bit_s: int
    ) -> "av.Packet[Stream] | None":
        at_ticks = self._at_ticks
        try:
            encoded, quantizer, took_s = await self._in_worker(
                self._executor, self._encode, picture, form, bit_s, at_ticks, self._wishes.is_due
            )
        except Rejected:
            self._meter.left_out()
            return None
        except FAULTS as error:
            log.warning("the picture's encoder is made anew: %s", error)
            self._encoder = None
            await asyncio.sleep(REST_AFTER_FAULT_S)
            return None
        now = self._now()
        is_key = encoded is not None and encoded.is_key
        self._load.told(now, took_s, max(form.size))
        if form is not DARK_FORM:
            seen = quantizer if encoded is not None else None
            self._sizes.told(now, form, quantizer=seen, is_key=is_key)
        if encoded is None:
            self._meter.left_out()
            return None
        if is_key:
            self._wishes.sent(now, len(encoded.data))
        self._meter.sent(now, form.size, len(encoded.data), is_key=is_key)
        self.when_made(at_ticks, picture.sequence)
        packet = av.Packet(encoded.data)
        packet.pts, packet.time_base = at_ticks, Fraction(1, TICKS_PER_S)
        return packet

    def _encode(
        self, picture: I420Picture, form: PictureForm, bit_s: int, at_ticks: int, is_key: bool
    ) -> tuple[EncodedPicture | None, int, float]:
        """In a worker; one at a time, because each is waited for."""
        began_s = time.monotonic()
        encoder = self._encoder
        if encoder is None or not encoder.can_take(form.width, form.height):
            encoder = self._encoder = self._new_encoder(picture)
        encoder.hurry(self._load.speed)
        encoder.set(form.width, form.height, bit_s, form.frames_per_s)
        planes = planes_of(picture.width, picture.height, picture.data)
        scaled = self._scaler.scaled(planes, form.width, form.height)
        encoded = encoder.encode(scaled, at_ticks, is_key_wanted=is_key)
        return encoded, encoder.quantizer, time.monotonic() - began_s

    def _new_encoder(self, picture: I420Picture) -> PictureEncoder:
        if self._is_h264:
            return H264Encoder()
        largest = forms_of(picture.width, picture.height, HD)[0]
        return Vp8Encoder(largest.width, largest.height)


def picture_of(feed: PictureFeed) -> PictureOut | StockPicture:
    """For one link; on the loop."""
    if (reason := vp8_check.fault()) is None:
        return PictureOut(feed)
    log.warning("stock's encoder makes the picture, and none on a slow line: %s", reason)
    return StockPicture(feed, start_budget)


def add_picture(connection: RTCPeerConnection, track: PictureOut | StockPicture) -> None:
    sender = connection.addTrack(track)
    if isinstance(track, PictureOut):
        give_coded(sender, track)


def give_coded(sender: RTCRtpSender, track: PictureOut) -> None:
    """PLI, FIR and the first picture's burst end at the track, as the sender's flag moves nothing
    there; and the track hears which codec the two sides agreed on.
    """

    async def next_frame(codec: RTCRtpCodecParameters) -> object:
        track.codec_is(codec.mimeType)
        return await RTCRtpSender._next_encoded_frame(sender, codec)

    vars(sender)["_send_keyframe"] = track.wish_key_frame
    vars(sender)["_next_encoded_frame"] = next_frame
