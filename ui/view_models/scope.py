"""The page of body sounds, on both sides: where the instrument stands, what runs, what was kept."""

from dataclasses import dataclass, replace
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.access import Role
from app.domain.body_sites import Aspect, Site, aspect_of
from app.domain.clock import Clock
from app.domain.device import DeviceKind, DeviceStatus, Presence
from app.domain.engine import ScopeProgress
from app.domain.failures import Code, Rejected
from app.domain.listening import Listening as LiveListening
from app.domain.listening import Playing, Slot
from app.domain.recordings import Recording
from app.domain.sound_export import ExportForm
from app.domain.sound_labels import LabelKind
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart
from app.services.devices import Devices
from app.services.listening import Listening
from app.services.recordings import Recordings, RecordingsState, ScopePhase
from app.services.sound_labels import Mark, SoundLabels
from ui import wording
from ui.shown import SiteShown
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.kept_sounds import HowPlayed, KeptSoundsScreen, kept_sounds, recording_of
from ui.view_models.live_sound import LiveSoundScreen, live_sound
from ui.view_models.refusal import Refusal
from ui.view_models.sound_words import band_of, site_name, site_short, sites_of

LEAST_PLAYED_S = 0.2
NOTHING_LIVE, NOTHING_KEPT = LiveSoundScreen(), KeptSoundsScreen()


@dataclass(frozen=True, slots=True)
class ScopeScreen:
    """`shows_kept`: the kept sounds, else the one that runs."""

    is_open: bool = False
    shows_kept: bool = False
    has_controls: bool = False
    aspect: Aspect = Aspect.FRONT
    sites: tuple[SiteShown, ...] = ()
    chosen: str = ""  # the chosen place by its name
    can_start: bool = False
    is_running: bool = False  # ours
    live: LiveSoundScreen = NOTHING_LIVE
    kept: KeptSoundsScreen = NOTHING_KEPT
    message: str = ""
    message_tone: Tone = Tone.BAD


class ScopeIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def moved(self) -> SignalInstance:
        """Signal(str, float): the slot that plays, and where it is."""
        ...

    @property
    def screen(self) -> ScopeScreen: ...
    def open(self) -> None: ...
    def close(self) -> None: ...
    def show_kept(self, is_kept: bool) -> None: ...
    def turn(self) -> None:
        """The other side of the body."""
        ...

    def choose_site(self, site: Site) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def listen(self, is_on: bool) -> None: ...
    def choose_live(self, band: str, gain: str) -> None: ...
    def mark(self, kind: str, text: str) -> None:
        """On the sound that runs, now."""
        ...

    def choose_kept(self, slot: str, key: str) -> None: ...
    def choose_playing(self, band: str, gain: str, speed: str, is_looped: bool) -> None: ...
    def play(self, slot: str, start_s: float, end_s: float) -> None: ...
    def stop_playing(self) -> None: ...
    def mark_kept(self, kind: str, text: str, from_s: float, to_s: float) -> None: ...
    def withdraw(self, key: str) -> None: ...
    def export(self, form: str, path: str) -> None: ...
    def export_name(self, form: str) -> str:
        """As it is offered in the dialog: it names nobody."""
        ...


