"""The early warning score on the screen: what is typed for it, and the score, whole or none."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.clock import Clock
from app.domain.failures import Code
from app.domain.measurement import VitalKind
from app.domain.news2 import (
    COMPONENTS,
    TYPED_COMPONENTS,
    Consciousness,
    Incomplete,
    Observed,
    Risk,
    Score,
    is_too_young,
    newest_of,
    news2,
    scale_of,
)
from app.domain.vitals_policy import VitalsPolicy
from app.runtime.tasks import TaskOwner
from app.services.chart import Chart
from app.services.observations import Observation, Observations
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.reading_words import UNITS, consciousness_words
from ui.view_models.refusal import Refusal

TONE_OF = {
    Risk.LOW: Tone.GOOD,
    Risk.ONE_PARAMETER: Tone.ATTENTION,
    Risk.URGENT: Tone.BAD,
    Risk.EMERGENCY: Tone.BAD,
}
POINTS_TONE = {0: Tone.PLAIN, 1: Tone.ATTENTION, 2: Tone.ATTENTION, 3: Tone.BAD}


@dataclass(frozen=True, slots=True)
class ComponentRowScreen:
    name: str  # "Respiration"
    value: str  # "18 /min"
    points: str  # "scores 2, 4 min ago"; without a score only how old it is
    tone: Tone
    spoken: str


@dataclass(frozen=True, slots=True)
class News2Screen:
    can_type: bool = False
    consciousness: tuple[str, ...] = ()  # in the order of the enumeration
    oxygen: tuple[str, ...] = ()  # air, oxygen
    scales: tuple[str, ...] = ()  # empty: this role does not choose
    scale: int = 1  # that counts now
    score: str = ""  # "NEWS2 5"; empty: there is none
    risk: str = ""
    tone: Tone = Tone.PLAIN
    incomplete: str = ""  # "No score: temperature is missing; ..."
    remark: str = ""  # whom it is not for, how old its oldest part is
    rows: tuple[ComponentRowScreen, ...] = ()
    kept: int = 0  # grows with each observation that was kept: the fields are emptied
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class News2Intents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> News2Screen: ...
    def keep(self, respiration: str, oxygen: int, consciousness: int, scale: int) -> None:
        """`respiration` as typed; the others by their places, -1 where nothing was chosen."""
        ...


class News2ViewModel(ViewModel[News2Screen]):
    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        observations: Observations,
        chart: Chart,
        clock: Clock,
        policy: VitalsPolicy,
        role: Role,
    ) -> None:
        super().__init__(tasks, ticker)
        self._observations = observations
        self._chart = chart
        self._clock = clock
        self._oldest = policy.news2_oldest
        self._may_keep = may(role, Action.KEEP_READING)
        self._may_choose = may(role, Action.CHOOSE_SPO2_SCALE)
        self._kept = 0
        self._refusal = Refusal(chart)
        self.listen_to(chart.state)

    def compose(self) -> News2Screen:
        row, code, now = self._chart.state.value.row, self._refusal.code, self._clock.now()
        observed = self._observed(now)
        scales = tuple(wording.text("spo2-scale", number=number) for number in (1, 2))
        screen = News2Screen(
            can_type=row is not None and row.visit.is_open and self._may_keep,
            consciousness=tuple(wording.text(f"consciousness.{one}") for one in Consciousness),
            oxygen=(wording.text("oxygen.air"), wording.text("oxygen.given")),
            scales=scales if self._may_choose else (),
            scale=scale_of(observed),
            kept=self._kept,
            message="" if code is None else wording.failure(code),
            message_tone=Tone.BAD,
        )
        if row is None:
            return screen
        if is_too_young(row.patient, now.astimezone().date()):
            return replace(screen, incomplete=wording.text("news2.too-young"))
        came_to = news2(observed, now=now, oldest=self._oldest)
        rows = tuple(_row(kind, observed.get(kind), came_to, now) for kind in COMPONENTS)
        if isinstance(came_to, Incomplete):
            remark = wording.text("news2.not-for")
            said = incomplete_words(came_to, wording.span(self._oldest.total_seconds()))
            return replace(screen, incomplete=said, remark=remark, rows=rows)
        return replace(
            screen,
            score=wording.text("news2.score", total=came_to.total),
            risk=wording.text(f"news2.risk.{came_to.risk}"),
            tone=TONE_OF[came_to.risk],
            remark=_remark(came_to, now),
            rows=rows,
        )

    def _observed(self, now: datetime) -> dict[VitalKind, Observed]:
        return newest_of(self._chart.state.value.readings, now)

    def keep(self, respiration: str, oxygen: int, consciousness: int, scale: int) -> None:
        self._refusal.say(None)
        breaths = _whole_number(respiration)
        if breaths is None or oxygen < 0 or consciousness < 0:
            self._failed(Code.OBSERVATION_INCOMPLETE)
            return
        is_other = self._may_choose and scale >= 0 and scale + 1 != self.screen.scale
        observation = Observation(
            respiration_per_minute=breaths,
            is_on_oxygen=oxygen == 1,
            consciousness=tuple(Consciousness)[consciousness],
            spo2_scale=scale + 1 if is_other else None,
        )
        self.act_once(self._keep(observation), "keep an observation", self._failed)

    async def _keep(self, observation: Observation) -> None:
        await self._observations.keep(observation)
        self._kept += 1
        self.refresh()

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def incomplete_words(incomplete: Incomplete, oldest: str) -> str:
    """What is missing, and what was measured too long ago; never a part of a score."""
    said = []
    if incomplete.missing:
        said.append(wording.text("news2.missing", names=_names(incomplete.missing)))
    if incomplete.too_old:
        names = _names(incomplete.too_old)
        said.append(wording.text("news2.too-old", oldest=oldest, names=names))
    return " ".join([wording.text("news2.none"), *said])


def _names(kinds: tuple[VitalKind, ...]) -> str:
    return ", ".join(wording.text(f"vital.{kind}") for kind in kinds)


def _remark(score: Score, now: datetime) -> str:
    oldest = wording.age(now - score.oldest_at)
    return wording.text("news2.oldest", age=oldest) + " " + wording.text("news2.not-for")


def _row(
    kind: VitalKind, observed: Observed | None, came_to: Score | Incomplete, now: datetime
) -> ComponentRowScreen:
    name, where = wording.text(f"vital.{kind}"), "unknown"
    if kind in TYPED_COMPONENTS:
        where = "news2.typed"
    value, points, tone = wording.DASH, wording.text(where), Tone.PLAIN
    if observed is not None:
        value, points = _value(kind, observed), wording.age(now - observed.at)
    if isinstance(came_to, Score):
        scored = came_to.points[kind]
        number = wording.isolate(str(scored))
        points = wording.text("news2.points", points=number, age=points)
        tone = POINTS_TONE[scored]
    said = wording.text("news2.row-spoken", name=name, value=value, points=points)
    return ComponentRowScreen(name, value, points, tone, wording.spoken(said))


def _value(kind: VitalKind, observed: Observed) -> str:
    if kind is VitalKind.OXYGEN_GIVEN:
        return wording.text("oxygen.given" if observed.value else "oxygen.air")
    if kind is VitalKind.CONSCIOUSNESS_ACVPU:
        return consciousness_words(observed.value)
    return wording.quantity(observed.value, UNITS[kind])


def _whole_number(typed: str) -> int | None:
    text = typed.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else None
