"""A visit (FHIR Encounter) and the moves it may make. Hanging up is not one of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.access import Action
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId, VisitId


class VisitState(StrEnum):
    BOOKED = "booked"
    CHECKED_IN = "checked-in"
    IN_VISIT = "in-visit"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"
    SIGNED = "signed"


# What a person may set. INTERRUPTED is never set by a person: the server derives it from presence.
MOVES: dict[tuple[VisitState, VisitState], Action] = {
    (VisitState.BOOKED, VisitState.CHECKED_IN): Action.CHECK_IN,
    (VisitState.BOOKED, VisitState.IN_VISIT): Action.JOIN_VISIT,
    (VisitState.CHECKED_IN, VisitState.IN_VISIT): Action.JOIN_VISIT,
    (VisitState.IN_VISIT, VisitState.FINISHED): Action.FINISH_VISIT,
    (VisitState.FINISHED, VisitState.SIGNED): Action.SIGN_VISIT,
}
# What opening and joining a visit move along the way needs no second try once the visit is there or
# further. Finishing and signing are what a person decided: never done by another person's act.
_ON_THE_WAY = (VisitState.CHECKED_IN, VisitState.IN_VISIT)
_ORDER = tuple(VisitState)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit. `state` is what people set; `interrupted_since` is what presence says on top."""

    id: VisitId
    patient: PatientId
    starts_at: datetime
    state: VisitState
    reason: str = ""
    clinician: PersonId | None = None
    interrupted_since: datetime | None = None
    checked_in_at: datetime | None = None

    @property
    def shown_state(self) -> VisitState:
        if self.state is VisitState.IN_VISIT and self.interrupted_since is not None:
            return VisitState.INTERRUPTED
        return self.state

    @property
    def is_open(self) -> bool:
        """Notes, readings and recordings may still be added."""
        return self.state not in (VisitState.FINISHED, VisitState.SIGNED)

    def moved(self, to: VisitState) -> "Visit":
        """The visit after a move; Rejected when the table does not know it."""
        action_of_move(self.state, to)
        return replace(self, state=to)


def action_of_move(state: VisitState, to: VisitState) -> Action:
    """The permission that a move needs; Rejected(STATE_MOVE_NOT_ALLOWED) when there is none."""
    action = MOVES.get((state, to))
    if action is None:
        raise Rejected(Code.STATE_MOVE_NOT_ALLOWED, f"{state} to {to}")
    return action


def is_done_by(to: VisitState, stands: VisitState) -> bool:
    """Whether a visit that `stands` there needs the move to `to` no more."""
    return to in _ON_THE_WAY and _ORDER.index(stands) >= _ORDER.index(to)
