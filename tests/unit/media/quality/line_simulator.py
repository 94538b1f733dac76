"""One way of a call in virtual time: voice, an encoder that obeys its budget, a line with rate,
queue, delay, jitter and loss, and the far side's feedback over a way back. Seeded.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, pairwise

from media.quality.arrival_log import ArrivalLog
from media.quality.congestion_control import CongestionControl
from media.quality.feedback_pace import feedback_every_s
from media.quality.line_sender import LineSender
from media.quality.pacer import PicturePacket
from media.quality.transport_feedback import parse

VOICE_WIRE_BYTES = 128  # 24 kbit/s, 20 ms, and the headers
PICTURE_SOURCE = 7
FRAMES_S = 30
MOST_PICTURE_BIT_S = 1_600_000
MOST_DEBT_S = 0.6  # of the rate: how long a frame too large keeps the encoder from the next
PAYLOAD_BYTES, HEADERS_BYTES = 1200, 68


@dataclass
class Line:
    rate_bit_s: Callable[[float], float]
    delay_s: float = 0.025
    queue_s: float = 0.3
    loss: float = 0.0
    back_loss: float = 0.0
    jitter_s: float = 0.0
    is_open: Callable[[float], bool] = lambda now_s: True


@dataclass
class Seen:
    """`queues` at each packet's entry; `rates`: target and acknowledged, ten times a second."""

    queues: list[tuple[float, float]] = field(default_factory=list)
    carried: list[tuple[float, int]] = field(default_factory=list)
    targets: list[tuple[float, float]] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    voice_sent: int = 0
    voice_lost: list[float] = field(default_factory=list)
    repeats: list[tuple[float, int]] = field(default_factory=list)
    thrown: int = 0
    key_frames: int = 0

    def queue_p95_s(self, since_s: float, until_s: float = 1e9) -> float:
        waits = sorted(wait for at, wait in self.queues if since_s <= at < until_s)
        return waits[int(0.95 * (len(waits) - 1))]

    def carried_bit_s(self, since_s: float, until_s: float) -> float:
        size = sum(each for at, each in self.carried if since_s <= at < until_s)
        return size * 8 / (until_s - since_s)

    def reaches(self, bit_s: float, since_s: float = 0.0) -> float:
        """When the target was there first."""
        return next((at for at, target in self.targets if at >= since_s and target >= bit_s), 1e9)

    def longest_gap_s(self, since_s: float, until_s: float) -> float:
        shown = [since_s, *(at for at in self.frames if since_s <= at < until_s), until_s]
        return max(after - before for before, after in pairwise(shown))


