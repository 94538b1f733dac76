"""Two channels and a line with delay, loss and a rate, on a clock by hand: what a listener gets."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from app.domain.engine import ScopeDone, ScopeProof
from app.domain.ids import RecordId, VisitId, new_id
from media.auscultation.live_plan import LineFigures
from media.auscultation.live_playout import LiveChunk
from media.auscultation.lossless_channel import TICK_S, Line, LosslessChannel, ScopeEvent
from media.auscultation.scope_words import ScopeHeader
from media.auscultation.sound_blocks import block_samples_of

VISIT = VisitId(new_id())
POLL_S = 0.02


@dataclass
class LiveLine:
    """The sure way is slow and loses nothing; packets take half a round trip or are lost."""

    rate_hz: int = 4000
    round_trip_s: float = 0.05
    loss: float = 0.0
    room_bit_s: int | None = 400_000
    seed: int = 1
    now: float = 0.0
    chunks: list[tuple[float, LiveChunk]] = field(default_factory=list)
    packet_bytes: int = 0
    is_up: bool = False

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._under_way: list[tuple[float, int, Callable[[bytes], None], bytes]] = []
        self._order = count()
        self.told: dict[str, list[ScopeEvent]] = {"cart": [], "clinician": []}
        self.cart = LosslessChannel(VISIT, self.told["cart"].append, lambda: self.now)
        self.clinician = LosslessChannel(
            VISIT,
            self.told["clinician"].append,
            lambda: self.now,
            lambda _, chunk: self.chunks.append((self.now, chunk)),
        )
        self.header = ScopeHeader(
            RecordId(new_id()),
            VISIT,
            "mitral",
            self.rate_hz,
            "synthetic",
            block_samples_of(self.rate_hz),
        )

    def link_up(self) -> None:
        self.is_up = True
        self.cart.link_up(self._line(self.clinician, counts=True))
        self.clinician.link_up(self._line(self.cart, counts=False))

    def link_down(self) -> None:
        self.is_up = False
        self._under_way.clear()
        self.cart.link_down()
        self.clinician.link_down()

    def play(self, samples: bytes, *, started: bool = False) -> None:
        """As an instrument gives it, every 20 ms; all of it is recorded when this returns."""
        if not started:
            self.cart.start(self.header)
        step = 2 * int(self.rate_hz * POLL_S)
        for at in range(0, len(samples), step):
            self.pass_time(POLL_S)
            self.cart.record(self.header.recording, samples[at : at + step])

    def pass_time(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / TICK_S))):
            self.now += TICK_S
            self._deliver()
            self.cart.tick()
            self.clinician.tick()

    def done(self, side: str) -> ScopeDone:
        (done,) = [event for event in self.told[side] if isinstance(event, ScopeDone)]
        return done

    def proof(self, side: str) -> ScopeProof:
        (proof,) = [event for event in self.told[side] if isinstance(event, ScopeProof)]
        return proof

    @property
    def delays_s(self) -> list[float]:
        """Of each chunk that was heard: from its first sample on the instrument."""
        return [at - chunk.at_s for at, chunk in self.chunks if not chunk.is_hole]

    @property
    def holes_s(self) -> float:
        return sum(chunk.seconds for _, chunk in self.chunks if chunk.is_hole)

    def _line(self, there: LosslessChannel, *, counts: bool) -> Line:
        def packet(data: bytes) -> None:
            if counts:
                self.packet_bytes += len(data)
            if self._chance.random() >= self.loss:
                self._send(there.heard_packet, data, self.round_trip_s / 2)

        def message(data: bytes) -> None:
            late_s = self.round_trip_s * (1.5 if self._chance.random() < self.loss else 0.5)
            self._send(there.heard, data, late_s)

        figures = LineFigures(self.room_bit_s, self.loss, self.round_trip_s)
        return Line(message, lambda: 0, packet, lambda: figures)

    def _send(self, there: Callable[[bytes], None], data: bytes, after_s: float) -> None:
        if self.is_up:
            entry = (self.now + after_s, next(self._order), there, data)
            heapq.heappush(self._under_way, entry)

    def _deliver(self) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            _, _, there, data = heapq.heappop(self._under_way)
            there(data)
