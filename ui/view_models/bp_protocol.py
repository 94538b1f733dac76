"""A series of blood pressures on the screen: rest, readings, doubts to decide, and the average."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.bp_protocol import BpPolicy, BpSeries, Choice, Phase, Try, Verdict
from app.domain.bp_setting import Arm, BpSetting, CuffSize, Position
from app.domain.clock import Clock
from app.domain.device import Presence
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.bp_protocol import BpProtocol
from app.services.chart import Chart
from app.services.vitals import Vitals
from app.services.vitals_state import CUFF
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.reading_words import flags_words, words_of
from ui.view_models.refusal import Refusal
from ui.view_models.tiles import TileScreen, result_tile

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)

TONE_OF = {
    Verdict.COUNTED: Tone.GOOD,
    Verdict.FIRST: Tone.PLAIN,
    Verdict.LEFT_OUT: Tone.PLAIN,
    Verdict.REPEATED: Tone.PLAIN,
    Verdict.UNDECIDED: Tone.ATTENTION,
}


@dataclass(frozen=True, slots=True)
class TryRowScreen:
    head: str  # "1: 131/79 mmHg"
    beside: str  # "pulse 74 /min"
    doubt: str  # "irregular pulse", "No result: the cuff leaks."
    verdict: str  # "counts for the average"
    tone: Tone
    spoken: str


@dataclass(frozen=True, slots=True)
class BpProtocolScreen:
    """Choices in the order of their enumerations: arms, cuff sizes, positions."""

    arms: tuple[str, ...] = ()
    cuff_sizes: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    plan: str = ""  # "5 min of rest, then 3 readings, 1 min apart. ..."
    can_choose: bool = True
    can_begin: bool = False
    state: str = ""  # "Reading 2 of 3"
    state_tone: Tone = Tone.PLAIN
    clock: TileScreen | None = None  # how long until the next reading
    rows: tuple[TryRowScreen, ...] = ()
    question: str = ""  # what a person has to decide; empty: nothing
    can_repeat: bool = False
    can_leave_out: bool = False
    can_count: bool = False
    can_hurry: bool = False
    average: TileScreen | None = None
    average_extra: str = ""  # "pulse 74 /min, of 2 readings"
    can_once_more: bool = False
    can_keep: bool = False
    can_discard: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class BpProtocolIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> BpProtocolScreen: ...
    def begin(self, arm: int, cuff_size: int, position: int) -> None:
        """By their places in the screen's choices."""
        ...

    def hurry(self) -> None: ...
    def repeat(self) -> None: ...
    def leave_out(self) -> None: ...
    def count(self) -> None: ...
    def once_more(self) -> None: ...
    def keep(self) -> None: ...
    def discard(self) -> None: ...


