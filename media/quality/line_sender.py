"""All that leaves us on one line: numbered, paced, the voice first, and never more than it bears.

Pure: the time is told, and who sends asks what may leave now. `media/rtc/line_control.py` and the
simulator of the tests are its two drivers.
"""

from collections import deque

from media.quality.congestion_control import CongestionControl
from media.quality.line_state import LineState, PictureBudget
from media.quality.pacer import Pacer, PicturePacket
from media.quality.probing import Burst
from media.quality.repeat_budget import SHARE, RepeatBudget
from media.quality.sent_log import NOT_A_PROBE, SentLog
from media.quality.transport_feedback import Feedback

PADDING_WIRE_BYTES = 330  # 255 of padding, which one byte counts, and the headers
PICTURE_HEADERS_BYTES = 68  # a packet: IP, UDP, RTP, its extensions, VP8's, the authentication
PICTURE_SHARE = 0.95
ASSUMED_VOICE_BIT_S = 45_000.0
METER_S = 1.0
ASKS_WITHOUT_PICTURE_AFTER_S = 2.0
STALE_S = 0.2  # of backlog, at the rate to which a line fell


class RateMeter:
    """Of the last second."""

    def __init__(self) -> None:
        self._left: deque[tuple[float, int]] = deque()
        self._bytes = 0

    def add(self, count_bytes: int, now_s: float) -> None:
        self._left.append((now_s, count_bytes))
        self._bytes += count_bytes
        self._forget(now_s)

    def bit_s(self, now_s: float) -> float:
        self._forget(now_s)
        return self._bytes * 8 / METER_S

    def packets_s(self, now_s: float) -> float:
        self._forget(now_s)
        return len(self._left) / METER_S

    def _forget(self, now_s: float) -> None:
        while self._left and self._left[0][0] < now_s - METER_S:
            self._bytes -= self._left.popleft()[1]


class LineSender:
    def __init__(self, control: CongestionControl, first_number: int = 0) -> None:
        self.control = control
        self._sent = SentLog(first_number)
        self._pacer = Pacer()
        self._repeats = RepeatBudget()
        self._voice, self._pictures = RateMeter(), RateMeter()
        self._beside = RateMeter()  # repeats and padding
        self._repairs = RateMeter()
        self._first_voice_s: float | None = None
        self._has_picture = False
        self.may_pad = True

    # --- what leaves -----------------------------------------------------------------------

    def voice_leaves(self, wire_bytes: int, now_s: float) -> int:
        """At once; the number to write into it."""
        if self._first_voice_s is None:
            self._first_voice_s = now_s
        self._voice.add(wire_bytes, now_s)
        return self._leaves(wire_bytes, now_s)

    def put(self, packet: PicturePacket) -> set[int]:
        """The sources that must send a key frame, because the backlog was thrown away."""
        self._has_picture = True
        self._pacer.put(packet)
        if self._pacer.is_too_long(self.control.target_bit_s):
            return self._pacer.throw_away()
        return set()

    def take(self, now_s: float) -> tuple[PicturePacket | None, int] | None:
        """The next to leave and its number, the packet None for padding; None: nothing yet."""
        burst = self._burst(now_s)
        packet = self._pacer.take(now_s)
        if packet is not None:
            self._meter_of(packet).add(packet.wire_bytes, now_s)
            wire_bytes = packet.wire_bytes
        elif burst is not None and self.may_pad and not self._pacer.wait_s(now_s):
            wire_bytes = PADDING_WIRE_BYTES
            self._beside.add(wire_bytes, now_s)
        else:
            return None
        pace_bit_s = burst.bit_s if burst is not None else self.control.pace_bit_s
        self._pacer.left(wire_bytes, pace_bit_s, now_s)
        return packet, self._leaves(wire_bytes, now_s)

    def _meter_of(self, packet: PicturePacket) -> RateMeter:
        if packet.is_repair:
            return self._repairs
        return self._beside if packet.is_repeat else self._pictures

    def wait_s(self, now_s: float) -> float | None:
        """Until `take` has something again; None: not before something happens."""
        is_bursting = self.may_pad and self._burst(now_s) is not None
        if self._pacer.is_empty and not is_bursting:
            return None
        return self._pacer.wait_s(now_s)

    def _leaves(self, wire_bytes: int, now_s: float) -> int:
        burst = self._burst(now_s)
        if burst is None:
            return self._sent.left(wire_bytes, now_s, NOT_A_PROBE)
        number = self._sent.left(wire_bytes, now_s, burst.number)
        self.control.burst_left(wire_bytes, now_s)
        return number

    def _burst(self, now_s: float) -> Burst | None:
        """Also where no picture ever came, of a line taken for too narrow for one: a voice alone
        would never show that it is not.
        """
        since_s = self._first_voice_s
        has_spoken = since_s is not None and now_s - since_s > ASKS_WITHOUT_PICTURE_AFTER_S
        if not self._has_picture and not has_spoken:
            return None
        return self.control.burst(now_s, has_picture=self._has_picture)

    # --- repeats ---------------------------------------------------------------------------

    def begins(self, source: int, number: int) -> None:
        """A key frame begins with this packet: nothing before it is sent again."""
        self._repeats.begins(source, number)

    def may_repeat(self, source: int, number: int, wire_bytes: int, now_s: float) -> bool:
        target_bit_s = self.control.target_bit_s
        return self._repeats.may_repeat(
            source,
            number,
            wire_bytes=wire_bytes,
            target_bit_s=target_bit_s,
            waiting_s=self._pacer.waiting_s(target_bit_s) + (self.control.queue_s or 0.0),
            now_s=now_s,
        )

    # --- what is heard, and what is told ---------------------------------------------------

    def heard(self, feedback: Feedback, now_s: float) -> set[int]:
        """The sources that must send a key frame, as from `put`: what waits for a line that was
        wide would be late, and much of what it builds upon was lost in its queue.
        """
        self.control.heard(self._sent.answered(feedback), now_s)
        is_stale = self._pacer.waiting_s(self.control.target_bit_s) > STALE_S
        return self._pacer.throw_away() if is_stale and self.control.is_flooded else set()

    def passed(self, now_s: float) -> None:
        """To be called some times a second, whatever comes."""
        self.control.passed(now_s, self._sent.is_anything_unanswered)

    def state(self) -> LineState:
        return self.control.state()

    def budget(self, now_s: float) -> PictureBudget:
        """For all pictures together."""
        return PictureBudget(
            self._left_for_pictures(self.control.target_bit_s, now_s),
            self._pacer.waiting_s(self.control.pace_bit_s),
            self._left_for_pictures(self.control.soon_bit_s, now_s),
        )

    def _left_for_pictures(self, target_bit_s: float, now_s: float) -> int:
        voice_bit_s = self._voice.bit_s(now_s)
        if self._first_voice_s is None or now_s - self._first_voice_s < METER_S:
            voice_bit_s = max(voice_bit_s, ASSUMED_VOICE_BIT_S)
        beside_bit_s = min(self._beside.bit_s(now_s), SHARE * target_bit_s)  # more will not come
        left_bit_s = target_bit_s - voice_bit_s - beside_bit_s
        pictures_bit_s = self._pictures.bit_s(now_s)
        if pictures_bit_s:  # each picture brings its repairs
            left_bit_s /= 1 + min(1.0, self._repairs.bit_s(now_s) / pictures_bit_s)
        headers_bit_s = self._pictures.packets_s(now_s) * PICTURE_HEADERS_BYTES * 8
        return max(0, int(PICTURE_SHARE * left_bit_s - headers_bit_s))
