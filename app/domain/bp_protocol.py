"""A series of blood pressures: rest, readings at intervals, and an average that hides nothing.

Pure: monotonic seconds come in, a new series comes out. An error, an irregular or a moved reading
waits for a person's decision; nothing of the kind is averaged, or left out, by itself.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from hashlib import sha256

from app.domain.bp_setting import BpSetting, Taken
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId, VisitId
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.vitals import assess

DOUBTFUL = frozenset(
    {
        QualityFlag.IRREGULAR,
        QualityFlag.MOVED,
        QualityFlag.LOOSE_CUFF,
        QualityFlag.POSITION,
        QualityFlag.ARTEFACT,
    }
)
AVERAGED_KINDS = (
    VitalKind.SYSTOLIC_MMHG,
    VitalKind.DIASTOLIC_MMHG,
    VitalKind.MEAN_ARTERIAL_MMHG,
    VitalKind.PULSE_PER_MINUTE,
)
TRIES_LIMIT = 12  # of any policy: an arm is no test bench


@dataclass(frozen=True, slots=True)
class BpPolicy:
    """How the clinic takes blood pressures; whoever runs the program sets it."""

    rest_s: float = 300.0
    readings: int = 3
    interval_s: float = 60.0
    leaves_out_first: bool = False
    differ_mmhg: int = 10  # counted readings further apart are said to be
    most_tries: int = 6

    def __post_init__(self) -> None:
        if not (0 <= self.rest_s <= 3600 and 0 <= self.interval_s <= 3600):
            raise ValueError("rest and interval are 0 to 3600 seconds")
        if not 1 + self.leaves_out_first <= self.readings <= self.most_tries <= TRIES_LIMIT:
            raise ValueError(
                "readings are 1 (2 with the first left out) to most-tries, which is at most "
                f"{TRIES_LIMIT}"
            )

    @property
    def least_counted(self) -> int:
        """An average of one is an average only where one reading was asked for."""
        return min(2, self.readings - self.leaves_out_first)


class Phase(StrEnum):
    RESTING = "resting"
    MEASURING = "measuring"
    DECIDING = "deciding"
    WAITING = "waiting"
    HELD = "held"  # a reading was due and the cuff was not idle: a person says when to go on
    DONE = "done"
    ENDED = "ended"  # before its end, by STOP or because the cuff went


OVER = frozenset({Phase.DONE, Phase.ENDED})


class Verdict(StrEnum):
    COUNTED = "counted"
    FIRST = "first"  # left out by the policy
    LEFT_OUT = "left-out"
    REPEATED = "repeated"
    UNDECIDED = "undecided"


# What fills a place among the readings that were asked for.
FILLS = frozenset({Verdict.COUNTED, Verdict.FIRST, Verdict.LEFT_OUT})


class Choice(StrEnum):
    REPEAT = "repeat"
    LEAVE_OUT = "leave-out"
    COUNT = "count"  # all the same; it is said beside the average


VERDICT_OF = {
    Choice.REPEAT: Verdict.REPEATED,
    Choice.LEAVE_OUT: Verdict.LEFT_OUT,
    Choice.COUNT: Verdict.COUNTED,
}


@dataclass(frozen=True, slots=True)
class Try:
    """One start of the cuff. `reason`: why there is no number, or why it may not be kept."""

    number: int
    verdict: Verdict
    measured: Measurement | None = None
    record: RecordId | None = None  # as which it waits in the store
    reason: Code | None = None

    @property
    def can_be_kept(self) -> bool:
        return self.measured is not None and self.reason is None

    @property
    def doubts(self) -> frozenset[QualityFlag]:
        return frozenset() if self.measured is None else self.measured.quality & DOUBTFUL


@dataclass(frozen=True, slots=True)
class BpSeries:
    id: RecordId
    visit: VisitId
    setting: BpSetting
    policy: BpPolicy
    began_s: float
    phase: Phase
    due_s: float  # of the next reading, while one is waited for
    tries: tuple[Try, ...] = ()
    rested_s: int = 0
    last_ended_s: float = 0.0
    more: int = 0  # readings that a person asked for besides
    reason: Code | None = None  # why it is held, or ended

    @property
    def is_over(self) -> bool:
        return self.phase in OVER

    @property
    def wanted(self) -> int:
        return self.policy.readings + self.more

    @property
    def filled(self) -> int:
        return sum(one.verdict in FILLS for one in self.tries)

    @property
    def counted(self) -> tuple[Try, ...]:
        return tuple(one for one in self.tries if one.verdict is Verdict.COUNTED)

    @property
    def undecided(self) -> Try | None:
        return next((one for one in self.tries if one.verdict is Verdict.UNDECIDED), None)

    @property
    def may_try_again(self) -> bool:
        return len(self.tries) < self.policy.most_tries

    @property
    def is_far_apart(self) -> bool:
        """Two counted readings differ by more than the policy takes for the same."""
        return any(
            max(values) - min(values) > self.policy.differ_mmhg
            for kind in (VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG)
            if (values := _values(self.counted, kind))
        )

    def is_due(self, now_s: float) -> bool:
        return self.phase in (Phase.RESTING, Phase.WAITING) and now_s >= self.due_s

    def taken(self) -> Taken:
        setting = self.setting
        return Taken(setting.arm, setting.cuff_size, setting.position, self.rested_s)

    # --- moves ---------------------------------------------------------------------------------

    def started(self, now_s: float) -> "BpSeries":
        rested_s = self.rested_s if self.tries else int(now_s - self.began_s)
        return replace(self, phase=Phase.MEASURING, rested_s=rested_s, reason=None)

    def held(self, reason: Code) -> "BpSeries":
        return replace(self, phase=Phase.HELD, reason=reason)

    def hurried(self, now_s: float) -> "BpSeries":
        """A person says: now. Rest and pause are cut short, what held it is looked at again."""
        if self.phase not in (Phase.RESTING, Phase.WAITING, Phase.HELD):
            return self
        waits = Phase.WAITING if self.tries else Phase.RESTING
        return replace(self, phase=waits, due_s=now_s, reason=None)

    def measured(self, record: RecordId, measured: Measurement, now_s: float) -> "BpSeries":
        number = len(self.tries) + 1
        has_doubts = bool(measured.quality & DOUBTFUL)
        is_first = not any(one.verdict in FILLS for one in self.tries)
        if is_first and self.policy.leaves_out_first:
            verdict = Verdict.FIRST
        else:
            verdict = Verdict.UNDECIDED if has_doubts else Verdict.COUNTED
        return self._with(Try(number, verdict, measured, record), now_s)

    def failed(self, reason: Code, now_s: float, refused: Measurement | None = None) -> "BpSeries":
        """No number, or one that no person can have."""
        number = len(self.tries) + 1
        return self._with(Try(number, Verdict.UNDECIDED, refused, reason=reason), now_s)

    def decided(self, choice: Choice, now_s: float) -> "BpSeries":
        undecided = self.undecided
        if undecided is None:
            return self  # pressed twice
        if choice is Choice.COUNT and not undecided.can_be_kept:
            raise Rejected(Code.NOTHING_TO_KEEP)
        if choice is Choice.REPEAT and not self.may_try_again:
            raise Rejected(Code.NOT_ALLOWED, "enough tries")
        decided = replace(undecided, verdict=VERDICT_OF[choice])
        tries = tuple(decided if one is undecided else one for one in self.tries)
        return replace(self, tries=tries)._next(now_s)

    def once_more(self, now_s: float) -> "BpSeries":
        """After its end: the counted ones differ, or a person wants to be sure."""
        if self.phase is not Phase.DONE or not self.may_try_again:
            return self
        return replace(self, more=self.more + 1)._next(now_s)

    def ended(self, reason: Code) -> "BpSeries":
        """What nobody decided upon is left out, and shown as such."""
        tries = tuple(
            replace(one, verdict=Verdict.LEFT_OUT) if one.verdict is Verdict.UNDECIDED else one
            for one in self.tries
        )
        return replace(self, phase=Phase.ENDED, tries=tries, reason=reason)

    def _with(self, one: Try, now_s: float) -> "BpSeries":
        return replace(self, tries=(*self.tries, one), last_ended_s=now_s)._next(now_s)

    def _next(self, now_s: float) -> "BpSeries":
        if self.undecided is not None:
            return replace(self, phase=Phase.DECIDING, reason=None)
        if self.filled >= self.wanted or not self.may_try_again:
            return replace(self, phase=Phase.DONE, reason=None)
        due_s = max(now_s, self.last_ended_s + self.policy.interval_s)
        return replace(self, phase=Phase.WAITING, due_s=due_s, reason=None)

    # --- what comes of it ----------------------------------------------------------------------

    def average(self) -> Measurement | None:
        """Of the counted ones, rounded half up; None while the policy asks for more of them.

        It carries every doubt of what was counted, and a digest over their digests.
        """
        counted = [one.measured for one in self.counted if one.measured is not None]
        if len(counted) < self.policy.least_counted:
            return None
        means = {kind: _mean(_values(self.counted, kind), len(counted)) for kind in AVERAGED_KINDS}
        quantities = tuple(Quantity(kind, mean) for kind, mean in means.items() if mean is not None)
        averaged = replace(
            counted[-1],
            quantities=quantities,
            device_time=None,
            frame_sha256=sha256("".join(one.frame_sha256 for one in counted).encode()).hexdigest(),
            quality=frozenset().union(*(one.quality for one in counted)),
        )
        if assess(averaged) is Code.MEAN_NOT_BETWEEN:  # by rounding; the pressures are what counts
            kept = tuple(q for q in quantities if q.kind is not VitalKind.MEAN_ARTERIAL_MMHG)
            averaged = replace(averaged, quantities=kept)
        return averaged


def begun(
    series: RecordId, visit: VisitId, setting: BpSetting, policy: BpPolicy, now_s: float
) -> BpSeries:
    due_s = now_s + policy.rest_s
    return BpSeries(series, visit, setting, policy, now_s, Phase.RESTING, due_s)


def _values(tries: tuple[Try, ...], kind: VitalKind) -> list[Decimal]:
    found = [one.measured.value_of(kind) for one in tries if one.measured is not None]
    return [value for value in found if value is not None]


def _mean(values: list[Decimal], of: int) -> Decimal | None:
    """None where one of them lacks the value: half of them would be another average."""
    if len(values) < of:
        return None
    return (sum(values, Decimal(0)) / of).quantize(Decimal(1), rounding=ROUND_HALF_UP)
