"""Writing notes. A draft survives a crash; a kept note is a change on its way to the server."""

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId, new_id
from app.domain.notes import NOTE_MAX_CHARACTERS
from app.services.acts import Acts
from app.services.chart import Chart, DraftPlace
from app.services.ports import NewChange, UnitOfWork


class Notes:
    def __init__(self, acts: Acts, chart: Chart) -> None:
        self._acts = acts
        self._chart = chart

    def draft_place(self) -> DraftPlace | None:
        """Where what is typed now belongs; asked at the keystroke, before anybody else comes."""
        row = self._chart.state.value.row
        return None if row is None else DraftPlace(row.visit.id, self._acts.person.id)

    async def keep_draft(self, place: DraftPlace, text: str) -> None:
        """What is being written, as it stands; called a moment after each keystroke."""
        draft = text[:NOTE_MAX_CHARACTERS] or None
        await self._acts.read(lambda unit: unit.kept.keep_text(place.name, draft))

    async def keep(self, text: str) -> RecordId:
        """A new note of the open visit; Rejected when it is empty or too long."""
        row = self._chart.row
        if not row.visit.is_open:
            raise Rejected(Code.NO_VISIT_OPEN)
        text = text.strip()
        if not text:
            raise Rejected(Code.NOTHING_TO_KEEP)
        if len(text) > NOTE_MAX_CHARACTERS:
            raise Rejected(Code.TOO_LARGE)
        person = self._acts.person
        if not may(person.role, Action.WRITE_NOTE):
            raise Rejected(Code.NOT_ALLOWED)
        note, visit, patient = RecordId(new_id()), row.visit.id, row.patient.id
        stamp = self._acts.stamp()

        def write(unit: UnitOfWork) -> None:
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.NOTE,
                    record=note,
                    base_version=0,
                    fields_set={
                        "visit": str(visit),
                        "patient": str(patient),
                        "text": text,
                        "author": str(person.id),
                        "author_name": person.name,
                        "written_at": stamp.device_time.isoformat(),
                    },
                    author=person.id,
                    stamp=stamp,
                    patient=patient,
                    visit=visit,
                )
            )
            unit.kept.keep_text(DraftPlace(visit, person.id).name, None)
            unit.audit.add(
                self._acts.event(Act.NOTE_KEPT, patient=patient, visit=visit, subject=note)
            )

        await self._acts.do(write)
        return note
