"""The call: its state in words, what is gone and since when, and what its buttons may do."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.access import Role
from app.domain.call import Phase
from app.domain.device import DeviceKind, DeviceStatus, Presence
from app.domain.engine import Levels
from app.domain.failures import Code
from app.domain.ladder import Matters, Step
from app.runtime.tasks import TaskOwner
from app.services.call import Call
from app.services.chart import Chart
from app.services.desk import Desk
from app.services.devices import Devices
from app.services.far_devices import FarDevices
from app.services.sync import Sync
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.ladder import LadderScreen, is_without_picture, ladder_screen
from ui.view_models.outage import OF_THE_STORE, why_not_sent
from ui.view_models.refusal import Refusal

NO_LADDER = LadderScreen()


@dataclass(frozen=True, slots=True)
class MeasureScreen:
    name: str  # "Round trip"
    value: str  # "42 ms"; a dash when not known
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class CallScreen:
    state: str  # "Waiting for the cart"
    state_tone: Tone = Tone.PLAIN
    far_caption: str = ""  # who is in the large picture
    far_absent: str = ""  # said where the picture would be, while there is none
    far_gone: str = ""  # why none comes from there, while none does
    own_absent: str = ""
    far_screen: str = ""  # "Screen of Cart 2 not answering since 14:03"
    outage: str = ""  # what is gone and since when
    outage_detail: str = ""  # what goes on nevertheless
    can_join: bool = False
    can_hang_up: bool = False
    is_joined: bool = False  # Hang up stands where Join stood
    can_mute: bool = False
    is_muted: bool = False
    can_show_camera: bool = False
    is_camera_on: bool = True
    measures: tuple[MeasureScreen, ...] = ()
    more_measures: tuple[MeasureScreen, ...] = ()  # on asking, and to a screen reader
    own_caption: str = ""
    ladder: LadderScreen = NO_LADDER


class CallIntents(Protocol):
    """`levels(own, far)` comes ten times a second and is drawn without a new Screen."""

    @property
    def changed(self) -> SignalInstance: ...
    @property
    def levels(self) -> SignalInstance:
        """Signal(float, float): 0..1."""
        ...

    @property
    def screen(self) -> CallScreen: ...
    def join(self) -> None: ...
    def hang_up(self) -> None: ...
    def toggle_mute(self) -> None: ...
    def toggle_camera(self) -> None: ...
    def choose(self, matters: int) -> None:
        """What matters most, by its place in `ladder.choices`."""
        ...

    def toggle_hold(self) -> None:
        """Hold the pictures off at both ends, or let them come again."""
        ...


class CallViewModel(ViewModel[CallScreen]):
    levels = Signal(float, float)

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        call: Call,
        chart: Chart,
        desk: Desk,
        sync: Sync,
        devices: Devices,
        far_devices: FarDevices,
        role: Role,
    ) -> None:
        super().__init__(tasks, ticker)
        self._call = call
        self._chart = chart
        self._desk = desk
        self._sync = sync
        self._devices = devices
        self._far_devices = far_devices
        self._role = role
        self._refusal = Refusal(chart)
        self.listen_to(call.state, chart.state, sync.state, devices.state, far_devices.state)

    def compose(self) -> CallScreen:
        call = self._call.state.value
        row = self._chart.state.value.row
        is_joined = call.phase not in (Phase.IDLE, Phase.ENDED)
        # A lost line leaves the last picture standing, marked as frozen, not a black box.
        keeps_picture = call.phase in (Phase.LIVE, Phase.REJOINING)
        outage, detail = self._outage()
        state, tone = self._state()
        return CallScreen(
            state=state,
            state_tone=tone,
            far_caption="" if call.far is None else call.far.name,
            far_absent=self._far_absent(keeps_picture=keeps_picture),
            far_gone=self._far_gone(),
            own_absent=self._own_absent(),
            far_screen=self._far_screen(),
            outage=outage,
            outage_detail=detail,
            can_join=row is not None and row.visit.is_open and not is_joined,
            can_hang_up=is_joined,
            is_joined=is_joined,
            can_mute=is_joined,
            is_muted=call.is_muted,
            can_show_camera=True,
            is_camera_on=call.is_camera_on,
            measures=self._measures() if call.phase is Phase.LIVE else (),
            more_measures=self._more_measures() if call.phase is Phase.LIVE else (),
            own_caption=self._own_caption(),
            ladder=ladder_screen(call, self._role),
        )

    def _far_absent(self, *, keeps_picture: bool) -> str:
        call = self._call.state.value
        if not keeps_picture:
            return wording.text("picture.none")
        far = None if call.ladder is None else call.ladder.far
        if call.phase is not Phase.LIVE or far is None or not is_without_picture(far):
            return ""
        return wording.text("picture.voice-only" if far.step is Step.VOICE else "picture.none")

    def _far_gone(self) -> str:
        """As the cart tells of its devices; the clinician's are told to nobody."""
        is_gone = _is_camera_missing(self._far_devices.state.value.devices)
        return wording.text("picture.no-far-camera") if is_gone else ""

    def _own_caption(self) -> str:
        """Who sees themselves must not believe that they are seen."""
        call = self._call.state.value
        own = None if call.ladder is None else call.ladder.own
        is_unsent = call.phase is Phase.LIVE and is_without_picture(own)
        return wording.text("call.you-not-sent" if is_unsent else "call.you")

    def _state(self) -> tuple[str, Tone]:
        call = self._call.state.value
        code = self._refusal.code or call.code
        if code is not None and call.phase is not Phase.LIVE:
            return wording.failure(code), Tone.BAD
        if call.phase is Phase.REJOINING and call.phase_since is not None:
            time = wording.time_of_day(call.phase_since)
            return wording.text("call.state.rejoining", time=time), Tone.BAD
        if call.phase is Phase.LIVE and self._only_messages:
            return wording.text("call.state.live-messages"), Tone.BAD
        if call.phase is Phase.LIVE and self._only_voice:
            return wording.text("call.state.live-voice"), Tone.GOOD
        row = self._chart.state.value.row
        if call.phase is Phase.ENDED and row is not None and not row.visit.is_open:
            return wording.text("call.state.ended-finished"), Tone.PLAIN
        tone = {
            Phase.LIVE: Tone.GOOD,
            Phase.WAITING: Tone.ATTENTION,
            Phase.CONNECTING: Tone.ATTENTION,
        }.get(call.phase, Tone.PLAIN)
        return wording.text(f"call.state.{call.phase}"), tone

    @property
    def _only_messages(self) -> bool:
        """A line that carries no voice in one of the directions is no live call to anybody."""
        told = self._call.state.value.ladder
        stands = () if told is None else (told.own, told.far)
        return any(stand is not None and stand.step is Step.MESSAGES for stand in stands)

    @property
    def _only_voice(self) -> bool:
        told = self._call.state.value.ladder
        return told is not None and all(is_without_picture(one) for one in (told.own, told.far))

    def _own_absent(self) -> str:
        if not self._call.state.value.is_camera_on:
            return wording.text("picture.camera-off")
        is_missing = _is_camera_missing(self._devices.state.value.devices)
        return wording.text("picture.no-camera") if is_missing else ""

    def _far_screen(self) -> str:
        call = self._call.state.value
        far = call.far_screen
        if call.phase is not Phase.LIVE or far is None or far.is_attached or call.far is None:
            return ""
        time = wording.time_of_day(far.since)
        return wording.text("call.far-screen", name=call.far.name, time=time)

    def _outage(self) -> tuple[str, str]:
        """What is gone and since when; the earlier of two times is the honest one."""
        call, sync = self._call.state.value, self._sync.state.value
        is_far_gone = call.phase is Phase.REJOINING and call.phase_since is not None
        far_name = wording.text("call.other-side") if call.far is None else call.far.name
        if is_far_gone and sync.is_away and call.phase_since is not None:
            time = wording.time_of_day(min(sync.since, call.phase_since))
            outage = wording.text("call.outage.both", name=far_name, time=time)
            return outage, wording.text("call.outage.server-detail")
        if is_far_gone and call.phase_since is not None:
            time = wording.time_of_day(call.phase_since)
            outage = wording.text("call.outage.far", name=far_name, time=time)
            return outage, wording.text("call.outage.far-detail")
        why = why_not_sent(sync, "call.outage.server")
        is_kept = why and sync.code not in OF_THE_STORE
        return why, wording.text("call.outage.server-detail") if is_kept else ""

    def _measures(self) -> tuple[MeasureScreen, ...]:
        now = self._call.state.value.measures
        return (
            _measure("round-trip", now.round_trip_ms, "ms"),
            _measure("loss", now.loss_percent, "%", places=1),
            _measure("jitter", now.jitter_ms, "ms"),
            _measure("received", now.received_kbit_s, "kbit/s"),
            _measure("sent", now.sent_kbit_s, "kbit/s"),
            _measure("frames", now.frames_per_second, "/s"),
            _measure("join", now.join_ms, "ms"),
        )

    def _more_measures(self) -> tuple[MeasureScreen, ...]:
        now = self._call.state.value.measures
        path = wording.DASH if now.path is None else wording.text(f"call.path.{now.path}")
        return (
            _measure("sent-loss", now.sent_loss_percent, "%", places=1),
            _measure("freezes", now.freezes, ""),
            _measure("concealed", _percent(now.concealed_share), "%", places=1),
            _measure("late", now.late_packets, ""),
            _measure("cpu", _percent(now.cpu_share), "%"),
            MeasureScreen(wording.text("call.measure.path"), path),
        )

    def heard_levels(self, levels: Levels) -> None:
        self.levels.emit(levels.own, levels.far)

    def join(self) -> None:
        self._refusal.say(None)
        self.act_once(self._desk.join(), "join", self._failed)

    def hang_up(self) -> None:
        self.act(self._desk.hang_up(), "hang up", self._failed)

    def toggle_mute(self) -> None:
        self.act(self._call.mute(not self._call.state.value.is_muted), "mute", self._failed)

    def toggle_camera(self) -> None:
        is_on = not self._call.state.value.is_camera_on
        self.act(self._call.show_camera(is_on), "camera", self._failed)

    def choose(self, matters: int) -> None:
        wants = replace(self._call.state.value.wants, matters=tuple(Matters)[matters])
        self.act(self._call.want(wants), "what matters", self._failed)

    def toggle_hold(self) -> None:
        wants = self._call.state.value.wants
        held = replace(wants, is_picture_held=not wants.is_picture_held)
        if self.screen.ladder.is_shown:
            self.act(self._call.want(held), "hold the picture", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def _is_camera_missing(devices: Iterable[DeviceStatus]) -> bool:
    return any(
        status.identity.kind is DeviceKind.CAMERA and status.presence is Presence.MISSING
        for status in devices
    )


def _measure(name: str, value: float | None, unit: str, places: int = 0) -> MeasureScreen:
    shown = wording.DASH
    if value is not None:
        figure = f"{value:.{places}f}"
        shown = wording.quantity(figure, unit) if unit else wording.isolate(figure)
    return MeasureScreen(wording.text(f"call.measure.{name}"), shown)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