class Simulation:
    def __init__(self, line: Line, seed: int = 1) -> None:
        self._line = line
        self._random = random.Random(seed)
        self._control = CongestionControl()
        self.sender = LineSender(self._control, first_number=65_000)
        self._arrivals = ArrivalLog()
        self.seen = Seen()
        self.now_s = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._free_s = 0.0
        self._last_arrival_s = 0.0
        self._pump_at_s = 1e9
        self._received = 0.0  # bit/s, smoothed
        self._needs_key = True
        self._debt_bytes = 0.0
        self._number = 0
        self._frame_left: dict[int, int] = {}
        self._frame = 0

    def lose_picture(self) -> None:
        """The far side cannot show what comes next."""
        self._needs_key = True

    def at(self, when_s: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when_s, next(self._order), act))

    def run(self, seconds: float) -> Seen:
        self.at(0.0, self._voice)
        self.at(0.0, self._encode)
        self.at(0.06, self._feedback)
        self.at(0.1, self._watch)
        while self._due and self._due[0][0] <= seconds:
            self.now_s, _, act = heapq.heappop(self._due)
            act()
        return self.seen

    # --- our side --------------------------------------------------------------------------

    def _voice(self) -> None:
        self.at(self.now_s + 0.02, self._voice)
        self.seen.voice_sent += 1
        number = self.sender.voice_leaves(VOICE_WIRE_BYTES, self.now_s)
        if not self._enter(VOICE_WIRE_BYTES, number, None):
            self.seen.voice_lost.append(self.now_s)

    def _encode(self) -> None:
        self.at(self.now_s + 1 / FRAMES_S, self._encode)
        budget = self.sender.budget(self.now_s)
        if not self.most_picture_bit_s:
            self._needs_key = True
            return
        bit_s = min(budget.bit_s, self.most_picture_bit_s)
        frame_bytes = bit_s / 8 / FRAMES_S
        debt_bytes = min(self._debt_bytes, MOST_DEBT_S * max(bit_s, 64_000) / 8)
        self._debt_bytes = max(0.0, debt_bytes - frame_bytes)
        if budget.waiting_s > 0.1 or self._debt_bytes > max(0.25 * bit_s / 8, 1):
            return
        if self._needs_key:
            self._needs_key = False
            self.seen.key_frames += 1
            size = self.key_frame_bytes(bit_s)
        else:
            size = max(250.0, frame_bytes * self._random.uniform(0.75, 1.25))
        self._debt_bytes += size
        self._send_frame(int(size))

    @property
    def most_picture_bit_s(self) -> float:
        """What the encoder could use; 0: no picture is sent."""
        return MOST_PICTURE_BIT_S

    def key_frame_bytes(self, bit_s: float) -> float:
        return self._random.uniform(6000, 7000)

    def _send_frame(self, size: int) -> None:
        self._frame += 1
        parts = [min(PAYLOAD_BYTES, size - at) for at in range(0, size, PAYLOAD_BYTES)]
        self._frame_left[self._frame] = len(parts)
        for part in parts:
            data = self._frame.to_bytes(4, "big")
            packet = PicturePacket(data, part + HEADERS_BYTES, PICTURE_SOURCE)
            if self.sender.put(packet):
                self.seen.thrown += 1
                self._needs_key = True
                break
        self._pump()

    def _pump(self) -> None:
        while (taken := self.sender.take(self.now_s)) is not None:
            packet, number = taken
            size = packet.wire_bytes if packet is not None else 330
            frame = int.from_bytes(packet.data, "big") if packet is not None else None
            if not self._enter(size, number, frame) and frame is not None:
                self._ask_for(frame, size)
        wait_s = self.sender.wait_s(self.now_s)
        if wait_s is not None:
            at_s = self.now_s + max(wait_s, 0.0005)
            if not self.now_s < self._pump_at_s <= at_s:
                self._pump_at_s = at_s
                self.at(at_s, self._pump)

    def _ask_for(self, frame: int, size: int) -> None:
        """The far side asks for it a round trip later, and once more."""
        self._number += 1
        number, asked_s = self._number, self.now_s + 2 * self._line.delay_s + 0.03

        def repeat() -> None:
            if self.sender.may_repeat(PICTURE_SOURCE, number, size, self.now_s):
                self.seen.repeats.append((self.now_s, size))
                data = frame.to_bytes(4, "big")
                self.sender.put(PicturePacket(data, size, PICTURE_SOURCE, is_repeat=True))
                self._pump()

        self.at(asked_s, repeat)

    # --- the line --------------------------------------------------------------------------

    def _enter(self, size: int, number: int, frame: int | None) -> bool:
        line, now = self._line, self.now_s
        if not line.is_open(now) or self._random.random() < line.loss:
            return False
        wait_s = max(0.0, self._free_s - now)
        self.seen.queues.append((now, wait_s))
        if wait_s > line.queue_s:
            return False
        self._free_s = max(now, self._free_s) + size * 8 / line.rate_bit_s(now)
        self.seen.carried.append((self._free_s, size))
        jitter_s = self._random.uniform(0, 2 * line.jitter_s)
        arrives_s = self._free_s + line.delay_s + jitter_s
        self.at(arrives_s, lambda: self._arrive(size, number, frame))
        return True

    def _arrive(self, size: int, number: int, frame: int | None) -> None:
        apart_s = max(self.now_s - self._last_arrival_s, 1e-4)
        self._last_arrival_s = self.now_s
        share = min(1.0, apart_s / 0.5)
        self._received += share * (size * 8 / apart_s - self._received)
        self._arrivals.came(number, self.now_s + 1000.0)
        if frame is not None:
            self._frame_left[frame] -= 1
            if self._frame_left[frame] == 0:
                self.seen.frames.append(self.now_s)

    def _feedback(self) -> None:
        self.at(self.now_s + feedback_every_s(self._received, None), self._feedback)
        for data in self._arrivals.take(1, 2):
            if self._random.random() < self._line.back_loss or not self._line.is_open(self.now_s):
                continue
            feedback = parse(data)
            assert feedback is not None

            def heard(told: object = feedback) -> None:
                if self.sender.heard(told, self.now_s):  # type: ignore[arg-type]
                    self.seen.thrown += 1
                    self._needs_key = True
                self._pump()

            self.at(self.now_s + self._line.delay_s, heard)

    def _watch(self) -> None:
        self.at(self.now_s + 0.1, self._watch)
        self.sender.passed(self.now_s)
        self.seen.targets.append((self.now_s, self._control.target_bit_s))
