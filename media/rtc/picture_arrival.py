"""All that belongs to one picture coming in, tied together: hole, asking again, pace, figures.

The parts are pure and stand in their own files; here is the clock, and the way to the far side.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import av
from aiortc import RTCRtpReceiver

from media.quality.arrival_count import ArrivalCount, FreezeWatch
from media.rtc.arrival_buffer import ArrivalBuffer
from media.rtc.asking_again import AskingAgain
from media.rtc.packet_numbers import PICTURE_HZ
from media.rtc.picture_pace import PicturePace

TICK_S = 0.01


class PictureArrival:
    """Of one receiver of a picture, from the moment it is made."""

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        tell: Callable[[av.VideoFrame], None],
        beat_round_trip_s: Callable[[], float | None],
        clock: Callable[[], float],
    ) -> None:
        """`beat_round_trip_s` serves until an asking was answered; `clock` is monotonic."""
        self._receiver = receiver
        self._tell = tell
        self._beat_round_trip_s = beat_round_trip_s
        self._clock = clock
        buffer, asking = parts_of(receiver)
        self._assembly, self._asking = buffer.pictures, asking
        self._count = self._assembly.count = asking.count
        self._pace: PicturePace[av.VideoFrame] = PicturePace(self._count)
        self._freezes = FreezeWatch(self._count)

    @property
    def count(self) -> ArrivalCount:
        """As of now; a copy."""
        return replace(self._count)

    @property
    def picture_delay_s(self) -> float:
        """By how much pictures are shown later than the fastest of them could be."""
        return self._pace.delay_s

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
            self._tell(frame)

    def _learn_round_trip(self) -> None:
        if self._asking.round_trip_s is None:
            self._asking.round_trip_s = self._beat_round_trip_s()
        if (round_trip_s := self._asking.round_trip_s) is not None:
            self._assembly.round_trip_is(round_trip_s)
            self._pace.round_trip_is(round_trip_s)


def parts_of(receiver: RTCRtpReceiver) -> tuple[ArrivalBuffer, AskingAgain]:
    """What our parts put into stock's receiver of a picture."""
    inside = receiver.__dict__
    buffer = inside["_RTCRtpReceiver__jitter_buffer"]
    asking = inside["_RTCRtpReceiver__nack_generator"]
    assert isinstance(buffer, ArrivalBuffer) and isinstance(asking, AskingAgain)
    return buffer, asking