class ScopeViewModel(ViewModel[ScopeScreen]):
    moved = Signal(str, float)

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        recordings: Recordings,
        listening: Listening,
        labels: SoundLabels,
        chart: Chart,
        devices: Devices,
        acts: Acts,
        clock: Clock,
        role: Role,
    ) -> None:
        super().__init__(tasks, ticker)
        self._recordings = recordings
        self._listening = listening
        self._labels = labels
        self._chart = chart
        self._devices = devices
        self._acts = acts
        self._clock = clock
        self._has_controls = role is Role.PRESENTER
        self._is_open = self._shows_kept = False
        self._aspect, self._site = Aspect.FRONT, Site.MITRAL
        self._how = HowPlayed()
        self._progress: tuple[ScopeProgress, float] | None = None  # the newest word, and when
        self._refusal = Refusal(chart)
        listening.state.listen(lambda _: self._tell_place())
        self.listen_to(
            recordings.state, listening.state, chart.state, devices.state, acts.events_noted
        )

    # --- what is shown -------------------------------------------------------------------------

    def compose(self) -> ScopeScreen:
        chart = self._chart.state.value
        if chart.row is None:
            self._is_open = False
            return ScopeScreen(has_controls=self._has_controls)
        if not self._is_open:
            return ScopeScreen(has_controls=self._has_controls)
        state = self._recordings.state.value
        if state.visit not in (None, chart.row.visit.id):
            state = RecordingsState()  # of another patient
        is_running = state.phase is ScopePhase.RUNNING
        is_found = self._is_instrument_there()
        code = self._refusal.code or state.code or self._listening.state.value.code
        return ScopeScreen(
            is_open=True,
            shows_kept=self._shows_kept,
            has_controls=self._has_controls,
            aspect=self._aspect,
            sites=self._sites(state, chart.recordings),
            chosen=site_name(self._site) if self._has_controls else "",
            can_start=chart.row.visit.is_open and is_found and not is_running,
            is_running=is_running and self._has_controls,
            live=live_sound(
                state,
                self._listening.state.value,
                chart.sound_labels,
                heard_at_s=self._progress[1] if self._progress else float("-inf"),
                clock=self._clock,
                has_instrument=self._has_controls,
                idle=self._idle_words(is_found),
            ),
            kept=kept_sounds(
                chart.recordings,
                chart.sound_labels,
                self._listening.state.value,
                self._how,
                own=self._acts.person.id if self._acts.has_person else None,
                now=self._clock.now(),
            ),
            message="" if code is None else wording.failure(code),
        )

    def _sites(
        self, state: RecordingsState, recordings: tuple[Recording, ...]
    ) -> tuple[SiteShown, ...]:
        running = state.progress.site if state.progress is not None else None
        shown = []
        for site in sites_of(self._aspect):
            count = sum(item.site == site for item in recordings)
            is_live = state.phase is ScopePhase.RUNNING and running == site
            is_chosen = self._has_controls and site is self._site
            spoken = [site_name(site)]
            if count:
                spoken.append(wording.text("site.recorded", count=count))
            if is_live:
                spoken.append(wording.text("site.live"))
            if is_chosen:
                spoken.append(wording.text("site.chosen"))
            words = wording.spoken(", ".join(spoken))
            is_free = self._has_controls and state.phase is not ScopePhase.RUNNING
            can_choose = is_free or (not self._has_controls and count > 0)
            shown.append(
                SiteShown(
                    site,
                    site_short(site),
                    words,
                    is_chosen=is_chosen,
                    is_live=is_live,
                    is_recorded=count > 0,
                    can_choose=can_choose,
                )
            )
        return tuple(shown)

    def _idle_words(self, is_found: bool) -> str:
        if not self._has_controls or is_found:
            return wording.text("scope.idle")
        reasons = (status.reason for status in self._instruments())
        reason = next((one for one in reasons if one not in (None, Code.DEVICE_MISSING)), None)
        if reason is None:
            return wording.text("scope.no-instrument")
        return wording.text("scope.unusable", reason=wording.failure(reason))

    def _is_instrument_there(self) -> bool:
        return any(status.presence is Presence.FOUND for status in self._instruments())

    def _instruments(self) -> list[DeviceStatus]:
        devices = self._devices.state.value.devices
        return [one for one in devices if one.identity.kind is DeviceKind.STETHOSCOPE]

    def heard_progress(self, progress: ScopeProgress) -> None:
        if progress.recording != self._recordings.state.value.recording:
            return
        before, self._progress = self._progress, (progress, self._clock.monotonic())
        if before is None or before[0].recording != progress.recording:
            self.refresh()  # it is live from its first word on

    def _tell_place(self) -> None:
        state = self._listening.state.value
        slots = [state.playing.slot] if state.playing is not None else list(state.opened)
        for slot in slots[:1]:
            self.moved.emit(str(slot), state.at_s)

    # --- the page ------------------------------------------------------------------------------

    def open(self) -> None:
        self._is_open = True
        self.refresh()

    def close(self) -> None:
        """What plays is silent; what runs goes on."""
        self._is_open = False
        self.refresh()
        if self._listening.state.value.playing is not None:
            self.stop_playing()

    def show_kept(self, is_kept: bool) -> None:
        self._shows_kept = is_kept
        self._refusal.say(None)
        self.refresh()
        recordings = self._chart.state.value.recordings
        if is_kept and recordings and not self._listening.state.value.opened:
            self.choose_kept(Slot.FIRST, str(recordings[0].id))

    # --- the body ------------------------------------------------------------------------------

    def turn(self) -> None:
        self._aspect = Aspect.BACK if self._aspect is Aspect.FRONT else Aspect.FRONT
        self.refresh()

    def choose_site(self, site: Site) -> None:
        """At the cart the next recording is of there; elsewhere the newest of there is opened."""
        self._site, self._aspect = site, aspect_of(site)
        if not self._has_controls:
            of_there = [one for one in self._chart.state.value.recordings if one.site == site]
            if of_there:
                self._shows_kept = True
                self.choose_kept(Slot.FIRST, str(of_there[0].id))
        self.refresh()

    def start(self) -> None:
        self._begin_act()
        self.act_once(self._recordings.start(str(self._site)), "start recording", self._failed)

    def stop(self) -> None:
        self.act(self._recordings.stop(), "stop recording", self._failed)

    # --- the sound that runs -------------------------------------------------------------------

    def listen(self, is_on: bool) -> None:
        self._live(replace(self._listening.state.value.live, is_on=is_on))

    def choose_live(self, band: str, gain: str) -> None:
        live = self._listening.state.value.live
        self._live(replace(live, band=band_of(band), gain_db=int(gain)))

    def _live(self, live: LiveListening) -> None:
        self._begin_act()
        self.act(self._listening.listen(live), "listen", self._failed)

    def mark(self, kind: str, text: str) -> None:
        self._begin_act()
        if self._progress is None:
            self._failed(Code.NOTHING_TO_KEEP)
            return
        progress, heard_at_s = self._progress
        passed_s = min(1.0, self._clock.monotonic() - heard_at_s)
        at = round((progress.at_s + passed_s) * progress.sample_rate_hz)
        self._set(Mark(progress.recording, at, at, LabelKind(kind), text))

    # --- kept sounds ---------------------------------------------------------------------------

    def choose_kept(self, slot: str, key: str) -> None:
        self._begin_act()
        recording = recording_of(key)
        opened = self._listening.state.value.opened.get(Slot(slot))
        if (opened.recording.id if opened else None) == recording:
            return
        if recording is None:
            self.act(self._listening.shut(Slot(slot)), "close sound", self._failed)
        else:
            self.act(self._listening.open(Slot(slot), recording), "open sound", self._failed)

    def choose_playing(self, band: str, gain: str, speed: str, is_looped: bool) -> None:
        """What plays goes on as it began; the next time it is so."""
        self._how = HowPlayed(band, gain, speed, is_looped)
        self.refresh()

    def play(self, slot: str, start_s: float, end_s: float) -> None:
        self._begin_act()
        playing = Playing(
            slot=Slot(slot),
            start_s=start_s,
            end_s=max(end_s, start_s + LEAST_PLAYED_S),
            band=band_of(self._how.band),
            gain_db=int(self._how.gain),
            speed=float(self._how.speed),
            is_looped=self._how.is_looped,
            is_level=self.screen.kept.is_level,
        )
        self.act(self._listening.play(playing), "play sound", self._failed)

    def stop_playing(self) -> None:
        self.act(self._listening.stop(), "stop sound", self._failed)

    def mark_kept(self, kind: str, text: str, from_s: float, to_s: float) -> None:
        self._begin_act()
        opened = self._listening.state.value.opened.get(Slot.FIRST)
        if opened is None:
            self._failed(Code.NOTHING_TO_KEEP)
            return
        rate_hz, recording = opened.recording.sample_rate_hz, opened.recording.id
        first, last = round(from_s * rate_hz), round(to_s * rate_hz)
        self._set(Mark(recording, first, last, LabelKind(kind), text))

    def withdraw(self, key: str) -> None:
        self._begin_act()
        label = recording_of(key)
        if label is not None:
            self.act_once(self._labels.withdraw(label), "withdraw mark", self._failed)

    def export(self, form: str, path: str) -> None:
        self._begin_act()
        self.act_once(self._export(ExportForm(form), path), "export sound", self._failed)

    async def _export(self, form: ExportForm, path: str) -> None:
        opened = self._opened_first()
        await self._listening.export(opened.id, form, path, wording.spoken(site_name(opened.site)))

    def export_name(self, form: str) -> str:
        ending = {ExportForm.DICOM: "dcm"}.get(ExportForm(form), form)
        try:
            made = self._opened_first().recorded_at.astimezone()
        except Rejected:
            return f"body-sound.{ending}"
        return f"body-sound-{made:%Y%m%d-%H%M%S}.{ending}"

    # --- inside --------------------------------------------------------------------------------

    def _opened_first(self) -> Recording:
        opened = self._listening.state.value.opened.get(Slot.FIRST)
        if opened is None:
            raise Rejected(Code.NOT_FOUND)
        return opened.recording

    def _set(self, mark: Mark) -> None:
        self.act(self._labels.set(mark), "mark sound", self._failed)

    def _begin_act(self) -> None:
        self._refusal.say(None)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()
