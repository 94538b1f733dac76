"""The clinic's tables walked whole: who may what, which moves a visit and a call may make."""

import itertools
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.access import PERMISSIONS, Action, Role, may
from app.domain.call import TRANSITIONS, Effect, Event, Phase, advance
from app.domain.failures import Code, Conflict, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import PatientId, VisitId, new_id
from app.domain.patients import Patient
from app.domain.visits import MOVES, Visit, VisitState, action_of_move, is_done_by
from app.domain.worklist import WorklistRow, ordered

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

# Written down a second time on purpose: a slip in the product's table must not be one here.
DOCTOR_MAY = {
    "see-worklist",
    "open-chart",
    "change-patient",
    "join-visit",
    "write-note",
    "sign-note",
    "keep-reading",
    "choose-spo2-scale",
    "keep-recording",
    "label-sound",
    "keep-still",
    "mark-still",
    "export-still",
    "move-camera",
    "write-message",
    "finish-visit",
    "sign-visit",
    "read-audit",
    "read-call-reports",
}
NURSE_MAY = {
    "see-worklist",
    "open-chart",
    "check-in",
    "change-patient",
    "join-visit",
    "write-note",
    "keep-reading",
    "keep-recording",
    "label-sound",
    "keep-still",
    "mark-still",
    "write-message",
}


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
def test_who_may_what(role: Role, action: Action) -> None:
    allowed = DOCTOR_MAY if role is Role.CLINICIAN else NURSE_MAY
    assert may(role, action) is (str(action) in allowed)


def test_an_unknown_role_may_nothing() -> None:
    assert not any(may("visitor", action) for action in Action)  # type: ignore[arg-type]  # of later
    assert set(PERMISSIONS) == set(Role)


# --- the call ------------------------------------------------------------------------------------

EXPECTED = {
    ("idle", "join"): ("waiting", "enter-room"),
    ("ended", "join"): ("waiting", "enter-room"),
    ("waiting", "peer-present"): ("connecting", "new-link"),
    ("waiting", "hang-up"): ("ended", "leave-room"),
    ("connecting", "media-up"): ("live", "none"),
    ("connecting", "link-failed"): ("connecting", "new-link"),
    ("connecting", "peer-present"): ("connecting", "new-link"),
    ("connecting", "peer-left"): ("waiting", "close-link"),
    ("connecting", "hang-up"): ("ended", "leave-room"),
    ("live", "media-lost"): ("rejoining", "new-link"),
    ("live", "link-failed"): ("rejoining", "new-link"),
    ("live", "peer-left"): ("waiting", "close-link"),
    ("live", "hang-up"): ("ended", "leave-room"),
    ("rejoining", "media-up"): ("live", "none"),
    ("rejoining", "link-failed"): ("rejoining", "new-link"),
    ("rejoining", "peer-present"): ("rejoining", "new-link"),
    ("rejoining", "peer-left"): ("waiting", "close-link"),
    ("rejoining", "hang-up"): ("ended", "leave-room"),
}


@pytest.mark.parametrize(("phase", "event"), list(itertools.product(Phase, Event)))
def test_every_phase_meets_every_event(phase: Phase, event: Event) -> None:
    after, effect = advance(phase, event)
    expected = EXPECTED.get((str(phase), str(event)), (str(phase), "none"))
    assert (str(after), str(effect)) == expected


def test_no_row_of_the_table_is_unused() -> None:
    assert {(str(phase), str(event)) for phase, event in TRANSITIONS} == set(EXPECTED)


def test_every_phase_is_reached_and_every_phase_is_left() -> None:
    reached, edge = {Phase.IDLE}, {Phase.IDLE}
    while edge:
        edge = {advance(p, e)[0] for p in edge for e in Event} - reached
        reached |= edge
    assert reached == set(Phase)
    for phase in Phase:
        assert any(advance(phase, event)[0] is not phase for event in Event)


def test_whatever_happens_hanging_up_ends_every_call_that_was_joined() -> None:
    for phase in set(Phase) - {Phase.IDLE, Phase.ENDED}:
        assert advance(phase, Event.HANG_UP) == (Phase.ENDED, Effect.LEAVE_ROOM)


# --- the visit -----------------------------------------------------------------------------------

ALLOWED_MOVES = {
    ("booked", "checked-in"): "check-in",
    ("booked", "in-visit"): "join-visit",
    ("checked-in", "in-visit"): "join-visit",
    ("in-visit", "finished"): "finish-visit",
    ("finished", "signed"): "sign-visit",
}


def visit(
    state: VisitState, starts_at: datetime = NINE, gone_since: datetime | None = None
) -> Visit:
    return Visit(
        VisitId(new_id()), PatientId(new_id()), starts_at, state, interrupted_since=gone_since
    )


@pytest.mark.parametrize(("state", "to"), list(itertools.product(VisitState, VisitState)))
def test_every_move_of_a_visit(state: VisitState, to: VisitState) -> None:
    action = ALLOWED_MOVES.get((str(state), str(to)))
    if action is None:
        with pytest.raises(Rejected) as caught:
            visit(state).moved(to)
        assert caught.value.code is Code.STATE_MOVE_NOT_ALLOWED
    else:
        assert str(action_of_move(state, to)) == action
        assert visit(state).moved(to).state is to


