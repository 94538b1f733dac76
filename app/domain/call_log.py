"""What stays of a call in its visit: each step on the ladder, and the figures of the whole."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid5

from app.domain.access import Role
from app.domain.engine import Measures, Path
from app.domain.ids import DeviceId, PatientId, PersonId, RecordId, VisitId
from app.domain.ladder import Reason, Stand, Step

SAMPLES_MOST = 4096  # of one figure; a longer call keeps every second one, then every fourth


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One direction's move. `side` is who sends; a line in the visit's log for people."""

    id: RecordId
    visit: VisitId
    patient: PatientId
    side: Role
    step: Step
    reason: Reason
    carries_bit_s: int | None
    at: datetime
    author: PersonId
    author_name: str
    is_pending: bool = True


@dataclass(frozen=True, slots=True)
class Spread:
    """`p95`: nineteen of twenty seconds were at least as good."""

    median: float
    p95: float
    worst: float
    n: int


@dataclass(frozen=True, slots=True)
class CallReport:
    """A call as one side saw it, from joining to hanging up. `figures` by the names below."""

    id: RecordId
    visit: VisitId
    patient: PatientId
    side: Role
    began_at: datetime
    ended_at: datetime
    contact_s: float
    drops: int
    rejoins: int
    ladder_steps: int
    lowest_step: Step | None
    freezes: int
    path: Path | None
    figures: dict[str, Spread]
    author: PersonId
    author_name: str
    is_pending: bool = True


# Name on the wire -> (what it is of Measures, times what, whether more is better).
FIGURES: dict[str, tuple[str, float, bool]] = {
    "join-ms": ("join_ms", 1.0, False),
    "round-trip-ms": ("round_trip_ms", 1.0, False),
    "loss-percent": ("loss_percent", 1.0, False),
    "sent-loss-percent": ("sent_loss_percent", 1.0, False),
    "jitter-ms": ("jitter_ms", 1.0, False),
    "received-kbit-s": ("received_kbit_s", 1.0, True),
    "sent-kbit-s": ("sent_kbit_s", 1.0, True),
    "frames-per-second": ("frames_per_second", 1.0, True),
    "concealed-percent": ("concealed_share", 100.0, False),
    "late-packets": ("late_packets", 1.0, False),
    "cpu-percent": ("cpu_share", 100.0, False),
}


def step_id(device: DeviceId, visit: VisitId, stand: Stand) -> RecordId:
    """The same for the same move: a screen that was started again writes nothing twice."""
    return RecordId(uuid5(visit, f"{device} {stand.since.isoformat()} {stand.step}"))


def spread(values: Sequence[float], *, is_more_better: bool) -> Spread:
    """Of at least one value; by nearest rank, so that each figure was really measured."""
    ordered = sorted(values, reverse=is_more_better)
    return Spread(
        median=ordered[_rank(0.5, len(ordered))],
        p95=ordered[_rank(0.95, len(ordered))],
        worst=ordered[-1],
        n=len(ordered),
    )


def _rank(share: float, count: int) -> int:
    return max(0, math.ceil(share * count) - 1)


class Samples:
    """One figure of a call, bounded: when it is full, every second value goes."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self._every = 1
        self._seen = 0

    def add(self, value: float) -> None:
        if self._seen % self._every == 0:
            self.values.append(value)
        self._seen += 1
        if len(self.values) >= SAMPLES_MOST:
            self.values = self.values[::2]
            self._every *= 2


class CallTally:
    """What is counted while a call runs."""

    def __init__(self, began_at: datetime) -> None:
        self.began_at = began_at
        self.was_tried = False  # there was somebody to be linked with
        self.drops = self.rejoins = self.ladder_steps = self.freezes = 0
        self.lowest_step: Step | None = None
        self.path: Path | None = None
        self._samples = {name: Samples() for name in FIGURES}
        self._join_ms: float | None = None

    def measured(self, measures: Measures) -> None:
        """Once a second while the call is live; joining counts once for each link."""
        for name, (field, factor, _) in FIGURES.items():
            value = getattr(measures, field)
            if value is not None and (name != "join-ms" or value != self._join_ms):
                self._samples[name].add(value * factor)
        self._join_ms = measures.join_ms
        self.freezes += measures.freezes or 0
        self.path = measures.path or self.path

    def stepped(self, step: Step) -> None:
        self.ladder_steps += 1
        self.stands_on(step)

    def stands_on(self, step: Step) -> None:
        order = tuple(Step)
        if self.lowest_step is None or order.index(step) > order.index(self.lowest_step):
            self.lowest_step = step

    def figures(self) -> dict[str, Spread]:
        return {
            name: spread(samples.values, is_more_better=FIGURES[name][2])
            for name, samples in self._samples.items()
            if samples.values
        }
