"""The open chart: one patient, at most one visit. Opening it is an act and leaves its trace."""

from dataclasses import dataclass

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.call_log import LadderStep
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId, VisitId
from app.domain.messages import Message
from app.domain.notes import Note
from app.domain.reading import Reading
from app.domain.recordings import Recording
from app.domain.sound_labels import SoundLabel
from app.domain.stills import Still, StillMarks
from app.domain.worklist import WorklistRow
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.ports import UnitOfWork
from app.services.rereading import Rereading


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """Where a half-written note lies: whoever comes next neither reads nor signs it."""

    visit: VisitId
    person: PersonId

    @property
    def name(self) -> str:
        return f"draft.{self.visit}.{self.person}"


@dataclass(frozen=True, slots=True)
class ChartState:
    """`row` None: no chart is open. Lists are newest first."""

    row: WorklistRow | None = None
    notes: tuple[Note, ...] = ()
    readings: tuple[Reading, ...] = ()
    recordings: tuple[Recording, ...] = ()
    sound_labels: tuple[SoundLabel, ...] = ()
    stills: tuple[Still, ...] = ()  # of the patient, earlier visits' too
    still_marks: tuple[StillMarks, ...] = ()
    messages: tuple[Message, ...] = ()
    ladder_steps: tuple[LadderStep, ...] = ()  # of this visit, both directions
    draft: str = ""  # of the person who is here
    unreadable_count: int = 0  # of the patient's records, kept here for a later release


class Chart:
    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self.state: Broadcast[ChartState] = Broadcast(ChartState())
        self._visit: VisitId | None = None
        self._tasks = TaskOwner("chart")
        self._rereading = Rereading(self._read_again, self._tasks)
        self._stop_listening = acts.revision.listen(lambda _: self._rereading.ask())

    def start(self) -> None:
        self._rereading.start()

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    @property
    def row(self) -> WorklistRow:
        """The open visit and patient; Rejected(NO_VISIT_OPEN) when there is none."""
        if self.state.value.row is None:
            raise Rejected(Code.NO_VISIT_OPEN)
        return self.state.value.row

    def is_open(self, patient: PatientId) -> bool:
        row = self.state.value.row
        return row is not None and row.patient.id == patient

    async def open(self, visit: VisitId) -> None:
        """Show this visit's patient; the audit event stands before the first byte is shown."""
        person = self._acts.person
        if not may(person.role, Action.OPEN_CHART):
            raise Rejected(Code.NOT_ALLOWED)
        draft = DraftPlace(visit, person.id)

        def look(unit: UnitOfWork) -> ChartState:
            state = _look(unit, draft)
            if state.row is None:
                raise Rejected(Code.NOT_FOUND)
            patient = state.row.patient.id
            unit.audit.add(self._acts.event(Act.PATIENT_OPENED, patient=patient, visit=visit))
            return state

        state = await self._acts.do(look)
        self._visit = visit
        self.state.tell(state)

    def shut(self) -> None:
        """The chart leaves the screen and the memory of this service."""
        self._visit = None
        self.state.tell(ChartState())

    async def _read_again(self) -> None:
        visit = self._visit
        if visit is None:
            return
        draft = DraftPlace(visit, self._acts.person.id)
        state = await self._acts.look(lambda unit: _look(unit, draft))
        if self._visit == visit:
            self.state.tell(state)


def _look(unit: UnitOfWork, draft: DraftPlace) -> ChartState:
    visit = draft.visit
    row = unit.records.visit_row(visit)
    if row is None:
        return ChartState()
    patient = row.patient.id
    return ChartState(
        row=row,
        notes=tuple(unit.records.notes(patient)),
        readings=tuple(unit.records.readings(patient)),
        recordings=tuple(unit.records.recordings(patient)),
        sound_labels=tuple(unit.records.sound_labels(patient)),
        stills=tuple(unit.records.stills(patient)),
        still_marks=tuple(unit.records.still_marks(patient)),
        messages=tuple(unit.records.messages(visit)),
        ladder_steps=tuple(unit.records.ladder_steps(visit)),
        draft=unit.kept.text(draft.name) or "",
        unreadable_count=unit.records.unreadable_count(patient),
    )
