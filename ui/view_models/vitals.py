"""Blood pressure: the cuff while it runs, its result until somebody decides, readings kept."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.clock import Clock
from app.domain.device import Presence
from app.domain.failures import Code
from app.domain.ids import RecordId
from app.domain.measurement import LiveValue, Measurement, VitalKind
from app.domain.vitals import STALE_CUFF_PRESSURE_S, Reading
from app.runtime.tasks import TaskOwner
from app.services.chart import Chart
from app.services.vitals import SetAside, Vitals
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.refusal import Refusal


@dataclass(frozen=True, slots=True)
class TileScreen:
    """One value. When `is_stale` the tile shows a dash whatever stands in `value`."""

    name: str  # "Cuff pressure"
    value: str  # "132", "128/76"
    unit: str  # "mmHg"
    source: str = ""  # which instrument
    age: str = ""  # "1 s ago"
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class ReadingRowScreen:
    what: str  # "Blood pressure"
    value: str  # "128/76 mmHg"
    extra: str  # "pulse 71 /min, mean 93 mmHg"
    kept: str  # "kept 14:03 by N. Okafor"
    age: str  # "4 min ago"
    confirmation: str  # "confirmed by the server", "not yet confirmed by the server"
    tone: Tone
    spoken: str  # "Blood pressure 128 over 76, pulse 71, kept 14:03, confirmed by the server"


@dataclass(frozen=True, slots=True)
class SetAsideRowScreen:
    """No number: beside a patient's name it would be read as theirs, however grey it is.

    Nobody can use it either, as it cannot be kept; who needs a pressure measures again.
    """

    record: RecordId
    time: str  # "14:03"
    what: str  # "1 measurement, 14:03"
    why: str  # "Of another visit, not of this patient"
    spoken: str


@dataclass(frozen=True, slots=True)
class VitalsScreen:
    """`has_cuff_controls` at the cart; the far side sees values and lists."""

    has_cuff_controls: bool
    cuff_state: str = ""  # "Cuff found since 13:58", "Cuff missing since 14:03: cable pulled"
    cuff_tone: Tone = Tone.PLAIN
    can_start: bool = False
    is_running: bool = False  # STOP is there exactly while this holds
    live: TileScreen | None = None  # cuff pressure; None: nothing runs
    result: TileScreen | None = None  # what the cuff measured, not yet kept
    result_extra: str = ""  # "pulse 71 /min, mean 93 mmHg"
    result_message: str = ""  # why it may not be kept, or why there is no number
    result_tone: Tone = Tone.PLAIN
    can_keep: bool = False
    can_discard: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    readings: tuple[ReadingRowScreen, ...] = ()  # newest first
    set_aside: tuple[SetAsideRowScreen, ...] = ()  # newest first
    is_locked_by_visit: bool = False  # finished: nothing more may be added


class VitalsIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> VitalsScreen: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def keep(self) -> None: ...
    def discard(self) -> None: ...
    def discard_set_aside(self, record: RecordId) -> None: ...


LIVE_GONE_S = 15.0  # a live tile that stayed stale this long leaves the screen


class VitalsViewModel(ViewModel[VitalsScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        vitals: Vitals,
        chart: Chart,
        clock: Clock,
        role: Role,
        has_cuff: bool,
    ) -> None:
        super().__init__(tasks, ticker)
        self._vitals = vitals
        self._chart = chart
        self._clock = clock
        self._has_controls = has_cuff or role is Role.PRESENTER
        self._may_keep = may(role, Action.KEEP_READING)
        self._refusal = Refusal(chart)
        self.listen_to(vitals.state, chart.state)

    def compose(self) -> VitalsScreen:
        state = self._vitals.state.value
        row = self._chart.state.value.row
        is_open = row is not None and row.visit.is_open
        is_running = state.cuff is not None and state.cuff.is_running
        cuff_state, cuff_tone, is_found = self._cuff()
        result = state.result
        result_message, result_tone = self._result_message()
        code = self._refusal.code or state.code
        return VitalsScreen(
            has_cuff_controls=self._has_controls,
            cuff_state=cuff_state,
            cuff_tone=cuff_tone,
            can_start=is_open and is_found and not is_running and not state.is_undecided,
            is_running=is_running,
            live=self._live_tile(state.live),
            result=None if result is None else self._result_tile(result),
            result_extra="" if result is None else _extra(result),
            result_message=result_message,
            result_tone=result_tone,
            can_keep=state.is_undecided and is_open and self._may_keep,
            can_discard=result is not None or state.no_measurement is not None,
            message="" if code is None else wording.failure(code),
            message_tone=Tone.BAD,
            readings=self._readings(),
            set_aside=tuple(self._set_aside_row(one) for one in reversed(state.set_aside)),
            is_locked_by_visit=not is_open,
        )

    def _cuff(self) -> tuple[str, Tone, bool]:
        cuff = self._vitals.state.value.cuff
        if not self._has_controls:
            return "", Tone.PLAIN, False
        name = wording.text("device.blood-pressure-cuff")
        if cuff is None:
            return f"{name}: {wording.failure(Code.DEVICE_MISSING)}", Tone.BAD, False
        is_found = cuff.status.presence is Presence.FOUND
        time = wording.moment(cuff.status.since, self._clock.now())
        if cuff.is_running:
            return wording.text("vitals.running"), Tone.ATTENTION, is_found
        words = wording.text("device.found" if is_found else "device.missing", time=time)
        reason = "" if cuff.status.reason is None else f". {wording.failure(cuff.status.reason)}"
        return f"{name}: {words}{reason}", Tone.GOOD if is_found else Tone.BAD, is_found

    def _live_tile(self, live: LiveValue | None) -> TileScreen | None:
        if live is None:
            return None
        age_s = (self._clock.now() - live.at).total_seconds()
        if age_s > LIVE_GONE_S:
            return None
        return TileScreen(
            name=wording.text("vitals.live"),
            value=wording.isolate(wording.number(live.quantity.value)),
            unit="mmHg",
            age=wording.age(age_s),
            is_stale=age_s > STALE_CUFF_PRESSURE_S,
        )

    def _result_tile(self, measured: Measurement) -> TileScreen:
        age = self._clock.now() - measured.received_at
        return TileScreen(
            name=wording.text("vitals.result"),
            value=_pressure(measured),
            unit="mmHg",
            source=measured.device.model,
            age=wording.age(age),
        )

    def _result_message(self) -> tuple[str, Tone]:
        state = self._vitals.state.value
        if state.refused is not None:
            return wording.failure(state.refused), Tone.BAD
        if state.no_measurement is not None:
            return wording.failure(state.no_measurement.reason), Tone.BAD
        if state.is_undecided:
            return wording.failure(Code.RESULT_UNDECIDED), Tone.ATTENTION
        return "", Tone.PLAIN

    def _readings(self) -> tuple[ReadingRowScreen, ...]:
        kept = self._chart.state.value.readings
        known = {reading.id for reading in kept}
        told = [reading for reading in self._vitals.state.value.from_far if reading.id not in known]
        # What the server has not brought yet is the newest, whatever the cart's clock says.
        return tuple(self._reading_row(reading) for reading in [*told, *kept])

    def _reading_row(self, reading: Reading) -> ReadingRowScreen:
        now, measured = self._clock.now(), reading.measured
        confirmation = wording.text("not-confirmed" if reading.is_pending else "confirmed")
        kept = wording.moment(reading.kept_at, now)
        return ReadingRowScreen(
            what=wording.text("vitals.blood-pressure"),
            value=wording.isolate(f"{wording.spoken(_pressure(measured))} mmHg"),
            extra=_extra(measured),
            kept=wording.text("vitals.kept", time=kept),
            age=wording.age(now - reading.kept_at),
            confirmation=confirmation,
            tone=Tone.ATTENTION if reading.is_pending else Tone.PLAIN,
            spoken=_spoken(measured, wording.spoken(kept), confirmation),
        )

    def _set_aside_row(self, aside: SetAside) -> SetAsideRowScreen:
        row, measured, now = self._chart.state.value.row, aside.measured, self._clock.now()
        time = wording.moment(measured.received_at, now)
        what = wording.text("vitals.aside", time=time)
        if measured.device_time is not None:
            own_clock = wording.moment(measured.device_time, now)
            what = f"{what} {wording.text('vitals.aside.own-clock', time=own_clock)}"
        if measured.visit is None:
            why = wording.text("vitals.aside.nobody-asked")
        elif row is not None and measured.visit == row.visit.id:
            why = wording.text("vitals.aside.undecided")
        else:
            why = wording.text("vitals.aside.another-visit")
        return SetAsideRowScreen(aside.id, time, what, why, wording.spoken(f"{what}. {why}"))

    def start(self) -> None:
        self._refusal.say(None)
        self.act_once(self._vitals.measure(), "start cuff", self._failed)

    def stop(self) -> None:
        self.act(self._vitals.stop(), "stop cuff", self._failed)

    def keep(self) -> None:
        self._refusal.say(None)
        self.act_once(self._vitals.keep(), "keep reading", self._failed)

    def discard(self) -> None:
        self._refusal.say(None)
        self.act(self._vitals.discard(), "discard result", self._failed)

    def discard_set_aside(self, record: RecordId) -> None:
        self._refusal.say(None)
        self.act(self._vitals.discard_set_aside(record), "discard what is set aside", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def _value(measured: Measurement, kind: VitalKind) -> str:
    value = measured.value_of(kind)
    return wording.DASH if value is None else wording.number(value)


def _pressure(measured: Measurement) -> str:
    systolic = _value(measured, VitalKind.SYSTOLIC_MMHG)
    return wording.isolate(f"{systolic}/{_value(measured, VitalKind.DIASTOLIC_MMHG)}")


def _extra(measured: Measurement) -> str:
    pulse = wording.isolate(f"{_value(measured, VitalKind.PULSE_PER_MINUTE)} /min")
    if measured.value_of(VitalKind.MEAN_ARTERIAL_MMHG) is None:
        return wording.text("vitals.extra-pulse", pulse=pulse)
    mean = wording.isolate(f"{_value(measured, VitalKind.MEAN_ARTERIAL_MMHG)} mmHg")
    return wording.text("vitals.extra", pulse=pulse, mean=mean)


def _spoken(measured: Measurement, kept: str, confirmation: str) -> str:
    has_pulse = measured.value_of(VitalKind.PULSE_PER_MINUTE) is not None
    words = wording.text(
        "vitals.spoken" if has_pulse else "vitals.spoken-no-pulse",
        systolic=_value(measured, VitalKind.SYSTOLIC_MMHG),
        diastolic=_value(measured, VitalKind.DIASTOLIC_MMHG),
        pulse=_value(measured, VitalKind.PULSE_PER_MINUTE),
        time=kept,
        confirmation=confirmation,
    )
    return wording.spoken(words)
