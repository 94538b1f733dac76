"""The stethoscope beside the other instruments: record at a site, see that both ends hold the same.

All else about body sounds stands on their own page (`scope`).
"""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Role
from app.domain.body_sites import Site
from app.domain.clock import Clock
from app.domain.device import DeviceKind, Presence
from app.domain.engine import ScopeProgress
from app.domain.failures import Code
from app.domain.ids import RecordId
from app.domain.recordings import Recording
from app.runtime.tasks import TaskOwner
from app.services.chart import Chart
from app.services.devices import Devices
from app.services.recordings import Recordings, RecordingsState, ScopePhase
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.choices import ChoiceScreen
from ui.view_models.confirmation import Confirmation
from ui.view_models.live_sound import progress_words, proof_words
from ui.view_models.refusal import Refusal
from ui.view_models.sound_words import delay_words, site_name, way_words


@dataclass(frozen=True, slots=True)
class RecordingRowScreen:
    site: str
    length: str  # "20.0 s"
    made: str  # "recorded 14:03"
    proof: str  # "same hash at both ends"; empty when not known
    fingerprint: str  # "3f9a 02c4", the first bytes of the SHA-256
    confirmation: str
    tone: Tone
    spoken: str


@dataclass(frozen=True, slots=True)
class RecordingsScreen:
    """`has_controls` where the stethoscope is; the other side sees curve, proof and list."""

    has_controls: bool
    sites: tuple[ChoiceScreen, ...] = ()
    scope_state: str = ""  # found or missing since when; "Recording 12 s"
    scope_tone: Tone = Tone.PLAIN
    can_start: bool = False
    is_running: bool = False
    progress: str = ""  # "12.4 s, nothing missing"
    way: str = ""  # "live, 0.2 s behind"
    way_tone: Tone = Tone.PLAIN
    is_live: bool = False  # False: the curve is greyed, nothing new comes
    proof: str = ""  # "Received 100 %, same hash"
    proof_tone: Tone = Tone.PLAIN
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    rows: tuple[RecordingRowScreen, ...] = ()  # newest first


class RecordingsIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> RecordingsScreen: ...
    def start(self, site: str) -> None: ...
    def stop(self) -> None: ...


PROGRESS_FRESH_S = 1.5


class RecordingsViewModel(ViewModel[RecordingsScreen]):
    """Where the stethoscope is it has controls; the other side sees curve, proof and list."""

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        recordings: Recordings,
        chart: Chart,
        devices: Devices,
        clock: Clock,
        role: Role,
        confirmation: Confirmation,
    ) -> None:
        super().__init__(tasks, ticker)
        self._recordings = recordings
        self._confirmation = confirmation
        self._chart = chart
        self._devices = devices
        self._clock = clock
        self._has_controls = role is Role.PRESENTER
        self._heard_at = float("-inf")
        self._refusal = Refusal(chart)
        self.listen_to(recordings.state, chart.state, devices.state, confirmation.doubts)

    def compose(self) -> RecordingsScreen:
        row = self._chart.state.value.row
        state = self._recordings.state.value
        if row is None or state.visit not in (None, row.visit.id):
            state = RecordingsState()  # of another patient
        is_open = row is not None and row.visit.is_open
        is_running = state.phase is ScopePhase.RUNNING
        scope_state, scope_tone, is_found = self._scope(state)
        proof, proof_tone = proof_words(state)
        way, way_tone = _way(state.progress) if is_running else ("", Tone.PLAIN)
        code = self._refusal.code or state.code
        is_away = state.progress is not None and state.progress.is_away
        is_fresh = self._clock.monotonic() - self._heard_at < PROGRESS_FRESH_S
        return RecordingsScreen(
            has_controls=self._has_controls,
            sites=tuple(ChoiceScreen(str(site), site_name(site)) for site in Site),
            scope_state=scope_state,
            scope_tone=scope_tone,
            can_start=is_open and is_found and not is_running,
            is_running=is_running and self._has_controls,
            progress=progress_words(state.progress) if is_running else "",
            way=way,
            way_tone=way_tone,
            is_live=is_running and is_fresh and not is_away,
            proof=proof,
            proof_tone=proof_tone,
            message="" if code is None else wording.failure(code),
            message_tone=Tone.BAD,
            rows=tuple(self._row(item, state) for item in self._chart.state.value.recordings),
        )

    def _scope(self, state: RecordingsState) -> tuple[str, Tone, bool]:
        if state.phase is ScopePhase.RUNNING and state.progress is not None:
            site = site_name(state.progress.site)
            if state.progress.is_away:
                return wording.text("scope.away", site=site), Tone.BAD, True
            key = "scope.recording" if state.progress.is_ours else "scope.receiving"
            return wording.text(key, site=site), Tone.ATTENTION, True
        has_arrived = state.phase is ScopePhase.ARRIVED and not self._is_listed(state.recording)
        if has_arrived and not self._has_controls:
            return wording.text("scope.arrived"), Tone.PLAIN, False
        for status in self._devices.state.value.devices:
            if status.identity.kind is DeviceKind.STETHOSCOPE and self._has_controls:
                is_found = status.presence is Presence.FOUND
                time = wording.moment(status.since, self._clock.now())
                words = wording.text("device.found" if is_found else "device.missing", time=time)
                text = f"{status.identity.model}: {words}" if status.identity.model else words
                return text, Tone.GOOD if is_found else Tone.BAD, is_found
        return wording.text("scope.idle"), Tone.PLAIN, False

    def _is_listed(self, recording: RecordId | None) -> bool:
        return any(item.id == recording for item in self._chart.state.value.recordings)

    def _row(self, item: Recording, state: RecordingsState) -> RecordingRowScreen:
        confirmation, tone = self._confirmation.of(item.id, is_pending=item.is_pending)
        made = wording.moment(item.recorded_at, self._clock.now())
        length = wording.seconds_long(item.seconds)
        is_proven = (
            state.proof is not None
            and state.proof.recording == item.id
            and state.proof.matches
            and state.proof.far_sha256 == item.sha256
        )
        percent = wording.isolate("100 %")
        proof = wording.text("scope.proof", percent=percent) if is_proven else ""
        if not item.is_complete:
            proof = wording.text("scope.cut-short")
        site = site_name(item.site)
        spoken = wording.text(
            "scope.spoken",
            site=site,
            length=length,
            time=made,
            hash=wording.fingerprint(item.sha256),
            confirmation=confirmation,
        )
        return RecordingRowScreen(
            site=site,
            length=length,
            made=wording.text("scope.made", time=made),
            proof=proof,
            fingerprint=wording.fingerprint(item.sha256),
            confirmation=confirmation,
            tone=tone,
            spoken=wording.spoken(spoken),
        )

    def heard_progress(self, progress: ScopeProgress) -> None:
        """It is alive; one that arrives beside ours is not what this page shows."""
        if progress.recording == self._recordings.state.value.recording:
            self._heard_at = self._clock.monotonic()

    def start(self, site: str) -> None:
        self._refusal.say(None)
        self.act_once(self._recordings.start(site), "start recording", self._failed)

    def stop(self) -> None:
        self.act(self._recordings.stop(), "stop recording", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def _way(progress: ScopeProgress | None) -> tuple[str, Tone]:
    """How it goes live, and how late that is."""
    if progress is None:
        return "", Tone.PLAIN
    way, way_tone = way_words(progress)
    delay, delay_tone = delay_words(progress)
    tone = delay_tone if delay_tone is Tone.ATTENTION else way_tone
    return ", ".join(words for words in (way, delay) if words), tone
