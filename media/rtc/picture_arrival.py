"""All that belongs to one picture coming in, tied together: hole, asking again, pace, figures.

The parts are pure and stand in their own files; here is the clock, and the way to the far side.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import av
from aiortc import RTCPeerConnection, RTCRtpCodecParameters, RTCRtpReceiver
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket

from media.quality.arrival_count import ArrivalCount, FreezeWatch
from media.rtc.arrival_buffer import ArrivalBuffer
from media.rtc.asking_again import AskingAgain
from media.rtc.lip_sync import FarClock, LipSync
from media.rtc.packet_numbers import PICTURE_HZ, VOICE_HZ
from media.rtc.picture_pace import PicturePace
from media.rtc.picture_words import VP8, PictureWords, words_of

TICK_S = 0.01
LOOK_AT_LIPS_EVERY_S = 0.5
LOUDSPEAKER_S = 0.04  # what it likes to have in hand


class PictureArrival:
    """Of one receiver of a picture, from the moment it is made."""

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        tell: Callable[[av.VideoFrame], None],
        beat_round_trip_s: Callable[[], float | None],
        next_heard: Callable[[], tuple[int, float] | None],
        clock: Callable[[], float],
    ) -> None:
        """`beat_round_trip_s` serves where askings were not answered; `next_heard` is the voice's
        (timestamp, time it is played); `clock` is monotonic, as are all times here, in seconds.
        """
        self._receiver = receiver
        self._tell = tell
        self._beat_round_trip_s = beat_round_trip_s
        self._next_heard = next_heard
        self._clock = clock
        buffer, asking = parts_of(receiver)
        buffer.words_of = asking.words_of = words_in(receiver)
        self._assembly, self._asking = buffer.pictures, asking
        self._count = self._assembly.count = asking.count
        self._pace: PicturePace[av.VideoFrame] = PicturePace(self._count)
        self._freezes = FreezeWatch(self._count)
        self._sync = LipSync(PICTURE_HZ, VOICE_HZ)
        self._shown: tuple[int, float] | None = None  # (timestamp, time) of the newest
        self._looked_at = clock()
        tap_reports(receiver, self._sync.picture)

    @property
    def count(self) -> ArrivalCount:
        """As of now; a copy."""
        return replace(self._count, delay_s=self.picture_delay_s, lip_offset_s=self._sync.offset_s)

    @property
    def picture_delay_s(self) -> float:
        """By how much pictures are shown later than the fastest of them could be."""
        return self._pace.delay_s

    def voice_comes(self, receiver: RTCRtpReceiver) -> None:
        """The voice that belongs to the picture: they shall be together."""
        tap_reports(receiver, self._sync.voice)

    def came(self, frame: av.VideoFrame) -> None:
        """A picture was decoded."""
        now = self._clock()
        self._pace.put(frame, (frame.pts or 0) / PICTURE_HZ, now)
        self._show(now)

    def far_camera_is(self, is_on: bool) -> None:
        self._freezes.far_camera_is(is_on)

    async def run(self) -> None:
        """For as long as the link lives."""
        while True:
            now = self._clock()
            due_at = self._pace.next_due_at()
            wait_s = TICK_S if due_at is None else min(TICK_S, max(0.0, due_at - now))
            await asyncio.sleep(wait_s)
            await self._tick(self._clock())

    async def _tick(self, now: float) -> None:
        self._show(now)
        self._learn_round_trip()
        self._see_lips(now)
        self._assembly.look(now)
        if (oldest := self._assembly.needed_from) is not None:
            self._asking.forget_before(oldest)
        if (ssrc := self._asking.ssrc) is None:
            return
        if lost := self._asking.due(now):
            await self._receiver._send_rtcp_nack(ssrc, lost)
        if self._assembly.is_key_due(now):
            await self._receiver._send_rtcp_pli(ssrc)

    def _show(self, now: float) -> None:
        frame = self._pace.take(now)
        if frame is not None:
            self._freezes.shown(now)
            self._shown = (frame.pts or 0) + origin_of(self._receiver), now
            self._tell(frame)

    def _see_lips(self, now: float) -> None:
        if now - self._looked_at < LOOK_AT_LIPS_EVERY_S:
            return
        self._looked_at = now
        heard = self._next_heard()
        if self._shown is not None and heard is not None:
            in_the_ear = heard[0], heard[1] + LOUDSPEAKER_S
            self._sync.looked(self._shown, in_the_ear, self._pace.delay_s)
            self._pace.wished_s = self._sync.wished_delay_s

    def _learn_round_trip(self) -> None:
        beat_s, asked_s = self._beat_round_trip_s(), self._asking.round_trip_s
        if beat_s is not None and (asked_s is None or asked_s < beat_s / 2):
            self._asking.round_trip_s = beat_s  # a way so much longer is not learned by asking
        if (round_trip_s := self._asking.round_trip_s) is not None:
            self._assembly.round_trip_is(round_trip_s)
            self._pace.round_trip_is(round_trip_s)
        self._assembly.patience_s = self._pace.delay_s


def parts_of(receiver: RTCRtpReceiver) -> tuple[ArrivalBuffer, AskingAgain]:
    """What our parts put into stock's receiver of a picture."""
    inside = receiver.__dict__
    buffer = inside["_RTCRtpReceiver__jitter_buffer"]
    asking = inside["_RTCRtpReceiver__nack_generator"]
    assert isinstance(buffer, ArrivalBuffer) and isinstance(asking, AskingAgain)
    return buffer, asking


def words_in(receiver: RTCRtpReceiver) -> Callable[[int], PictureWords]:
    """By payload type, as both sides agreed; that is known when the first packet comes."""
    codecs: dict[int, RTCRtpCodecParameters] = receiver.__dict__["_RTCRtpReceiver__codecs"]

    def words(payload_type: int) -> PictureWords:
        codec = codecs.get(payload_type)
        return VP8 if codec is None else words_of(codec.mimeType)

    return words


def receiver_of(connection: RTCPeerConnection, track: MediaStreamTrack) -> RTCRtpReceiver:
    """Who receives this track."""
    [receiver] = [each for each in connection.getReceivers() if each.track is track]
    return receiver


def origin_of(receiver: RTCRtpReceiver) -> int:
    """What stock takes off the timestamps of what it decodes."""
    origin = receiver.__dict__["_RTCRtpReceiver__timestamp_mapper"]._origin
    return 0 if origin is None else int(origin)


def tap_reports(receiver: RTCRtpReceiver, clock: FarClock) -> None:
    """The sender reports of this receiver's stream are told to `clock`, too."""
    stock = receiver._handle_rtcp_packet

    async def handle(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            clock.reported(packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp)
        await stock(packet)

    vars(receiver)["_handle_rtcp_packet"] = handle
