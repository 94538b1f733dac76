"""What the server has not accepted: waiting or refused. A person writes it anew or gives it up."""

from dataclasses import dataclass

from app.domain.audit import Act
from app.domain.changes import NewChange, PendingChange
from app.domain.clock import Stamp
from app.domain.conflicts import Resolution, Take
from app.domain.failures import Code, Rejected
from app.domain.ids import ChangeId, PatientId
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.conflicts import as_it_stands, mark
from app.services.ports import UnitOfWork
from app.services.rereading import Rereading


@dataclass(frozen=True, slots=True)
class UnsentState:
    """`patients` names those that the items are about."""

    items: tuple[PendingChange, ...] = ()
    patients: tuple[tuple[PatientId, str], ...] = ()


class Unsent:
    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self.state: Broadcast[UnsentState] = Broadcast(UnsentState())
        self._tasks = TaskOwner("unsent")
        self._rereading = Rereading(self._read, self._tasks)
        self._is_covered = False
        self._stop_listening = acts.revision.listen(lambda _: self._rereading.ask())

    def start(self) -> None:
        self._rereading.start()

    def cover(self) -> None:
        self._is_covered = True
        self.state.tell(UnsentState())

    def uncover(self) -> None:
        self._is_covered = False
        self._rereading.ask()

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    async def write_anew(self, change_id: ChangeId) -> None:
        """The same fields upon what stands at the server now; both stay in its history."""
        stamp = self._acts.stamp()

        def write(unit: UnitOfWork) -> None:
            item = _refused(unit, change_id)
            change = item.change
            base = 0 if item.current is None else item.current.version
            unit.outbox.drop(change_id)
            self._decide(unit, change_id, Take.MINE, stamp)
            unit.outbox.add(
                NewChange(
                    record_type=change.record_type,
                    record=change.record,
                    base_version=base,
                    fields_set=dict(change.fields_set),
                    author=self._acts.person.id,
                    stamp=stamp,
                    patient=change.patient,
                    visit=change.visit,
                )
            )
            unit.audit.add(
                self._acts.event(
                    Act.CHANGE_WRITTEN_ANEW,
                    patient=change.patient,
                    visit=change.visit,
                    subject=change_id,
                )
            )

        await self._acts.do(write)

    async def give_up(self, change_id: ChangeId) -> None:
        """Only what the server refused can be given up, never what merely waits."""
        stamp = self._acts.stamp()

        def write(unit: UnitOfWork) -> None:
            change = _refused(unit, change_id).change
            unit.outbox.drop(change_id)
            self._decide(unit, change_id, Take.THEIRS, stamp)
            unit.audit.add(
                self._acts.event(
                    Act.CHANGE_GIVEN_UP,
                    patient=change.patient,
                    visit=change.visit,
                    subject=change_id,
                )
            )

        await self._acts.do(write)

    def _decide(self, unit: UnitOfWork, change: ChangeId, take: Take, stamp: Stamp) -> None:
        """Where everybody sees it as a conflict, everybody sees that it is decided."""
        kept = unit.records.conflict(change)
        if kept is None or not kept.is_open:
            return
        conflict, person = as_it_stands(unit, kept), self._acts.person
        resolution = Resolution(
            take,
            conflict.outcome(take),
            conflict.stands,
            person.id,
            person.name,
            stamp.device_time,
        )
        mark(unit, self._acts, conflict, resolution)

    async def _read(self) -> None:
        found = await self._acts.look(_look)
        if not self._is_covered:
            self.state.tell(found)


def _refused(unit: UnitOfWork, change_id: ChangeId) -> PendingChange:
    for item in unit.outbox.refused():
        if item.change.id == change_id:
            return item
    raise Rejected(Code.NOT_FOUND)


def _look(unit: UnitOfWork) -> UnsentState:
    items = tuple(unit.outbox.all())
    names: dict[PatientId, str] = {}
    for item in items:
        change = item.change
        if change.patient is not None and change.visit is not None and change.patient not in names:
            row = unit.records.visit_row(change.visit)
            if row is not None:
                names[change.patient] = row.patient.banner_name
    return UnsentState(items, tuple(names.items()))
