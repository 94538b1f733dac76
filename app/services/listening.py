"""Listening to body sounds: the one that runs, and kept ones, two of them side by side.

Which filter and how loud is each listener's own. What is played and what leaves the house is
audited, by id.
"""

from dataclasses import dataclass, field, replace

from app.domain.audit import Act
from app.domain.engine import SoundOpened, SoundPlaying, SoundRefused, SoundStopped
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import RecordId, VisitId
from app.domain.listening import Listening as LiveListening
from app.domain.listening import Playing, Slot
from app.domain.patients import Patient
from app.domain.recordings import Recording
from app.domain.sound_export import ExportForm, SavedSound, SoundExport, SoundNote
from app.domain.sound_labels import SoundLabel
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart, ChartState
from app.services.ports import ExportSound, SoundRoom
from app.services.sound_files import SoundFiles

NOT_LISTENING = LiveListening()


@dataclass(frozen=True, slots=True)
class Opened:
    """A kept recording in its slot; `sound` None while it is brought and drawn."""

    recording: Recording
    sound: SoundOpened | None = None
    code: Code | None = None  # why it cannot be opened


@dataclass(frozen=True, slots=True)
class ListeningState:
    live: LiveListening = NOT_LISTENING
    opened: dict[Slot, Opened] = field(default_factory=dict)
    playing: Playing | None = None
    at_s: float = 0.0  # where it plays, or stopped
    is_heard: bool = True  # False: there is no loudspeaker
    saved: SavedSound | None = None
    code: Code | None = None