class BpProtocolViewModel(ViewModel[BpProtocolScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        bp_protocol: BpProtocol,
        vitals: Vitals,
        chart: Chart,
        clock: Clock,
        role: Role,
    ) -> None:
        super().__init__(tasks, ticker)
        self._protocol = bp_protocol
        self._vitals = vitals
        self._chart = chart
        self._clock = clock
        self._may_keep = may(role, Action.KEEP_READING)
        self._refusal = Refusal(chart)
        self.listen_to(bp_protocol.state, vitals.state, chart.state)

    def compose(self) -> BpProtocolScreen:
        series, code = self._protocol.state.value.series, self._refusal.code
        begin_code = self._why_not_begin()
        if series is None:
            code = code or begin_code
            return BpProtocolScreen(
                arms=_words("arm", Arm),
                cuff_sizes=_words("cuff-size", CuffSize),
                positions=_words("position", Position),
                plan=plan_words(self._protocol.policy),
                can_begin=begin_code is None,
                message="" if code is None else wording.failure(code),
                message_tone=Tone.BAD if code is not begin_code else Tone.PLAIN,
            )
        return self._running(series, code)

    def _why_not_begin(self) -> Code | None:
        row, cuff = self._chart.state.value.row, self._vitals.state.value.of(CUFF)
        if row is None or not row.visit.is_open:
            return Code.NO_VISIT_OPEN
        if not self._may_keep:
            return Code.NOT_ALLOWED
        if cuff.told is None or cuff.told.status.presence is Presence.MISSING:
            return Code.DEVICE_MISSING
        if cuff.is_running:
            return Code.DEVICE_BUSY
        return Code.RESULT_UNDECIDED if cuff.is_undecided else None

    def _running(self, series: BpSeries, code: Code | None) -> BpProtocolScreen:
        undecided, state = series.undecided, self._state(series)
        average = series.average() if series.is_over else None
        setting = series.setting
        return BpProtocolScreen(
            arms=(wording.text(f"arm.{setting.arm}"),),
            cuff_sizes=(wording.text(f"cuff-size.{setting.cuff_size}"),),
            positions=(wording.text(f"position.{setting.position}"),),
            can_choose=False,
            state=state[0],
            state_tone=state[1],
            clock=self._countdown(series),
            rows=tuple(_row(one) for one in series.tries),
            question="" if undecided is None else _question(undecided),
            can_repeat=undecided is not None and series.may_try_again,
            can_leave_out=undecided is not None,
            can_count=undecided is not None and undecided.can_be_kept,
            can_hurry=series.phase in (Phase.RESTING, Phase.WAITING, Phase.HELD),
            average=None if average is None else self._average(series),
            average_extra=_average_extra(series),
            can_once_more=series.phase is Phase.DONE and series.may_try_again,
            can_keep=series.is_over and any(one.can_be_kept for one in series.tries),
            can_discard=series.is_over,
            message=self._message(series, code),
            message_tone=Tone.BAD if code is not None else Tone.ATTENTION,
        )

    def _state(self, series: BpSeries) -> tuple[str, Tone]:
        if series.phase is Phase.HELD and series.reason is not None:
            reason = wording.failure(series.reason)
            return wording.text("series.held", reason=reason), Tone.BAD
        if series.phase is Phase.ENDED:
            return wording.text("series.ended"), Tone.ATTENTION
        key = f"series.phase.{series.phase}"
        if series.phase is Phase.MEASURING:
            number, of = len(series.tries) + 1, max(series.wanted, len(series.tries) + 1)
            return wording.text(key, number=number, of=of), Tone.ATTENTION
        return wording.text(key), Tone.ATTENTION if not series.is_over else Tone.GOOD

    def _countdown(self, series: BpSeries) -> TileScreen | None:
        if series.phase not in (Phase.RESTING, Phase.WAITING):
            return None
        left_s = max(0.0, series.due_s - self._clock.monotonic())
        is_rest = series.phase is Phase.RESTING
        name = wording.text("series.rest-left" if is_rest else "series.next-in")
        return TileScreen(name, wording.countdown(left_s), "min")

    def _average(self, series: BpSeries) -> TileScreen | None:
        average = series.average()
        if average is None:
            return None
        tile = result_tile(average, self._clock.now(), is_refused=False)
        name = wording.text("series.average", count=len(series.counted))
        return TileScreen(name, tile.value, tile.unit, tile.source, tile.age)

    def _message(self, series: BpSeries, code: Code | None) -> str:
        if code is not None:
            return wording.failure(code)
        if not series.is_over:
            return ""
        if series.is_far_apart:
            return wording.text("series.far-apart", mmhg=series.policy.differ_mmhg)
        if series.average() is None:
            return wording.text("series.no-average", least=series.policy.least_counted)
        return ""

    # --- wishes --------------------------------------------------------------------------------

    def begin(self, arm: int, cuff_size: int, position: int) -> None:
        self._refusal.say(None)
        setting = BpSetting(_at(Arm, arm), _at(CuffSize, cuff_size), _at(Position, position))
        self.act_once(self._protocol.begin(setting), "begin a series", self._failed)

    def hurry(self) -> None:
        self._refusal.say(None)
        self.act_once(self._protocol.hurry(), "hurry the series", self._failed)

    def repeat(self) -> None:
        self._decide(Choice.REPEAT)

    def leave_out(self) -> None:
        self._decide(Choice.LEAVE_OUT)

    def count(self) -> None:
        self._decide(Choice.COUNT)

    def _decide(self, choice: Choice) -> None:
        self._refusal.say(None)
        self.act_once(self._protocol.decide(choice), "decide on a reading", self._failed)

    def once_more(self) -> None:
        self._refusal.say(None)
        self.act_once(self._protocol.once_more(), "one reading more", self._failed)

    def keep(self) -> None:
        self._refusal.say(None)
        self.act_once(self._protocol.keep(), "keep the series", self._failed)

    def discard(self) -> None:
        self._refusal.say(None)
        self.act_once(self._protocol.discard(), "discard the series", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def plan_words(policy: BpPolicy) -> str:
    """What will happen, and by whose rule: the clinic's, not this screen's."""
    first = " " + wording.text("series.plan-first") if policy.leaves_out_first else ""
    return (
        wording.text(
            "series.plan",
            rest=wording.span(policy.rest_s),
            count=policy.readings,
            pause=wording.span(policy.interval_s),
        )
        + first
    )


def _words(prefix: str, choices: type[StrEnum]) -> tuple[str, ...]:
    return tuple(wording.text(f"{prefix}.{choice}") for choice in choices)


def _at(choices: type[ChoiceT], place: int) -> ChoiceT:
    return tuple(choices)[place]


def _doubt(one: Try) -> str:
    if one.reason is not None:
        return wording.failure(one.reason)
    return "" if one.measured is None else flags_words(one.measured)


def _row(one: Try) -> TryRowScreen:
    words = None if one.measured is None else words_of(one.measured)
    value = wording.DASH if words is None else words.value
    head = wording.text("series.row", number=one.number, value=value)
    doubt, verdict = _doubt(one), wording.text(f"series.verdict.{one.verdict}")
    extra = "" if words is None else words.extra
    said = [head, extra, doubt, verdict]
    return TryRowScreen(
        head=head,
        beside=extra,
        doubt=doubt,
        verdict=verdict,
        tone=TONE_OF[one.verdict],
        spoken=wording.spoken(", ".join(part for part in said if part)),
    )


def _question(one: Try) -> str:
    return wording.text("series.question", number=one.number, doubt=_doubt(one))


def _average_extra(series: BpSeries) -> str:
    average = series.average() if series.is_over else None
    if average is None:
        return ""
    extra, flags = words_of(average).extra, flags_words(average)
    return ", ".join(part for part in (extra, flags) if part)
