"""Voice packets into one unbroken voice: how long to wait for the late, what to say for the lost.

It is asked for sound when sound is needed, and always answers. How long a packet may come late is
learned from how late they do come; to keep to that a pause is made shorter or longer, and only
where much is amiss the voice itself. Pure: the time is told, nothing is waited for here.
"""

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from app.domain.failures import Rejected
from media.audio.opus_decoder import OpusDecoder
from media.audio.opus_library import (
    FRAME_MAX_SAMPLES,
    RATE_HZ,
    repeats_the_one_before,
    samples_in,
)
from media.audio.time_stretch import STRETCHABLE, is_quiet, lengthened, shortened
from media.devices.sample_ring import Samples

FRAME = RATE_HZ // 50  # 20 ms: what is assumed where nothing is known
REMEMBERED = 500  # packets, ten seconds
IN_TIME = 0.96  # of them shall be
FIRST = 25  # packets: how late they come while both sides begin tells nothing of the line
FIRST_KEPT = 5
LEAST_WAIT, MOST_WAIT = RATE_HZ // 100, RATE_HZ * 4 // 10
SPARE = RATE_HZ * 4 // 1000  # beyond what is usual
LOSS_REMEMBERED = 1000  # packets after which a lost one is no reason to wait for copies
COPIES_ENDED = 50  # packets without one
# The voice may be later than wished by this before a pause is made shorter, and before the voice
# is; and earlier by this before it is made longer: then what comes late is missed.
SLACK_IN_PAUSE, SLACK, EARLY_SLACK = (RATE_HZ * ms // 1000 for ms in (5, 10, 6))
SMOOTH = 0.2  # of the newest of it: devices ask in blocks, so that one look tells little
HELD_BACK = RATE_HZ // 50  # a packet that is earlier than due by more is a pause's end
NEW_TIME = 4 * RATE_HZ
TOO_LATE = RATE_HZ // 2  # further behind than this is caught up in one step
MOST_WAITING = 100  # packets, two seconds
FAR_AWAY = 3000  # numbers: a new beginning of the far side
# Of guessing in a row: libopus holds a tone for very long, and a word that never ends is no word.
FADES_AFTER, SILENT_AFTER = RATE_HZ // 10, RATE_HZ * 4 // 10
RISE = RATE_HZ // 200  # 5 ms from silence to what is heard again


@dataclass(frozen=True, slots=True)
class VoicePacket:
    """`number` and `timestamp` as in RTP (RFC 3550), of 16 and 32 bit; `arrived_at` in seconds."""

    number: int
    timestamp: int
    payload: bytes
    arrived_at: float
    copied_after: int = 0  # it came along with a packet that is newer by so many samples


@dataclass(slots=True)
class PlayoutCount:
    """Samples since the beginning, by what they were made of."""

    heard: int = 0
    repeated: int = 0  # whole packets that came only along with a later one; heard as well
    recovered: int = 0  # from the coarse copy in the next packet
    guessed: int = 0
    silent: int = 0  # nothing was there to guess from
    stretched: int = 0  # frames that were made longer or shorter
    late: int = 0  # packets that came after their time

    @property
    def concealed_share(self) -> float:
        """Of all that was played while the far side spoke; what libwebrtc counts as concealed."""
        made_up = self.recovered + self.guessed
        return made_up / max(1, self.heard + made_up)


@dataclass(slots=True)
class _Waiting:
    timestamp: int
    payload: bytes
    length: int
    is_copy: bool


@dataclass(slots=True)
class _Place:
    """What is to be played next: a packet's number and its time, both without wrapping."""

    number: int
    timestamp: int


@dataclass(slots=True)
class PlayoutBuffer:
    decoder: OpusDecoder = field(default_factory=OpusDecoder)
    count: PlayoutCount = field(default_factory=PlayoutCount)
    _packets: dict[int, _Waiting] = field(default_factory=dict)
    _next: _Place | None = None
    _newest: _Place | None = None
    _lateness: deque[int] = field(default_factory=deque)
    _by_lateness: list[int] = field(default_factory=list)  # the same, the least first
    _came: int = 0  # packets since the far side began
    _since_loss: int = LOSS_REMEMBERED
    _copied_after: int = 0  # by how much later whole copies come, where there are any
    _since_copy: int = LOSS_REMEMBERED
    _wait: int = LEAST_WAIT
    _fastest: int = 0
    _is_playing: bool = False
    _guessed_now: int = 0  # in a row
    _owed: int = 0  # guessed while nothing newer was here: what is lost may be taken off it
    _frame: int = FRAME
    _loudness: float = 1.0
    _off: float = 0.0  # by how much the voice is earlier than wished, smoothed

    @property
    def has_begun(self) -> bool:
        """The far side has said something."""
        return self._next is not None

    @property
    def is_ready(self) -> bool:
        """What is due next is here; what is not may still come, or come along with a later one."""
        return not self._is_playing or self._is_next_here

    @property
    def _is_next_here(self) -> bool:
        return self._next is not None and self._next.number in self._packets

    @property
    def wait_s(self) -> float:
        """What is waited for late packets at present."""
        return self._wait / RATE_HZ

    @property
    def next_heard(self) -> tuple[int, float] | None:
        """(timestamp, of 32 bit, when it is handed out in seconds) of a sound yet to come."""
        if self._next is None:
            return None
        due = self._next.timestamp + self._fastest + self._wait
        return self._next.timestamp % 0x1_0000_0000, due / RATE_HZ

    def put(self, packet: VoicePacket) -> None:
        """Any order, any number of times; what is no voice packet is passed over."""
        length = samples_in(packet.payload)
        if length == 0:
            return
        number, timestamp = self._unwrapped(packet)
        if self._newest is None or abs(number - self._newest.number) > FAR_AWAY:
            self._begin(number, timestamp)
        assert self._newest is not None and self._next is not None
        if packet.copied_after:
            self._keep_copy(packet, number, timestamp, length)
            return
        self._learn(round(packet.arrived_at * RATE_HZ) - timestamp)
        self._frame = length
        if number > self._newest.number:
            self._newest = _Place(number, timestamp)
        if number < self._next.number:
            if self._is_playing:
                self.count.late += 1
                return
            self._next = _Place(number, timestamp)
        if len(self._packets) < MOST_WAITING:
            self._packets[number] = _Waiting(timestamp, packet.payload, length, False)

    def _keep_copy(self, packet: VoicePacket, number: int, timestamp: int, length: int) -> None:
        """Copies tell nothing of how late packets come; that one was needed tells of a loss."""
        assert self._newest is not None and self._next is not None
        in_same_packet = self._copied_after if self._since_copy == 0 else 0
        self._copied_after, self._since_copy = max(packet.copied_after, in_same_packet), 0
        is_due = self._next.number <= number < self._newest.number
        if is_due and number not in self._packets and len(self._packets) < MOST_WAITING:
            self._packets[number] = _Waiting(timestamp, packet.payload, length, True)
            self._since_loss = 0

    def take(self, now: float, surplus: int) -> Samples:
        """The next sound, 48 kHz, of a length of its own choice and never empty.

        `surplus`: by how many samples more is in hand than whoever takes likes to have.
        """
        if self._next is None:
            self.count.silent += FRAME
            return np.zeros(FRAME, dtype=np.int16)
        self._see_pause()
        ahead = self._ahead(now, surplus)
        if abs(ahead) > NEW_TIME:  # the far side counts anew, or we stood still
            assert self._newest is not None
            self._begin(self._newest.number, self._newest.timestamp)
            return np.zeros(FRAME // 2, dtype=np.int16)
        if not self._is_playing:
            if ahead > 0 or not self._packets:
                length = min(max(ahead, FRAME // 20), FRAME // 2)
                self.count.silent += length
                return np.zeros(length, dtype=np.int16)
            self._is_playing, self._off = True, 0.0
        if ahead > self._wait + HELD_BACK:  # a pause of the far side: its next word is not due yet
            return self._guessed(is_lost=False)
        if -ahead > TOO_LATE:
            self._catch_up(-ahead)
            ahead = self._ahead(now, surplus)
            self._off = ahead
        return self._stretched(self._frame_due(), ahead)

    # --- learning ------------------------------------------------------------------------------

    def _begin(self, number: int, timestamp: int) -> None:
        self._packets.clear()
        self._lateness.clear()
        self._by_lateness.clear()
        self._newest, self._next = _Place(number, timestamp), _Place(number, timestamp)
        self._is_playing, self._owed, self._guessed_now, self._came = False, 0, 0, 0

    def _unwrapped(self, packet: VoicePacket) -> tuple[int, int]:
        if self._newest is None:
            return packet.number + 0x10000, packet.timestamp + 0x1_0000_0000
        number = _nearest(packet.number, self._newest.number, 0x10000)
        return number, _nearest(packet.timestamp, self._newest.timestamp, 0x1_0000_0000)

    def _learn(self, way: int) -> None:
        """`way`: arrival less timestamp; only its changes mean something."""
        self._came += 1
        if self._came == FIRST:
            self._lateness = deque(list(self._lateness)[-FIRST_KEPT:])
            self._by_lateness = sorted(self._lateness)
        self._lateness.append(way)
        insort(self._by_lateness, way)
        if len(self._lateness) > REMEMBERED:
            oldest = self._lateness.popleft()
            del self._by_lateness[bisect_left(self._by_lateness, oldest)]
        ordered = self._by_lateness
        self._fastest = ordered[0]
        usual = ordered[min(len(ordered) - 1, int(IN_TIME * len(ordered)))] - self._fastest
        self._since_loss += 1
        self._since_copy += 1
        after = self._copied_after if self._since_copy < COPIES_ENDED else 0
        copies = max(self._frame, after) if self._since_loss < LOSS_REMEMBERED else 0
        self._wait = min(max(usual + SPARE + copies, LEAST_WAIT), MOST_WAIT)

    def _ahead(self, now: float, surplus: int) -> int:
        """How much earlier than wished the next sample would be heard; negative: later."""
        assert self._next is not None
        due = self._next.timestamp + self._fastest + self._wait
        return due - (round(now * RATE_HZ) + surplus)

    def _see_pause(self) -> None:
        """Who leaves silence out leaves no number out."""
        assert self._next is not None
        packet = self._packets.get(self._next.number)
        if packet is not None:
            self._next.timestamp = packet.timestamp

    # --- what is said next ---------------------------------------------------------------------

    def _frame_due(self) -> Samples:
        assert self._next is not None and self._newest is not None
        packet = self._packets.pop(self._next.number, None)
        if packet is not None:
            return self._heard(packet)
        if self._newest.number < self._next.number:
            return self._guessed(is_lost=False)  # late or silent: nothing is left out
        self._since_loss = 0
        if self._is_paid_off():
            return self._frame_due()
        successor = self._packets.get(self._next.number + 1)
        if successor is not None and repeats_the_one_before(successor.payload):
            return self._recovered(successor)
        return self._guessed(is_lost=True)

    def _heard(self, packet: _Waiting) -> Samples:
        assert self._next is not None
        self._next = _Place(self._next.number + 1, packet.timestamp + packet.length)
        self._guessed_now = self._owed = 0
        try:
            samples = self.decoder.decode(packet.payload)
        except Rejected:
            return self._made_up(packet.length)
        self.count.heard += len(samples)
        self.count.repeated += len(samples) * packet.is_copy
        return self._risen(samples)

    def _recovered(self, successor: _Waiting) -> Samples:
        assert self._next is not None
        length = min(self._frame, max(successor.timestamp - self._next.timestamp, FRAME // 8))
        self._next = _Place(self._next.number + 1, successor.timestamp)
        try:
            samples = self.decoder.recover(successor.payload, length // 120 * 120)
        except Rejected:
            return self._made_up(length)
        self._guessed_now = 0
        self.count.recovered += len(samples)
        return self._risen(samples)

    def _guessed(self, *, is_lost: bool) -> Samples:
        assert self._next is not None
        if is_lost:
            length = self._length_of_lost()
            self._next = _Place(self._next.number + 1, self._next.timestamp + length)
            return self._made_up(length)
        self._owed += self._frame // 2
        return self._made_up(self._frame // 2)

    def _length_of_lost(self) -> int:
        """By its successor where that is here: the far side may change how long packets are."""
        assert self._next is not None
        successor = self._packets.get(self._next.number + 1)
        told = 0 if successor is None else successor.timestamp - self._next.timestamp
        return told if FRAME // 8 <= told <= FRAME_MAX_SAMPLES else self._frame

    def _made_up(self, length: int) -> Samples:
        length = max(120, length // 120 * 120)  # libopus guesses in steps of 2.5 ms
        before, self._guessed_now = self._guessed_now, self._guessed_now + length
        if before >= SILENT_AFTER:
            self.count.silent += length
            return np.zeros(length, dtype=np.int16)
        self.count.guessed += length
        return self._swelled(self.decoder.conceal(length), _loudness(self._guessed_now))

    def _risen(self, samples: Samples) -> Samples:
        """What is heard after what faded begins where that ended."""
        if self._loudness == 1.0:
            return samples
        return np.concatenate((self._swelled(samples[:RISE], 1.0), samples[RISE:]))

    def _swelled(self, samples: Samples, to: float) -> Samples:
        before, self._loudness = self._loudness, to
        if before == to == 1.0:
            return samples
        swelled: Samples = (samples * np.linspace(before, to, len(samples))).astype(np.int16)
        return swelled

    def _is_paid_off(self) -> bool:
        """A lost packet whose time was filled already, while we hoped for it, is not said again."""
        assert self._next is not None
        if self._owed < self._frame:
            return False
        self._owed -= self._frame
        self._next = _Place(self._next.number + 1, self._next.timestamp + self._frame)
        return True

    def _catch_up(self, behind: int) -> None:
        """After a long hole: go on near to now, whatever waits from before."""
        assert self._next is not None and self._newest is not None
        while behind > self._frame and self._next.number < self._newest.number:
            packet = self._packets.pop(self._next.number, None)
            length = self._frame if packet is None else packet.length
            self._next = _Place(self._next.number + 1, self._next.timestamp + length)
            behind -= length
        self._owed = 0

    def _stretched(self, samples: Samples, ahead: int) -> Samples:
        self._off += SMOOTH * (ahead - self._off)
        late_slack = SLACK_IN_PAUSE if is_quiet(samples) else SLACK
        if -late_slack <= self._off <= EARLY_SLACK:
            return samples
        while len(samples) < STRETCHABLE and self._is_next_here:  # of short packets two are needed
            samples = np.concatenate((samples, self._frame_due()))
        changed = shortened(samples) if self._off < 0 else lengthened(samples)
        self._off += len(samples) - len(changed)
        self.count.stretched += len(changed) != len(samples)
        return changed


def _loudness(guessed: int) -> float:
    return max(0.0, 1.0 - max(0, guessed - FADES_AFTER) / (SILENT_AFTER - FADES_AFTER))


def _nearest(value: int, near: int, span: int) -> int:
    """The number of which `value` is the remainder that lies nearest to `near`."""
    return near + (value - near + span // 2) % span - span // 2
