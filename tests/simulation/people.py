"""What the people at the desks do, in the words of the services: write, change, decide."""

import json
import random
from uuid import UUID

from app.domain.audit import Act
from app.domain.changes import Json, NewChange, PendingChange, RecordType
from app.domain.failures import Rejected
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.services.ports import UnitOfWork
from tests.simulation.desk_end import DeskEnd
from tests.simulation.death import ProcessDied
from tests.simulation.ground import Ground
from tests.simulation.intents import Intent, Memory

CHANGED_OF_NOTE = ("text",)
A_LATER_FIELD = "of_a_later_release"


class People:
    def __init__(self, ground: Ground, memory: Memory, dice: random.Random) -> None:
        self._ground = ground
        self._memory = memory
        self._dice = dice

    async def writes_a_note(self, desk: DeskEnd) -> str:
        number = self._dice.randrange(len(self._ground.visits))
        visit, patient = self._ground.visits[number], self._ground.patients[number]
        value, note = self._memory.fresh(desk.number), RecordId(new_id())
        fields: dict[str, Json] = {
            "visit": str(visit),
            "patient": str(patient),
            "text": value,
            "author": str(desk.person.id),
            "author_name": desk.person.name,
            "written_at": desk.clock.now().isoformat(),
        }
        if self._dice.random() < 0.2:
            fields[A_LATER_FIELD] = {"kept": value}
        await self._sets(desk, RecordType.NOTE, note, fields, patient, visit, {"text": None})
        return f"note {value}"

    async def changes_something(self, desk: DeskEnd) -> str:
        found = self._changeable(desk)
        if not found:
            return "nothing to change"
        record_type, record, document = self._dice.choice(found)
        names = self._names(record_type)
        seen = {name: document.get(name) for name in names}
        fields: dict[str, Json] = {name: self._memory.fresh(desk.number) for name in names}
        patient = PatientId(UUID(document["patient"]))
        visit = None if document["visit"] is None else VisitId(UUID(document["visit"]))
        await self._sets(desk, record_type, record, fields, patient, visit, seen)
        return f"change {fields}"

    def _names(self, record_type: RecordType) -> list[str]:
        return list(CHANGED_OF_NOTE)

    def _changeable(self, desk: DeskEnd) -> list[tuple[RecordType, RecordId, dict[str, str]]]:
        rows = desk.rows(
            "SELECT record_type, record, body, patient, visit FROM shown ORDER BY record"
        )
        found = []
        for record_type, record, body, patient, visit in rows:
            document = {**json.loads(body), "patient": patient, "visit": visit}
            if record_type == RecordType.NOTE and document["author"] == str(desk.person.id):
                found.append((RecordType.NOTE, RecordId(UUID(record)), document))
        return found

    async def decides(self, desk: DeskEnd) -> str:
        """Upon something that the server refused: written anew upon what stands, or given up."""
        refused = [item for item in await self._pending(desk) if item.refused is not None]
        if not refused:
            return "nothing to decide"
        item = self._dice.choice(refused)
        is_anew = self._dice.random() < 0.6
        name, value = _meant(item)
        seen = None if item.current is None else json.loads(item.current.body).get(name)
        try:
            if is_anew:
                await desk.unsent.write_anew(item.change.id)
            else:
                await desk.unsent.give_up(item.change.id)
            is_recorded = True
        except ProcessDied:
            is_recorded = False
        except Rejected:
            return "may not decide"
        if is_anew:
            self._remember(desk, item.change.record_type, item.change.record, {name: value}, {name: seen}, is_recorded)
        else:
            self._memory.given_up.add(value)
        return f"decides {value}: {'anew' if is_anew else 'given up'}"

    async def _pending(self, desk: DeskEnd) -> list[PendingChange]:
        try:
            return await desk.acts.read(lambda unit: unit.outbox.all())
        except ProcessDied:
            return []

    async def _sets(
        self,
        desk: DeskEnd,
        record_type: RecordType,
        record: RecordId,
        fields: dict[str, Json],
        patient: PatientId,
        visit: VisitId | None,
        seen: dict[str, Json],
    ) -> None:
        try:
            stamp = desk.acts.stamp()
        except Rejected:
            try:
                await desk.acts.confirm_times()
            except ProcessDied:
                return
            stamp = desk.acts.stamp()

        def write(unit: UnitOfWork) -> None:
            confirmed = unit.records.confirmed(record_type, record)
            unit.outbox.add(
                NewChange(
                    record_type=record_type,
                    record=record,
                    base_version=0 if confirmed is None else confirmed.version,
                    fields_set=fields,
                    author=desk.person.id,
                    stamp=stamp,
                    patient=patient,
                    visit=visit,
                )
            )
            event = desk.acts.event(Act.NOTE_KEPT, patient=patient, visit=visit, subject=record)
            unit.audit.add(event)

        is_recorded = await desk.has_done(write)
        self._remember(desk, record_type, record, fields, seen, is_recorded)

    def _remember(
        self,
        desk: DeskEnd,
        record_type: RecordType,
        record: UUID,
        fields: dict[str, Json],
        seen: dict[str, Json],
        is_recorded: bool,
    ) -> None:
        for name in seen:
            self._memory.intents.append(
                Intent(
                    str(fields[name]),
                    desk.number,
                    record_type,
                    record,
                    name,
                    seen[name],
                    is_recorded,
                )
            )


def _meant(item: PendingChange) -> tuple[str, str]:
    """The field and the value that only this intent has."""
    for name, value in item.change.fields_set.items():
        if isinstance(value, str) and value.startswith("value "):
            return name, value
    raise AssertionError("an intent without a value")
