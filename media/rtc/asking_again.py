"""Which of the picture's packets to ask for again (RFC 4585, 6.2.1), in place of stock's generator.

At once, but for what packets overtake each other by; again after a round trip, as far as it is of
use. On a long way a second asking follows the first: to lose it costs one more round trip. Stock
asks once. Pure: the time is told.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from aiortc.rtcrtpreceiver import NackGenerator
from aiortc.rtp import RtpPacket

from media.quality.arrival_count import ArrivalCount
from media.rtc.packet_numbers import NUMBERS, nearest
from media.rtc.picture_words import VP8, PictureWords

UNKNOWN_ROUND_TRIP_S = 0.1
SMOOTHING = 0.25  # of the newest round trip
UNCLEAR_IN_A_ROW = 4
LEAST_AGAIN_S = 0.04
AGAIN_ROUND_TRIPS, AGAIN_EXTRA_S = 1.05, 0.01
LONG_WAY_S, COPY_AFTER_S = 0.15, 0.025
MUCH_LOSS = 0.03
LOSS_SMOOTHING = 1 / 300  # of each packet
MOST_ASKED = 10  # times, for one packet
LEAST_AGE_S, AGE_ROUND_TRIPS = 0.6, 2.5  # older than this: given up by who waits for it, too
MOST_MISSING = 256
MOST_NEW = 200  # a step wider than this is no gap
MOST_ALLOWANCE_S = 0.05
FORGETTING = 0.9  # of the allowance, with each packet that was really lost
BEFORE_FIRST = 8  # a first packet that begins no key frame: so many before it may be lost
LEAST_OPEN_S, UNKNOWN_OPEN_S, OPEN_APART = 0.03, 0.1, 3.0  # times its packets came apart
APART_FORGETTING = 0.98  # with each packet


@dataclass(slots=True)
class _Gap:
    noticed_at: float
    asked: int = 0
    first_asked_at: float = 0.0
    asked_at: float = 0.0
    is_guess: bool = False  # nobody saw a later one: it may not even have been sent


class AskingAgain(NackGenerator):
    """Stock asks for all in `missing` when `add` says so; here these are the ones due now."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.count = ArrivalCount()
        self.ssrc: int | None = None
        self.words_of: Callable[[int], PictureWords] = lambda payload_type: VP8
        self.round_trip_s: float | None = None  # as askings are answered
        self._clock = clock
        self._gaps: dict[int, _Gap] = {}
        self._newest: int | None = None
        self._allowance_s = 0.0
        self._loss_share = 0.0
        self._unclear: list[float] = []
        self._open_since: float | None = None  # when a picture's newest packet came, not its last
        self._timestamp = 0
        self._apart_s: float | None = None  # as packets of one picture come, the slowest

    def add(self, packet: RtpPacket) -> bool:
        """Whether something is to be asked for now."""
        now = self._clock()
        self.ssrc = packet.ssrc
        if self._newest is None:
            self._newest = packet.sequence_number + NUMBERS
            words = self.words_of(packet.payload_type)
            if packet.payload and not words.begins_key_packet(packet.payload):
                self._guess(range(self._newest - BEFORE_FIRST, self._newest), now)
        number = nearest(packet.sequence_number, self._newest, NUMBERS)
        if abs(number - self._newest) > MOST_NEW:
            self._gaps.clear()
            self._newest = number
        for missing in range(self._newest + 1, number):
            self._gaps.setdefault(missing, _Gap(now)).is_guess = False
            self._loss_share += LOSS_SMOOTHING * (1 - self._loss_share)
        self._loss_share -= LOSS_SMOOTHING * self._loss_share
        if number >= self._newest:
            self._newest = number
            self._goes_on(packet, now)
        if (gap := self._gaps.pop(number, None)) is not None:
            self._came(gap, getattr(packet, "is_repeat", None), now)
        while len(self._gaps) > MOST_MISSING:
            self._gaps.pop(next(iter(self._gaps)))
        self.missing = set(self.due(now))
        return bool(self.missing)

    def due(self, now: float) -> list[int]:
        """Numbers, of 16 bit, to be asked for now; they count as asked for."""
        way = self.round_trip_s if self.round_trip_s is not None else UNKNOWN_ROUND_TRIP_S
        self._see_open_picture(now)
        oldest = now - max(LEAST_AGE_S, AGE_ROUND_TRIPS * way)
        for number in [number for number, gap in self._gaps.items() if gap.noticed_at < oldest]:
            del self._gaps[number]
        due = [number for number, gap in self._gaps.items() if self._is_due(gap, now, way)]
        for number in due:
            gap = self._gaps[number]
            gap.first_asked_at = gap.first_asked_at if gap.asked else now
            gap.asked, gap.asked_at = gap.asked + 1, now
        self.count.asked_again += len(due)
        return sorted(number % NUMBERS for number in due)

    def forget_before(self, number: int) -> None:
        """What is older than this number, of 16 bit, is of no use to anybody any more."""
        if self._newest is not None and self._gaps:
            oldest = nearest(number, self._newest, NUMBERS)
            self._gaps = {n: gap for n, gap in self._gaps.items() if n >= oldest}

    def begin_anew(self) -> None:
        self._gaps.clear()
        self._newest = self._open_since = None
        self.missing.clear()

    def _guess(self, numbers: range, now: float) -> None:
        for number in numbers:
            self._gaps.setdefault(number, _Gap(now, is_guess=True))

    def _goes_on(self, packet: RtpPacket, now: float) -> None:
        """Whether the picture of the newest packet has more to come, and how soon that would be."""
        since, is_repeat = self._open_since, getattr(packet, "is_repeat", None)
        if since is not None and packet.timestamp == self._timestamp and not is_repeat:
            self._apart_s = max(APART_FORGETTING * (self._apart_s or 0.0), now - since)
        self._timestamp = packet.timestamp
        self._open_since = None if packet.marker or not packet.payload else now

    def _see_open_picture(self, now: float) -> None:
        """Its end may be lost, and the next picture, which would show it, may be a while."""
        if self._open_since is None or self._newest is None:
            return
        apart_s = self._apart_s
        wait_s = UNKNOWN_OPEN_S if apart_s is None else max(LEAST_OPEN_S, OPEN_APART * apart_s)
        if now - self._open_since >= wait_s:
            self._open_since = None
            self._guess(range(self._newest + 1, self._newest + 2), now)  # it has at least one more

    def _is_due(self, gap: _Gap, now: float, way: float) -> bool:
        if gap.asked >= MOST_ASKED:
            return False
        if gap.asked == 0:
            return now - gap.noticed_at >= self._allowance_s
        copies = (way >= LONG_WAY_S) + (self._loss_share > MUCH_LOSS)
        if gap.asked % (1 + copies):
            return now - gap.asked_at >= COPY_AFTER_S
        again_s = max(LEAST_AGAIN_S, AGAIN_ROUND_TRIPS * way + AGAIN_EXTRA_S)
        return now - gap.asked_at >= again_s

    def _came(self, gap: _Gap, is_repeat: bool | None, now: float) -> None:
        if not is_repeat and gap.is_guess:
            self.count.needless += gap.asked > 0
            return
        if not is_repeat:
            self._allowance_s = min(max(self._allowance_s, now - gap.noticed_at), MOST_ALLOWANCE_S)
            self.count.needless += gap.asked > 0
            self._loss_share = max(0.0, self._loss_share - LOSS_SMOOTHING)
            return
        self.count.recovered += 1
        self._allowance_s *= FORGETTING
        # A second asking makes it unclear which one was answered (but for the copy, sent at once).
        took_s, old = now - gap.first_asked_at, self.round_trip_s
        if old is not None and gap.asked_at - gap.first_asked_at >= old:
            self._learn_unclear(took_s)
            return
        self._unclear.clear()
        self.round_trip_s = took_s if old is None else old + SMOOTHING * (took_s - old)

    def _learn_unclear(self, took_s: float) -> None:
        """A way that became longer is asked twice each time: then the quickest answer tells."""
        self._unclear.append(took_s)
        if len(self._unclear) == UNCLEAR_IN_A_ROW:
            self.round_trip_s = min(self._unclear)
            self._unclear.clear()
