"""A picture over a lossy line on a clock of its own: a far side that repeats what is asked for,
the way there and back, and our real buffer, asking and pace. Nothing is decoded."""

import heapq
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count as numbers
from itertools import pairwise
from statistics import median
from typing import Any

from aiortc.rtcrtpreceiver import TimestampMapper
from aiortc.rtp import RtpPacket

from media.rtc.arrival_buffer import ArrivalBuffer
from media.rtc.asking_again import AskingAgain
from media.rtc.picture_arrival import PictureArrival
from media.rtc.rtp_mends import SENT_REMEMBERED

FRAME_S = 1 / 30
KEY_HEADER = b"\x10\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01"
INTER_HEADER = b"\x11\x00\x00"
KEY_PACKETS = 5
TICK_S = 0.01


@dataclass
class StandInFrame:
    pts: int


@dataclass
class FakeReceiver:
    """Has what stock's receiver has of our parts, and sends into the line."""

    line: "PictureLine"
    parts: tuple[ArrivalBuffer, AskingAgain]

    def __post_init__(self) -> None:
        vars(self)["_RTCRtpReceiver__jitter_buffer"] = self.parts[0]
        vars(self)["_RTCRtpReceiver__nack_generator"] = self.parts[1]
        vars(self)["_RTCRtpReceiver__timestamp_mapper"] = TimestampMapper()
        vars(self)["_RTCRtpReceiver__codecs"] = {}

    async def _handle_rtcp_packet(self, packet: object) -> None:
        """No reports come over this line."""

    async def _send_rtcp_nack(self, ssrc: int, lost: list[int]) -> None:
        self.line.asked(lost)

    async def _send_rtcp_pli(self, ssrc: int) -> None:
        self.line.key_asked()


@dataclass
class Shown:
    at_s: float
    picture: int
    delay_s: float  # beyond its capture


@dataclass
class PictureLine:
    """`loss` 0..1 of each packet, both ways; `jitter_s` at most, in order or not."""

    seed: int
    loss: float
    round_trip_s: float
    jitter_s: float = 0.0
    is_in_order: bool = True
    repeat_again_s: float = 0.15  # the far side answers no sooner for the same packet
    most_packets: int = 3
    first_number: int = 65_000
    now: float = 100.0
    shown: list[Shown] = field(default_factory=list)
    keys_sent: int = 0
    packets_sent: int = 0
    repeats_sent: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = numbers()
        self._number = self.first_number
        self._picture = 0
        self._history: dict[int, RtpPacket] = {}
        self._repeated_at: dict[int, float] = {}
        self._is_key_wanted = True
        self._last_there = 0.0
        clock = self.clock
        self.buffer = ArrivalBuffer(capacity=512, is_video=True, clock=clock)
        self.asking = AskingAgain(clock)
        receiver: Any = FakeReceiver(self, (self.buffer, self.asking))
        self.arrival = PictureArrival(receiver, self._tell, nothing, nothing, clock)

    def clock(self) -> float:
        return self.now

    def run(self, seconds: float) -> None:
        """From the first picture on."""
        self._at(self.now, self._send_picture)
        self._at(self.now, self._tick)
        self.run_on(seconds)

    def run_on(self, seconds: float) -> None:
        until = self.now + seconds
        while self._events and self._events[0][0] <= until:
            self.now, _, act = heapq.heappop(self._events)
            act()

    # --- the far side --------------------------------------------------------------------------

    def _send_picture(self) -> None:
        is_key, self._is_key_wanted = self._is_key_wanted, False
        self.keys_sent += is_key
        size = KEY_PACKETS if is_key else self._chance.randint(1, self.most_packets)
        for index in range(size):
            packet: Any = RtpPacket(
                payload_type=97,
                marker=int(index == size - 1),
                sequence_number=self._number % 0x10000,
                timestamp=self._picture * 3000 % 2**32,
                ssrc=7,
            )
            header = KEY_HEADER if is_key else INTER_HEADER
            packet.payload = b"\x10" + header if index == 0 else b"\x00"
            packet._data = (header if index == 0 else b"") + self._picture.to_bytes(4, "big")
            self._history[packet.sequence_number % SENT_REMEMBERED] = packet
            self._number += 1
            self.packets_sent += 1
            self._send(packet)
        self._picture += 1
        self._at(self.now + FRAME_S, self._send_picture)

    def _repeat(self, number: int) -> None:
        packet = self._history.get(number % SENT_REMEMBERED)
        if packet is None or packet.sequence_number != number:
            return
        if self.now - self._repeated_at.get(number, -1.0) < self.repeat_again_s:
            return
        self._repeated_at[number] = self.now
        self.repeats_sent += 1
        repeat: Any = RtpPacket(
            payload_type=97,
            marker=packet.marker,
            sequence_number=number,
            timestamp=packet.timestamp,
            ssrc=7,
        )
        repeat.payload, repeat._data = packet.payload, vars(packet)["_data"]
        repeat.is_repeat = True
        self._send(repeat)

    def _send(self, packet: RtpPacket) -> None:
        there = self.now + self.round_trip_s / 2 + self._chance.uniform(0, self.jitter_s)
        if self.is_in_order:
            there = self._last_there = max(there, self._last_there)
        if self._chance.random() >= self.loss:
            self._at(there, lambda: self._packet_came(packet))

    # --- here ----------------------------------------------------------------------------------

    def asked(self, lost: list[int]) -> None:
        if self._chance.random() >= self.loss:
            for number in lost:
                self._at(self.now + self.round_trip_s / 2, lambda n=number: self._repeat(n))  # type: ignore[misc]  # default binds it

    def key_asked(self) -> None:
        if self._chance.random() >= self.loss:
            self._at(self.now + self.round_trip_s / 2, self._key_is_wanted)

    def _key_is_wanted(self) -> None:
        self._is_key_wanted = True

    def _packet_came(self, packet: RtpPacket) -> None:
        if self.asking.add(packet):
            self.asked(sorted(self.asking.missing))
        is_key_due, run = self.buffer.add(packet)
        if is_key_due:
            self.key_asked()
        if run is not None:
            earlier: list[tuple[bytes, int]] = getattr(run, "earlier", [])
            for _, ticks in [*earlier, (run.data, 0)]:
                frame: Any = StandInFrame(run.timestamp - ticks)
                self.arrival.came(frame)

    def _tick(self) -> None:
        finished(self.arrival._tick(self.now))
        due_at = self.arrival._pace.next_due_at()
        wait_s = TICK_S if due_at is None else min(TICK_S, max(1e-6, due_at - self.now))
        self._at(self.now + wait_s, self._tick)

    def _tell(self, frame: Any) -> None:
        picture = frame.pts // 3000
        self.shown.append(Shown(self.now, picture, self.now - 100.0 - picture * FRAME_S))

    def _at(self, time: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._order), act))


@dataclass(frozen=True)
class Seen:
    """What a viewer had, of the time from `since_s` on."""

    freezes: int
    frozen_s: float
    delay_s: float  # median
    late_delay_s: float  # 95th percentile


def seen(shown: list[Shown], since_s: float) -> Seen:
    told = [each for each in shown if each.at_s >= 100.0 + since_s]
    gaps = [b.at_s - a.at_s for a, b in pairwise(told)]
    frozen = [gap for gap in gaps if gap > 0.2]
    delays = sorted(each.delay_s for each in told)
    return Seen(len(frozen), sum(frozen), median(delays), delays[int(0.95 * (len(delays) - 1))])


def finished(work: Coroutine[Any, Any, None]) -> None:
    """Runs to its end what never waits."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def nothing() -> None:
    """No beats, no voice."""