def test_nobody_sets_a_visit_interrupted_and_nothing_leads_back() -> None:
    order = list(VisitState)
    assert all(VisitState.INTERRUPTED not in move for move in MOVES)
    assert all(order.index(to) > order.index(state) for state, to in MOVES)


@pytest.mark.parametrize(
    ("to", "done_at"),
    [
        ("checked-in", {"checked-in", "in-visit", "interrupted", "finished", "signed"}),
        ("in-visit", {"in-visit", "interrupted", "finished", "signed"}),
        ("finished", set()),
        ("signed", set()),
    ],
)
def test_a_move_on_the_way_is_done_where_the_visit_is_further(to: str, done_at: set[str]) -> None:
    """What a person decides, to finish and to sign, is never taken for done."""
    assert {str(state) for state in VisitState if is_done_by(VisitState(to), state)} == done_at


@pytest.mark.parametrize("state", list(VisitState))
def test_a_visit_is_open_until_it_is_finished(state: VisitState) -> None:
    assert visit(state).is_open is (state not in (VisitState.FINISHED, VisitState.SIGNED))


@pytest.mark.parametrize("state", list(VisitState))
def test_only_a_running_visit_is_shown_interrupted(state: VisitState) -> None:
    shown = visit(state, gone_since=NINE).shown_state
    is_interrupted = state in (VisitState.IN_VISIT, VisitState.INTERRUPTED)
    assert (shown is VisitState.INTERRUPTED) is is_interrupted
    assert visit(state).shown_state is state


# --- today's list --------------------------------------------------------------------------------


def row(state: VisitState, minutes: int = 0, *, is_gone: bool = False) -> WorklistRow:
    born = date(1945, 7, 14)
    patient = Patient(PatientId(new_id()), "Doe", "Jane", born, "1", title="Mrs")
    starts_at = NINE + timedelta(minutes=minutes)
    return WorklistRow(visit(state, starts_at, NINE if is_gone else None), patient)


def test_today_is_in_the_order_of_need_then_of_time() -> None:
    expected = [
        row(VisitState.IN_VISIT, 60, is_gone=True),
        row(VisitState.IN_VISIT, 30),
        row(VisitState.CHECKED_IN, 15),
        row(VisitState.CHECKED_IN, 45),
        row(VisitState.BOOKED, -15),
        row(VisitState.BOOKED, 90),
        row(VisitState.FINISHED, -60),
        row(VisitState.SIGNED, -90),
    ]
    for shuffled in (list(reversed(expected)), expected[3:] + expected[:3]):
        assert ordered(shuffled) == tuple(expected)
    assert ordered([]) == ()


# --- the patient ---------------------------------------------------------------------------------


def test_the_banner_writes_the_family_name_first_and_in_capitals() -> None:
    assert row(VisitState.BOOKED).patient.banner_name == "DOE, Jane (Mrs)"
    assert Patient(PatientId(new_id()), "d'Élan", "Zoé", None, "1").banner_name == "D'ÉLAN, Zoé"


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(1945, 7, 14), date(2026, 7, 13), 80),
        (date(1945, 7, 14), date(2026, 7, 14), 81),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
        (date(2026, 11, 21), date(2026, 11, 21), 0),
        (None, date(2026, 11, 21), None),
    ],
)
def test_age_in_whole_years(born: date | None, today: date, age: int | None) -> None:
    assert Patient(PatientId(new_id()), "Doe", "Jane", born, "1").age_years(today) == age


# --- identities and failures ---------------------------------------------------------------------


def test_ids_are_version_7_of_the_rfc_and_never_the_same() -> None:
    made = [new_id() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


def test_ids_sort_by_the_millisecond_of_their_birth() -> None:
    def milliseconds(one: UUID) -> int:
        return one.int >> 80

    before = int(datetime.now(UTC).timestamp() * 1000)
    made = [new_id() for _ in range(1000)]
    after = int(datetime.now(UTC).timestamp() * 1000) + 1
    assert [milliseconds(one) for one in made] == sorted(milliseconds(one) for one in made)
    assert before <= milliseconds(made[0]) and milliseconds(made[-1]) <= after
    assert sorted(made, key=milliseconds) == sorted(made, key=lambda one: str(one)[:13])


def test_all_74_other_bits_of_an_id_are_drawn() -> None:
    ones, zeros = 0, 0
    for _ in range(500):
        value = new_id().int
        ones, zeros = ones | value, zeros | ~value
    drawn = (ones & zeros) & (2**80 - 1)
    fixed = (0xF << 76) | (0b11 << 62)
    assert drawn == (2**80 - 1) & ~fixed


def test_codes_are_words_told_once() -> None:
    words = [str(code) for code in Code]
    assert len(set(words)) == len(words)
    assert all(word == word.lower() and " " not in word for word in words)


@pytest.mark.parametrize("kind", [Rejected, Unavailable, Untrusted])
def test_a_failure_names_its_code_and_nothing_it_was_not_given(kind: type[Failure]) -> None:
    assert str(kind(Code.NOT_FOUND)) == "not-found"
    assert str(kind(Code.NOT_FOUND, "visit")) == "not-found: visit"
    assert not issubclass(kind, OSError)


def test_a_conflict_is_a_rejection_with_its_own_code() -> None:
    assert Conflict().code is Code.CONFLICT
    assert isinstance(Conflict(), Rejected)