class Listening:
    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        room: SoundRoom,
        files: SoundFiles,
        export: ExportSound,
        version: str,
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._room = room
        self._files = files
        self._export = export
        self._version = version
        self._visit: VisitId | None = None
        self._told_of: set[RecordId] = set()  # played since the chart was opened
        self.state: Broadcast[ListeningState] = Broadcast(ListeningState())
        self._tasks = TaskOwner("listening")
        self._stop_listening = chart.state.listen(self._chart_changed)

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    # --- the sound that runs -------------------------------------------------------------------

    async def listen(self, live: LiveListening) -> None:
        self._acts.person  # noqa: B018  # Rejected when nobody is signed in
        self._tell(live=live)
        await self._room.listen(live)

    # --- kept ones -----------------------------------------------------------------------------

    async def open(self, slot: Slot, recording: RecordId) -> None:
        """Bring it, check it, draw it; heard_opened or a code follows."""
        found = self._recording(recording)
        if self.state.value.playing is not None:
            await self.stop()
        self._put(slot, Opened(found))
        try:
            wav = await self._files.wav_of(found)
            if self._is_wanted(slot, recording):
                await self._room.open_sound(slot, recording, wav)
        except Failure as failure:
            if self._is_wanted(slot, recording):
                self._put(slot, Opened(found, code=failure.code))

    async def shut(self, slot: Slot) -> None:
        opened = dict(self.state.value.opened)
        opened.pop(slot, None)
        playing = self.state.value.playing
        if playing is not None and playing.slot is slot:
            playing = None
        self._tell(opened=opened, playing=playing, code=None)
        await self._room.close_sound(slot)

    async def play(self, playing: Playing) -> None:
        opened = self.state.value.opened.get(playing.slot)
        if opened is None or opened.sound is None:
            raise Rejected(Code.NOT_FOUND)
        await self._note_played(opened.recording)
        self._tell(playing=playing, at_s=playing.start_s, code=None)
        await self._room.play_sound(playing)

    async def stop(self) -> None:
        self._tell(playing=None)
        await self._room.stop_sound()

    async def export(
        self, recording: RecordId, form: ExportForm, path: str, site_words: str
    ) -> None:
        """Where a person said, in the clear; that they did so is an act, and comes before it."""
        row, found = self._chart.row, self._recording(recording)
        wav = await self._files.wav_of(found)
        event = self._acts.event(
            Act.RECORDING_EXPORTED,
            patient=row.patient.id,
            visit=found.visit,
            subject=found.id,
        )
        await self._acts.note(event)
        saved = await self._export(
            wav, form, path, self._as_exported(found, site_words), self._patient_of(found)
        )
        self._tell(saved=saved, code=None)

    # --- what the media process tells ----------------------------------------------------------

    def heard_opened(self, word: SoundOpened) -> None:
        opened = self.state.value.opened.get(word.slot)
        if opened is not None and opened.recording.id == word.recording:
            self._put(word.slot, replace(opened, sound=word, code=None))

    def heard_refused(self, word: SoundRefused) -> None:
        opened = self.state.value.opened.get(word.slot)
        if opened is not None and opened.recording.id == word.recording:
            self._put(word.slot, replace(opened, code=word.code))

    def heard_playing(self, word: SoundPlaying) -> None:
        playing = self.state.value.playing
        if playing is not None and playing.slot is word.slot:
            self._tell(at_s=word.at_s, is_heard=word.is_heard)

    def heard_stopped(self, word: SoundStopped) -> None:
        playing = self.state.value.playing
        if playing is not None and playing.slot is word.slot:
            self._tell(playing=None, at_s=word.at_s)

    def heard_gone(self) -> None:
        """The media process ended, and what stood open in it."""
        if self.state.value.opened:
            self._tell(opened={}, playing=None, code=Code.MEDIA_PROCESS_ENDED)

    # --- inside --------------------------------------------------------------------------------

    def _chart_changed(self, chart: ChartState) -> None:
        """Another patient's sound is not to be heard here any more."""
        visit = None if chart.row is None else chart.row.visit.id
        if visit == self._visit:
            return
        self._visit = visit
        self._told_of.clear()
        before = self.state.value
        self.state.tell(ListeningState())
        if before != ListeningState():
            self._tasks.start(self._silence(), "silence")

    async def _silence(self) -> None:
        await self._room.listen(LiveListening())
        for slot in Slot:
            await self._room.close_sound(slot)

    async def _note_played(self, recording: Recording) -> None:
        if recording.id in self._told_of:
            return
        event = self._acts.event(
            Act.RECORDING_PLAYED,
            patient=recording.patient,
            visit=recording.visit,
            subject=recording.id,
        )
        await self._acts.note(event)
        self._told_of.add(recording.id)

    def _recording(self, recording: RecordId) -> Recording:
        for found in self._chart.state.value.recordings:
            if found.id == recording:
                return found
        raise Rejected(Code.NOT_FOUND)

    def _patient_of(self, recording: Recording) -> Patient:
        patient = self._chart.row.patient
        if patient.id != recording.patient:
            raise Rejected(Code.WRONG_PATIENT)
        return patient

    def _as_exported(self, recording: Recording, site_words: str) -> SoundExport:
        state = self._chart.state.value
        of_visit = [one for one in reversed(state.recordings) if one.visit == recording.visit]
        labels = [one for one in state.sound_labels if one.recording == recording.id]
        return SoundExport(
            recording=recording.id,
            visit=recording.visit,
            number=1 + of_visit.index(recording),
            recorded_at=recording.recorded_at,
            site=site_words,
            source=recording.source,
            version=self._version,
            notes=tuple(_note_of(label, recording.sample_rate_hz) for label in labels),
        )

    def _is_wanted(self, slot: Slot, recording: RecordId) -> bool:
        opened = self.state.value.opened.get(slot)
        return opened is not None and opened.recording.id == recording

    def _put(self, slot: Slot, opened: Opened) -> None:
        self._tell(opened={**self.state.value.opened, slot: opened}, code=None)

    def _tell(self, **changed: object) -> None:
        self.state.tell(replace(self.state.value, **changed))  # type: ignore[arg-type]  # fields


def _note_of(label: SoundLabel, rate_hz: int) -> SoundNote:
    words = f"{label.kind}: {label.text}" if label.text else label.kind
    return SoundNote(words, label.at_sample / rate_hz, label.to_sample / rate_hz)
