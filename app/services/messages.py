"""Secure messages of a visit: kept like a note, so that they survive an outage in order."""

from dataclasses import replace

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId, new_id
from app.domain.message_files import MessageFile
from app.domain.messages import MESSAGE_MAX_CHARACTERS, Message, message_fields, next_turn
from app.services.acts import Acts
from app.services.chart import Chart
from app.services.ports import NewChange, UnitOfWork


class Messages:
    def __init__(self, acts: Acts, chart: Chart) -> None:
        self._acts = acts
        self._chart = chart

    async def write(self, text: str, file: MessageFile | None = None) -> RecordId:
        """A message to the other side of the open visit; the parts of its file are kept here."""
        row = self._chart.row
        if not row.visit.is_open:
            raise Rejected(Code.NO_VISIT_OPEN)
        text = text.strip()
        if not text and file is not None:
            text = file.name
        if not text:
            raise Rejected(Code.NOTHING_TO_KEEP)
        if len(text) > MESSAGE_MAX_CHARACTERS:
            raise Rejected(Code.TOO_LARGE)
        person = self._acts.person
        if not may(person.role, Action.WRITE_MESSAGE):
            raise Rejected(Code.NOT_ALLOWED)
        message, visit, patient = RecordId(new_id()), row.visit.id, row.patient.id
        stamp = self._acts.stamp()

        written = Message(message, visit, patient, text, person.id, person.name, stamp.device_time)

        def keep(unit: UnitOfWork) -> None:
            turn = next_turn(unit.records.messages(visit))
            for part in () if file is None else file.parts:
                unit.attachments.add(part.file_sha256, part.file_bytes)
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.MESSAGE,
                    record=message,
                    base_version=0,
                    fields_set=message_fields(replace(written, turn=turn, file=file)),
                    author=person.id,
                    stamp=stamp,
                    patient=patient,
                    visit=visit,
                )
            )
            unit.audit.add(
                self._acts.event(Act.MESSAGE_WRITTEN, patient=patient, visit=visit, subject=message)
            )

        await self._acts.do(keep)
        return message
