"""The table of permissions and the table of moves, each walked whole."""

import pytest

from app.domain.access import Action, Role, may
from app.domain.failures import Code, Rejected
from app.domain.visits import MOVES, VisitState, action_of_move

CLINICIANS_ONLY = {
    Action.SIGN_NOTE,
    Action.FINISH_VISIT,
    Action.SIGN_VISIT,
    Action.EXPORT_STILL,
    Action.MOVE_CAMERA,
    Action.READ_AUDIT,
    Action.READ_CALL_REPORTS,
    Action.CHOOSE_SPO2_SCALE,
}
PRESENTERS_ONLY = {Action.CHECK_IN}


@pytest.mark.parametrize("action", Action)
def test_who_may(action: Action) -> None:
    assert may(Role.CLINICIAN, action) == (action not in PRESENTERS_ONLY)
    assert may(Role.PRESENTER, action) == (action not in CLINICIANS_ONLY)


def test_an_unknown_role_may_nothing() -> None:
    assert not any(may("visitor", action) for action in Action)  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("state", VisitState)
@pytest.mark.parametrize("to", VisitState)
def test_every_move_is_in_the_table_or_refused(state: VisitState, to: VisitState) -> None:
    if (state, to) in MOVES:
        assert action_of_move(state, to) is MOVES[state, to]
        return
    with pytest.raises(Rejected) as caught:
        action_of_move(state, to)
    assert caught.value.code is Code.STATE_MOVE_NOT_ALLOWED


def test_nobody_sets_an_interruption_and_nothing_follows_signing() -> None:
    assert all(VisitState.INTERRUPTED not in move for move in MOVES)
    assert all(state is not VisitState.SIGNED for state, _ in MOVES)
