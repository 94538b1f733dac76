"""What the people at the desks do, in the words of the services: write, change, decide."""

import json
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from app.domain.audit import Act
from app.domain.changes import Json, NewChange, PendingChange, RecordType
from app.domain.conflicts import Conflict, Take
from app.domain.failures import Rejected
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.services.conflicts import all_as_they_stand
from app.services.ports import UnitOfWork
from tests.simulation.death import ProcessDied
from tests.simulation.desk_end import DeskEnd
from tests.simulation.ground import Ground
from tests.simulation.intents import Intent, Memory

CHANGED_OF_PATIENT = ("title", "sex", "allergies")
CHANGED = ("text", *CHANGED_OF_PATIENT)
A_LATER_FIELD = "of_a_later_release"


class People:
    def __init__(self, ground: Ground, memory: Memory, dice: random.Random) -> None:
        self._ground = ground
        self._memory = memory
        self._dice = dice

    async def writes_a_note(self, desk: DeskEnd) -> str:
        number = self._dice.randrange(len(self._ground.visits))
        visit, patient = self._ground.visits[number], self._ground.patients[number]
        if not desk.rows(f"SELECT 1 FROM visits_shown WHERE record = '{visit}'"):
            return "sees no such patient"
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
        if record_type is RecordType.NOTE:
            return ["text"]
        return self._dice.sample(CHANGED_OF_PATIENT, self._dice.choice((1, 1, 2)))

    def _changeable(self, desk: DeskEnd) -> list[tuple[RecordType, RecordId, dict[str, Any]]]:
        rows = desk.rows(
            "SELECT record_type, record, body, patient, visit FROM shown"
            " WHERE record_type IN ('note', 'patient') ORDER BY record"
        )
        found = []
        for record_type, record, body, patient, visit in rows:
            document = {**json.loads(body), "patient": patient, "visit": visit}
            if patient is None:  # of what was given up, or has left, a part alone: no screen has it
                continue
            if record_type == RecordType.PATIENT or document["author"] == str(desk.person.id):
                found.append((RecordType(record_type), RecordId(UUID(record)), document))
        return found

    async def decides(self, desk: DeskEnd) -> str:
        """Upon something that the server refused: written anew upon what stands, or given up."""
        refused = [item for item in await self._pending(desk) if item.refused is not None]
        if not refused:
            return "nothing to decide"
        item = self._dice.choice(refused)
        is_anew = self._dice.random() < 0.6
        stands = await self._shown(desk, item) or {}
        mine = [
            one.change.fields_set
            for one in await self._pending(desk)
            if one.change.record == item.change.record and one.change.id != item.change.id
        ]
        fields = _meant(item)
        decide = desk.unsent.write_anew if is_anew else desk.unsent.give_up
        is_recorded = await self._is_done(desk, lambda: decide(item.change.id))
        if is_recorded is None:
            return "may not decide"
        if is_anew:
            kind, record = item.change.record_type, item.change.record
            written = (
                item.change.fields_set
            )  # also what somebody undid, and so is nobody's own word
            names = [name for name in CHANGED if name in written]
            self._remember(
                desk, kind, record, written, {name: stands.get(name) for name in names}, is_recorded
            )
            for other in mine:  # in the same list as what is decided, and waiting behind it
                before = {n: other[n] for n in names if n in other}
                self._remember(desk, kind, record, written, before, is_recorded)
        else:
            self._memory.given_up.update(map(str, fields.values()))
        return f"decides {fields}: {'anew' if is_anew else 'given up'}"

    async def gives_all_up(self, desk: DeskEnd) -> list[str]:
        """What was refused about patients whom the server lets this person see no more."""
        done = []
        while refused := [one for one in await self._pending(desk) if one.refused is not None]:
            self._memory.given_up.update(map(str, _meant(refused[0]).values()))
            await self._is_done(desk, partial(desk.unsent.give_up, refused[0].change.id))
            done.append(f"desk {desk.number} gives {_meant(refused[0])} up")
        return done

    async def resolves(self, desk: DeskEnd) -> str:
        """A conflict of anybody's: takes one, the other or both, writes anew, or undoes it."""
        found = await self._conflicts(desk)
        if not found:
            return "no conflict"
        conflict = self._dice.choice(found)
        assert isinstance(conflict.record_type, RecordType)
        take = self._dice.choice([take for take in Take if self._can(conflict, take)])
        anew = {name: self._memory.fresh(desk.number) for name in conflict.mine.fields}
        if conflict.resolution is not None:
            fields = {
                name: conflict.resolution.before.get(name) for name in conflict.resolution.fields
            }
            is_recorded = await self._is_done(desk, lambda: desk.conflicts.undo(conflict))
        else:
            fields = conflict.outcome(take, anew)
            is_recorded = await self._is_done(
                desk, lambda: desk.conflicts.resolve(conflict, take, anew)
            )
        if is_recorded is None:
            return "may not resolve"
        seen = {name: conflict.stands.get(name) for name in fields}
        self._remember(desk, conflict.record_type, conflict.record, fields, seen, is_recorded)
        said = "undoes" if conflict.resolution else f"takes {take} of"
        return f"{said} {dict(conflict.mine.fields)}"

    def _can(self, conflict: Conflict, take: Take) -> bool:
        return take is not Take.BOTH or conflict.can_take_both

    async def _conflicts(self, desk: DeskEnd) -> list[Conflict]:
        try:
            return list(await desk.acts.read(all_as_they_stand))
        except ProcessDied:
            return []

    async def _is_done(self, desk: DeskEnd, decide: Callable[[], Awaitable[None]]) -> bool | None:
        """Whether the screen said so; None when it may not be."""
        try:
            await self._confirm_times(desk)
            await decide()
        except ProcessDied:
            return False
        except Rejected:
            return None
        return True

    async def _confirm_times(self, desk: DeskEnd) -> None:
        if desk.acts.must_confirm_times:
            await desk.acts.confirm_times()

    async def _shown(self, desk: DeskEnd, item: PendingChange) -> dict[str, Json] | None:
        kind, record = item.change.record_type, item.change.record
        try:
            return await desk.acts.read(lambda unit: unit.outbox.shown(kind, record))
        except ProcessDied:
            return None

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
            await self._confirm_times(desk)
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
        fields: Mapping[str, Json],
        seen: Mapping[str, Json],
        is_recorded: bool,
    ) -> None:
        for name in seen:
            self._memory.intents.append(
                Intent(
                    fields[name],
                    desk.number,
                    record_type,
                    record,
                    name,
                    seen[name],
                    is_recorded,
                )
            )


def _meant(item: PendingChange) -> dict[str, Json]:
    """The fields whose values only this intent has."""
    return {
        name: value
        for name, value in item.change.fields_set.items()
        if isinstance(value, str) and "value " in value  # of two, the first may say nothing
    }
