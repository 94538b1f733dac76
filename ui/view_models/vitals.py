"""Vital signs: instruments while they run, results until somebody decides, readings kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.clock import Clock
from app.domain.device import DeviceKind, Presence
from app.domain.failures import Code
from app.domain.measurement import LiveValue, VitalKind
from app.domain.reading import Reading
from app.domain.vitals import doubt_of
from app.domain.vitals_policy import VitalsPolicy
from app.runtime.tasks import TaskOwner
from app.services.bp_protocol import BpProtocol
from app.services.chart import Chart
from app.services.far_vitals import FarVitals
from app.services.vitals import Vitals
from app.services.vitals_state import ASIDE_CODE, CUFF, InstrumentState
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.confirmation import Confirmation
from ui.view_models.reading_words import notes_of, words_of
from ui.view_models.refusal import Refusal
from ui.view_models.tiles import TileScreen, kept_tile, live_tile, result_tile

# Every instrument but the cuff, and what its tiles show.
TILES_OF: dict[DeviceKind, tuple[VitalKind, ...]] = {
    DeviceKind.OXIMETER: (VitalKind.SPO2_PERCENT, VitalKind.PULSE_PER_MINUTE),
    DeviceKind.THERMOMETER: (VitalKind.TEMPERATURE_CELSIUS,),
    DeviceKind.SCALE: (VitalKind.WEIGHT_KG,),
    DeviceKind.GLUCOMETER: (VitalKind.GLUCOSE_MG_PER_DL,),
}
# What only some models tell: a tile while they do.
BESIDES_OF = {DeviceKind.OXIMETER: (VitalKind.PERFUSION_INDEX_PERCENT,)}
DECIDE = Code.RESULT_UNDECIDED
# A memory that was read is no failure, and what it brought is a task, not a fault.
NO_FAULT = frozenset({Code.MEMORY_READ, Code.MEMORY_EMPTY})
NO_FAULT_BUT_A_TASK = frozenset(ASIDE_CODE.values())


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
    notes: tuple[str, ...] = ()  # "irregular pulse", "reading 2 of a series"


@dataclass(frozen=True, slots=True)
class InstrumentScreen:
    """Any instrument but the cuff. Without controls at the far side."""

    kind: DeviceKind
    name: str  # "Pulse oximeter"
    state: str = ""  # "Found since 13:58"
    tone: Tone = Tone.PLAIN
    tiles: tuple[TileScreen, ...] = ()
    message: str = ""  # what there is to decide, why it may not be kept, why there is no number
    message_tone: Tone = Tone.PLAIN
    has_controls: bool = False
    can_start: bool = False
    is_running: bool = False
    can_keep: bool = False
    can_discard: bool = False


@dataclass(frozen=True, slots=True)
class VitalsScreen:
    """`has_cuff_controls` where there is a cuff; the far side sees values and lists."""

    has_cuff_controls: bool
    cuff_state: str = ""  # "Cuff found since 13:58", "Cuff missing since 14:03: cable pulled"
    cuff_tone: Tone = Tone.PLAIN
    can_start: bool = False
    is_running: bool = False
    can_stop: bool = False  # it runs, or a series may start it: STOP stands there
    live: TileScreen | None = None  # cuff pressure; None: nothing runs
    result: TileScreen | None = None  # what the cuff measured, not yet kept
    result_extra: str = ""  # "pulse 71 /min, mean 93 mmHg"
    result_message: str = ""  # why it may not be kept, or why there is no number
    result_tone: Tone = Tone.PLAIN
    can_keep: bool = False
    can_discard: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    instruments: tuple[InstrumentScreen, ...] = ()
    readings: tuple[ReadingRowScreen, ...] = ()  # newest first
    is_locked_by_visit: bool = False  # finished: nothing more may be added


class VitalsIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> VitalsScreen: ...
    def start(self) -> None: ...
    def stop(self) -> None:
        """The cuff, and the series that may start it."""
        ...

    def keep(self) -> None: ...
    def discard(self) -> None: ...
    def start_instrument(self, kind: DeviceKind) -> None: ...
    def stop_instrument(self, kind: DeviceKind) -> None: ...
    def keep_instrument(self, kind: DeviceKind) -> None: ...
    def discard_instrument(self, kind: DeviceKind) -> None: ...


class VitalsViewModel(ViewModel[VitalsScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        vitals: Vitals,
        far_vitals: FarVitals,
        bp_protocol: BpProtocol,
        chart: Chart,
        clock: Clock,
        policy: VitalsPolicy,
        role: Role,
        confirmation: Confirmation,
    ) -> None:
        super().__init__(tasks, ticker)
        self._vitals = vitals
        self._confirmation = confirmation
        self._far = far_vitals
        self._series = bp_protocol
        self._chart = chart
        self._clock = clock
        self._policy = policy
        self._is_cart = role is Role.PRESENTER
        self._may_keep = may(role, Action.KEEP_READING)
        self._refusal = Refusal(chart)
        self.listen_to(
            vitals.state, far_vitals.state, bp_protocol.state, chart.state, confirmation.doubts
        )

    def compose(self) -> VitalsScreen:
        cuff, is_in_series = self._vitals.state.value.of(CUFF), self._series.state.value.is_active
        cuff_state, cuff_tone, is_found = self._cuff(cuff)
        result = None if cuff.result is None else cuff.result.measured
        message, tone = self._result_message(cuff)
        if not message and not self._has_cuff(cuff):
            message, tone = self._far_reason(CUFF)
        code = self._code(cuff)
        can_start = self._is_open() and is_found and not cuff.is_running and not cuff.is_undecided
        return VitalsScreen(
            has_cuff_controls=self._has_cuff(cuff),
            cuff_state=cuff_state,
            cuff_tone=cuff_tone,
            can_start=can_start and self._series.state.value.series is None,
            is_running=cuff.is_running,
            can_stop=cuff.is_running or is_in_series,
            live=self._live_pressure(cuff),
            result=None
            if result is None
            else result_tile(result, self._clock.now(), is_refused=cuff.refused is not None),
            result_extra="" if result is None else words_of(result).extra,
            result_message=message,
            result_tone=tone,
            can_keep=cuff.is_undecided and self._is_open() and self._may_keep,
            can_discard=result is not None or cuff.no_measurement is not None,
            message="" if code is None else wording.failure(code),
            message_tone=Tone.ATTENTION if code in NO_FAULT_BUT_A_TASK else Tone.BAD,
            instruments=self._instruments(),
            readings=tuple(
                self._reading_row(reading) for reading in self._chart.state.value.readings
            ),
            is_locked_by_visit=not self._is_open(),
        )

    def _has_cuff(self, cuff: InstrumentState) -> bool:
        """At a cart always, with what is missing said; elsewhere once one was chosen there."""
        return self._is_cart or cuff.is_here or cuff.result is not None

    def _is_open(self) -> bool:
        row = self._chart.state.value.row
        return row is not None and row.visit.is_open

    def _code(self, cuff: InstrumentState) -> Code | None:
        return (
            self._refusal.code
            or cuff.code
            or self._vitals.state.value.code
            or self._far.state.value.code
        )

    def _cuff(self, cuff: InstrumentState) -> tuple[str, Tone, bool]:
        if not self._has_cuff(cuff):
            return "", Tone.PLAIN, False
        if cuff.is_running:
            return wording.text("vitals.running"), Tone.ATTENTION, True
        words, tone, is_found = self._presence(cuff)
        return f"{wording.text(f'device.{CUFF}')}: {words}", tone, is_found

    def _presence(self, one: InstrumentState) -> tuple[str, Tone, bool]:
        if one.told is None:
            return wording.failure(Code.DEVICE_MISSING), Tone.BAD, False
        status = one.told.status
        is_found = status.presence is Presence.FOUND
        time = wording.moment(status.since, self._clock.now())
        words = wording.text("device.found" if is_found else "device.missing", time=time)
        reason = "" if status.reason is None else f". {wording.failure(status.reason)}"
        return f"{words}{reason}", Tone.GOOD if is_found else Tone.BAD, is_found

    def _live_pressure(self, cuff: InstrumentState) -> TileScreen | None:
        """Our own running cuff knows better than what the far end says of one."""
        live = cuff.live.get(VitalKind.CUFF_PRESSURE_MMHG)
        if live is None and not cuff.is_running:
            live = self._far.state.value.live.get(VitalKind.CUFF_PRESSURE_MMHG)
        if live is None:
            return None
        return live_tile(live, self._clock.now(), wording.text("vitals.live"))

    def _result_message(self, one: InstrumentState) -> tuple[str, Tone]:
        if one.refused is not None:
            return wording.failure(one.refused), Tone.BAD
        if one.no_measurement is not None:
            reason = one.no_measurement.reason
            if reason is Code.DEVICE_PULLED:  # whether it is plugged in again stands above
                return wording.text("vitals.ended-pulled"), Tone.BAD
            return wording.failure(reason), Tone.PLAIN if reason in NO_FAULT else Tone.BAD
        if one.result is not None:
            doubt = doubt_of(one.result.measured)
            return wording.failure(DECIDE if doubt is None else doubt), Tone.ATTENTION
        return "", Tone.PLAIN

    def _far_reason(self, kind: DeviceKind) -> tuple[str, Tone]:
        """Why the far end's instrument shows no number; a memory is read for whoever is there."""
        reason = self._far.state.value.ended.get(kind)
        if reason is None or reason in NO_FAULT:
            return "", Tone.PLAIN
        return wording.failure(reason), Tone.ATTENTION

    # --- the other instruments -----------------------------------------------------------------

    def _instruments(self) -> tuple[InstrumentScreen, ...]:
        """What is there, what the far end shows, and what was kept not too long ago."""
        found = (self._instrument(kind) for kind in TILES_OF)
        return tuple(screen for screen in found if screen is not None)

    def _instrument(self, kind: DeviceKind) -> InstrumentScreen | None:
        one = self._vitals.state.value.of(kind)
        has_controls = one.is_here or one.result is not None
        tiles = self._tiles(kind, one)
        far_reason, far_tone = self._far_reason(kind)
        if not has_controls and not far_reason and all(tile.is_stale for tile in tiles):
            return None
        name = wording.text(f"device.{kind}")
        if not has_controls:
            return InstrumentScreen(
                kind, name, tiles=tiles, message=far_reason, message_tone=far_tone
            )
        words, tone, is_found = self._presence(one)
        if one.is_running:
            words, tone = wording.text("instrument.running"), Tone.ATTENTION
        message, message_tone = self._result_message(one)
        if one.code is not None and not message:
            message, message_tone = wording.failure(one.code), Tone.BAD
        can_start = self._is_open() and is_found and not one.is_running and not one.is_undecided
        return InstrumentScreen(
            kind=kind,
            name=name,
            state=words,
            tone=tone,
            tiles=tiles,
            message=message,
            message_tone=message_tone,
            has_controls=True,
            can_start=can_start,
            is_running=one.is_running,
            can_keep=one.is_undecided and self._is_open() and self._may_keep,
            can_discard=one.result is not None or one.no_measurement is not None,
        )

    def _tiles(self, kind: DeviceKind, one: InstrumentState) -> tuple[TileScreen, ...]:
        told = {quantity.kind for quantity in one.result.measured.quantities} if one.result else ()
        live = self._live(one)
        besides = [v for v in BESIDES_OF.get(kind, ()) if v in told or self._is_live(live.get(v))]
        return tuple(self._tile(one, vital) for vital in (*TILES_OF[kind], *besides))

    def _is_live(self, live: LiveValue | None) -> bool:
        return live is not None and live_tile(live, self._clock.now()) is not None

    def _tile(self, one: InstrumentState, vital: VitalKind) -> TileScreen:
        """A result that is to be decided upon, then what runs, then what was kept."""
        now, live = self._clock.now(), self._live(one).get(vital)
        if one.result is not None and one.result.measured.value_of(vital) is not None:
            is_refused = one.refused is not None
            return result_tile(one.result.measured, now, is_refused=is_refused, kind=vital)
        shown = None if live is None else live_tile(live, now)
        fresh_for = self._policy.stale_after[vital]
        return shown or kept_tile(vital, self._chart.state.value.readings, now, fresh_for)

    def _live(self, one: InstrumentState) -> Mapping[VitalKind, LiveValue]:
        return one.live or self._far.state.value.live

    # --- readings ------------------------------------------------------------------------------

    def _reading_row(self, reading: Reading) -> ReadingRowScreen:
        now, words = self._clock.now(), words_of(reading.measured)
        confirmation, tone = self._confirmation.of(reading.id, is_pending=reading.is_pending)
        kept, notes = wording.moment(reading.kept_at, now), notes_of(reading, now)
        said = wording.text("vitals.kept", time=kept)
        spoken = ", ".join([words.spoken, *notes, said, confirmation])
        return ReadingRowScreen(
            what=words.what,
            value=words.value,
            extra=words.extra,
            kept=said,
            age=wording.age(now - reading.kept_at),
            confirmation=confirmation,
            tone=tone,
            spoken=wording.spoken(spoken),
            notes=notes,
        )

    # --- wishes --------------------------------------------------------------------------------

    def start(self) -> None:
        self.start_instrument(CUFF)

    def stop(self) -> None:
        self.act(self._series.stop(), "stop cuff", self._failed)

    def keep(self) -> None:
        self.keep_instrument(CUFF)

    def discard(self) -> None:
        self.discard_instrument(CUFF)

    def start_instrument(self, kind: DeviceKind) -> None:
        self._refusal.say(None)
        self.act_once(self._vitals.measure(kind), f"start {kind}", self._failed)

    def stop_instrument(self, kind: DeviceKind) -> None:
        self.act(self._vitals.stop(kind), f"stop {kind}", self._failed)

    def keep_instrument(self, kind: DeviceKind) -> None:
        self._refusal.say(None)
        self.act_once(self._vitals.keep(kind), f"keep {kind}", self._failed)

    def discard_instrument(self, kind: DeviceKind) -> None:
        self._refusal.say(None)
        self.act_once(self._vitals.discard(kind), f"discard {kind}", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()
