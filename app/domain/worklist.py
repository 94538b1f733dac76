"""Today's visits in the order a clinician works them off."""

from dataclasses import dataclass

from app.domain.patients import Patient
from app.domain.visits import Visit, VisitState

_RANK = {
    VisitState.INTERRUPTED: 0,
    VisitState.IN_VISIT: 1,
    VisitState.CHECKED_IN: 2,
    VisitState.BOOKED: 3,
    VisitState.FINISHED: 4,
    VisitState.SIGNED: 5,
}


@dataclass(frozen=True, slots=True)
class WorklistRow:
    visit: Visit
    patient: Patient
    is_pending: bool = False  # a change of this visit waits for the server


def ordered(rows: list[WorklistRow]) -> tuple[WorklistRow, ...]:
    """What needs somebody first: interrupted, running, checked in, booked; then by time."""
    return tuple(sorted(rows, key=lambda row: (_RANK[row.visit.shown_state], row.visit.starts_at)))
