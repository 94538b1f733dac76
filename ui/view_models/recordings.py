"""The stethoscope: record at a site, see the curve, know that both ends hold the same bytes."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.access import Role
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
from ui.view_models.refusal import Refusal


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
    sites: tuple[str, ...] = ()
    scope_state: str = ""  # found or missing since when; "Recording 12 s"
    scope_tone: Tone = Tone.PLAIN
    can_start: bool = False
    is_running: bool = False
    progress: str = ""  # "12.4 s, nothing missing"
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
    def envelope(self) -> SignalInstance:
        """Signal(object): tuple of new absolute peaks, 0..1, 50 a second; an empty one clears."""
        ...

    @property
    def screen(self) -> RecordingsScreen: ...
    def start(self, site: str) -> None: ...
    def stop(self) -> None: ...


SITES = ("aortic", "pulmonic", "tricuspid", "mitral")
PROGRESS_FRESH_S = 1.5


class RecordingsViewModel(ViewModel[RecordingsScreen]):
    """Where the stethoscope is it has controls; the other side sees curve, proof and list."""

    envelope = Signal(object)

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
    ) -> None:
        super().__init__(tasks, ticker)
        self._recordings = recordings
        self._chart = chart
        self._devices = devices
        self._clock = clock
        self._has_controls = role is Role.PRESENTER
        self._heard_at = 0.0
        self._shown: RecordId | None = None
        self._refusal = Refusal(chart)
        self.listen_to(recordings.state, chart.state, devices.state)

    def compose(self) -> RecordingsScreen:
        row = self._chart.state.value.row
        state = self._recordings.state.value
        if row is None or state.visit not in (None, row.visit.id):
            state = RecordingsState()  # of another patient
        is_open = row is not None and row.visit.is_open
        is_running = state.phase is ScopePhase.RUNNING
        scope_state, scope_tone, is_found = self._scope(state)
        proof, proof_tone = self._proof(state)
        code = self._refusal.code or state.code
        is_live = is_running and self._clock.monotonic() - self._heard_at < PROGRESS_FRESH_S
        return RecordingsScreen(
            has_controls=self._has_controls,
            sites=tuple(wording.text(f"scope.site.{site}") for site in SITES),
            scope_state=scope_state,
            scope_tone=scope_tone,
            can_start=is_open and is_found and not is_running,
            is_running=is_running and self._has_controls,
            progress=_progress_words(state.progress) if is_running else "",
            is_live=is_live,
            proof=proof,
            proof_tone=proof_tone,
            message="" if code is None else wording.failure(code),
            message_tone=Tone.BAD,
            rows=tuple(self._row(item, state) for item in self._chart.state.value.recordings),
        )

    def _scope(self, state: RecordingsState) -> tuple[str, Tone, bool]:
        if state.phase is ScopePhase.RUNNING and state.progress is not None:
            key = "scope.recording" if state.progress.is_ours else "scope.receiving"
            return wording.text(key, site=state.progress.site), Tone.ATTENTION, True
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

    def _proof(self, state: RecordingsState) -> tuple[str, Tone]:
        """Only hashes that were computed at both ends make a proof."""
        if state.done is None:
            return "", Tone.PLAIN
        if state.proof is None:
            return wording.text("scope.proof-pending"), Tone.ATTENTION
        if not state.proof.matches or state.proof.far_sha256 != state.done.sha256:
            return wording.text("scope.proof-differs"), Tone.BAD
        percent = wording.isolate("100 %")
        words = wording.text("scope.proof", percent=percent)
        return f"{words} ({wording.fingerprint(state.done.sha256)})", Tone.GOOD

    def _row(self, item: Recording, state: RecordingsState) -> RecordingRowScreen:
        confirmation = wording.text("not-confirmed" if item.is_pending else "confirmed")
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
        spoken = wording.text(
            "scope.spoken",
            site=item.site,
            length=length,
            time=made,
            hash=wording.fingerprint(item.sha256),
            confirmation=confirmation,
        )
        return RecordingRowScreen(
            site=item.site,
            length=length,
            made=wording.text("scope.made", time=made),
            proof=proof,
            fingerprint=wording.fingerprint(item.sha256),
            confirmation=confirmation,
            tone=Tone.ATTENTION if item.is_pending else Tone.PLAIN,
            spoken=wording.spoken(spoken),
        )

    def heard_progress(self, progress: ScopeProgress) -> None:
        """New peaks of the curve; an empty tuple clears it for another recording."""
        if progress.recording != self._recordings.state.value.recording:
            return  # it arrives beside ours, which is what this page shows
        self._heard_at = self._clock.monotonic()
        if progress.recording != self._shown:
            self._shown = progress.recording
            self.envelope.emit(())
        if progress.envelope:
            self.envelope.emit(progress.envelope)

    def start(self, site: str) -> None:
        self._refusal.say(None)
        self.act_once(self._recordings.start(site), "start recording", self._failed)

    def stop(self) -> None:
        self.act(self._recordings.stop(), "stop recording", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def _progress_words(progress: ScopeProgress | None) -> str:
    if progress is None:
        return ""
    length = wording.seconds_long(progress.seconds)
    if progress.is_ours and not progress.is_line_up:
        return f"{length}. {wording.text('scope.line-down')}"
    # Our own blocks that the far end has not acknowledged are on their way, not missing.
    if progress.missing_blocks and not progress.is_ours:
        count = progress.missing_blocks
        return wording.text("scope.progress-missing", length=length, count=count)
    return wording.text("scope.progress", length=length)
