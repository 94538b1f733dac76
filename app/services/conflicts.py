"""What becomes of two changes that cannot both stand: a person takes one, both, or writes anew.

Each decision is a change like any other, and can be undone by another. Nothing is ever deleted: the
server's history holds what either side said.
"""

from dataclasses import dataclass, replace

from app.domain.audit import Act
from app.domain.changes import Json, NewChange, RecordType
from app.domain.conflicts import Conflict, Fields, Resolution, Take
from app.domain.failures import Code, Rejected
from app.domain.failures import Conflict as MovedOn
from app.domain.ids import ChangeId, RecordId
from app.domain.patients import Patient
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.ports import UnitOfWork
from app.services.rereading import Rereading


@dataclass(frozen=True, slots=True)
class ConflictsState:
    """Open ones first; of the care team's devices each shows the same. `patients`: those that the
    items are about.
    """

    items: tuple[Conflict, ...] = ()
    patients: tuple[Patient, ...] = ()

    @property
    def open_count(self) -> int:
        return sum(item.is_open for item in self.items)


class Conflicts:
    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self.state: Broadcast[ConflictsState] = Broadcast(ConflictsState())
        self._tasks = TaskOwner("conflicts")
        self._rereading = Rereading(self._read, self._tasks)
        self._is_covered = False
        self._seen: set[ChangeId] = set()  # since this person came
        acts.before_leaving(self._forget_seen)
        self._stop_listening = acts.revision.listen(lambda _: self._rereading.ask())

    def start(self) -> None:
        self._rereading.start()
        self._rereading.ask()

    def cover(self) -> None:
        self._is_covered = True
        self.state.tell(ConflictsState())

    def uncover(self) -> None:
        self._is_covered = False
        self._rereading.ask()

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    async def see(self) -> None:
        """They stand before the person: told in the audit once for each of them, by ids alone."""
        new = [item for item in self.state.value.items if item.change not in self._seen]
        if not new:
            return
        events = [
            self._acts.event(
                Act.CONFLICT_SEEN, patient=item.patient, visit=item.visit, subject=item.change
            )
            for item in new
        ]

        def write(unit: UnitOfWork) -> None:
            for event in events:
                unit.audit.add(event)

        await self._acts.do_beside(write)
        self._seen |= {item.change for item in new}

    async def _forget_seen(self) -> None:
        self._seen.clear()

    async def resolve(self, seen: Conflict, take: Take, anew: Fields | None = None) -> None:
        """`seen` as it stood on the screen; Rejected(CONFLICT) when it moved on since."""
        stamp, person = self._acts.stamp(), self._acts.person

        def write(unit: UnitOfWork) -> None:
            conflict = _found(unit, seen, is_open=True)
            fields = conflict.outcome(take, anew)
            if take in (Take.MINE, Take.BOTH):  # else it leaves with the server's word for it
                let_go(unit, conflict.change)
            _set(unit, self._acts, conflict, fields)
            resolution = Resolution(
                take, fields, conflict.stands, person.id, person.name, stamp.device_time
            )
            mark(unit, self._acts, conflict, resolution)

        await self._acts.do(write)

    async def undo(self, seen: Conflict) -> None:
        """Open again, upon what stood before; Rejected(CONFLICT) when the record moved on since."""

        def write(unit: UnitOfWork) -> None:
            conflict = _found(unit, seen, is_open=False)
            assert conflict.resolution is not None
            given, before = conflict.resolution.fields, conflict.resolution.before
            if any(conflict.stands.get(name) != value for name, value in given.items()):
                raise MovedOn("what was decided")
            _set(unit, self._acts, conflict, {name: before.get(name) for name in given})
            mark(unit, self._acts, conflict, None)

        await self._acts.do(write)

    async def _read(self) -> None:
        found = await self._acts.look(_look)
        if not self._is_covered:
            self.state.tell(found)


def let_go(unit: UnitOfWork, change: ChangeId) -> None:
    """The change itself, where it waits here for a person: its values stand in the conflict."""
    for item in unit.outbox.refused():
        if item.change.id == change:
            unit.outbox.drop(change)


def mark(unit: UnitOfWork, acts: Acts, conflict: Conflict, resolution: Resolution | None) -> None:
    """What became of it, for every device; None: it is open again."""
    fields: dict[str, Json] = {
        "resolution": None if resolution is None else _resolution_fields(resolution)
    }
    _add(unit, acts, conflict, RecordType.CONFLICT, RecordId(conflict.change), fields)
    act = Act.CONFLICT_REOPENED if resolution is None else Act.CONFLICT_RESOLVED
    event = acts.event(act, patient=conflict.patient, visit=conflict.visit, subject=conflict.change)
    unit.audit.add(event)


def _set(unit: UnitOfWork, acts: Acts, conflict: Conflict, fields: dict[str, Json]) -> None:
    """On the record that the conflict is about; nothing where it says so already."""
    assert isinstance(conflict.record_type, RecordType)
    missing = {n: value for n, value in fields.items() if conflict.stands.get(n) != value}
    if missing:
        # Not what is shown once the change in conflict is let go: others may have waited behind it.
        seen = conflict.stands
        _add(unit, acts, conflict, conflict.record_type, conflict.record, missing, seen)


def _add(
    unit: UnitOfWork,
    acts: Acts,
    conflict: Conflict,
    record_type: RecordType,
    record: RecordId,
    fields: dict[str, Json],
    seen: Fields | None = None,
) -> None:
    confirmed = unit.records.confirmed(record_type, record)
    unit.outbox.add(
        NewChange(
            record_type=record_type,
            record=record,
            base_version=0 if confirmed is None else confirmed.version,
            fields_set=fields,
            author=acts.person.id,
            stamp=acts.stamp(),
            patient=conflict.patient,
            visit=conflict.visit,
            seen=seen,
        )
    )


def _found(unit: UnitOfWork, seen: Conflict, *, is_open: bool) -> Conflict:
    """As it stands now. Rejected: NOT_FOUND, or CONFLICT when that is not what was seen."""
    conflict = unit.records.conflict(seen.change)
    if conflict is None or not isinstance(conflict.record_type, RecordType):
        raise Rejected(Code.NOT_FOUND)
    conflict = as_it_stands(unit, conflict)
    if conflict.is_open is not is_open or conflict.stands != seen.stands:
        raise MovedOn("a conflict")
    return conflict


def as_it_stands(unit: UnitOfWork, conflict: Conflict) -> Conflict:
    """With what this desk shows of the record now, but for the change in conflict."""
    if not isinstance(conflict.record_type, RecordType):
        return conflict
    stands = unit.outbox.stands_without(conflict.record_type, conflict.record, conflict.change)
    return replace(conflict, stands={name: stands.get(name) for name in conflict.mine.fields})


def all_as_they_stand(unit: UnitOfWork) -> tuple[Conflict, ...]:
    return tuple(as_it_stands(unit, conflict) for conflict in unit.records.conflicts())


def _look(unit: UnitOfWork) -> ConflictsState:
    items = all_as_they_stand(unit)
    found = (unit.records.patient(one) for one in {item.patient for item in items} if one)
    return ConflictsState(items, tuple(one for one in found if one is not None))


def _resolution_fields(resolution: Resolution) -> dict[str, Json]:
    return {
        "take": str(resolution.take),
        "fields": dict(resolution.fields),
        "before": dict(resolution.before),
        "by": str(resolution.by),
        "by_name": resolution.by_name,
        "at": resolution.at.isoformat(),
    }
