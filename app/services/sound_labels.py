"""Marks on body sounds: set while they run or when they are heard again, withdrawn by their author.

Each is a change of its own on its way to the server, like a note; the recording is not touched.
"""

from dataclasses import dataclass

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import Json, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId, new_id
from app.domain.sound_labels import (
    LABELS_MOST,
    LabelKind,
    SoundLabel,
    checked_text,
    label_fields,
)
from app.services.acts import Acts
from app.services.chart import Chart
from app.services.ports import NewChange, UnitOfWork


@dataclass(frozen=True, slots=True)
class Mark:
    """What is wished: `to_sample` equals `at_sample` for a moment."""

    recording: RecordId
    at_sample: int
    to_sample: int
    kind: LabelKind
    text: str = ""


class SoundLabels:
    def __init__(self, acts: Acts, chart: Chart) -> None:
        self._acts = acts
        self._chart = chart

    async def set(self, mark: Mark) -> RecordId:
        """On a sound of the open patient; Rejected when it says nothing, or too much."""
        row, person = self._chart.row, self._acts.person
        if not may(person.role, Action.LABEL_SOUND):
            raise Rejected(Code.NOT_ALLOWED)
        text = checked_text(mark.kind, mark.text)
        of_recording = [one for one in self._shown if one.recording == mark.recording]
        if len(of_recording) >= LABELS_MOST:
            raise Rejected(Code.TOO_LARGE)
        stamp = self._acts.stamp()
        label = SoundLabel(
            id=RecordId(new_id()),
            visit=row.visit.id,
            patient=row.patient.id,
            recording=mark.recording,
            at_sample=max(0, mark.at_sample),
            to_sample=max(0, mark.at_sample, mark.to_sample),
            kind=str(mark.kind),
            text=text,
            author=person.id,
            author_name=person.name,
            made_at=stamp.device_time,
        )
        change = NewChange(
            record_type=RecordType.SOUND_LABEL,
            record=label.id,
            base_version=0,
            fields_set=label_fields(label),
            author=person.id,
            stamp=stamp,
            patient=label.patient,
            visit=label.visit,
        )
        await self._write(change, label, Act.SOUND_LABELLED)
        return label.id

    async def withdraw(self, label_id: RecordId) -> None:
        """Only their own: it stays in the record, and is shown no more."""
        person = self._acts.person
        found = [label for label in self._shown if label.id == label_id]
        if not found:
            raise Rejected(Code.NOT_FOUND)
        label = found[0]
        if label.author != person.id:
            raise Rejected(Code.NOT_ALLOWED)
        stamp, fields = self._acts.stamp(), dict[str, Json](is_withdrawn=True)

        def version(unit: UnitOfWork) -> int:
            confirmed = unit.records.confirmed(RecordType.SOUND_LABEL, label.id)
            return 0 if confirmed is None else confirmed.version

        change = NewChange(
            record_type=RecordType.SOUND_LABEL,
            record=label.id,
            base_version=await self._acts.read(version),
            fields_set=fields,
            author=person.id,
            stamp=stamp,
            patient=label.patient,
            visit=label.visit,
        )
        await self._write(change, label, Act.SOUND_LABEL_WITHDRAWN)

    @property
    def _shown(self) -> tuple[SoundLabel, ...]:
        return self._chart.state.value.sound_labels

    async def _write(self, change: NewChange, label: SoundLabel, act: Act) -> None:
        def write(unit: UnitOfWork) -> None:
            unit.outbox.add(change)
            event = self._acts.event(
                act, patient=label.patient, visit=label.visit, subject=label.id
            )
            unit.audit.add(event)

        await self._acts.do(write)
