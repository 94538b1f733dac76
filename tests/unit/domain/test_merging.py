"""Which changes stand beside others', and what is always for a person to decide."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.domain.changes import CLINICAL_ORDER, Change, Json, RecordType
from app.domain.clock import Stamp
from app.domain.conflicts import Conflict, Side, Take
from app.domain.failures import Rejected
from app.domain.ids import ChangeId, DeviceId, PersonId, RecordId
from app.domain.merging import FACTS, MERGED, keeps_conflicts, stands_as_seen

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STANDS: dict[str, Json] = {"title": "Mrs", "sex": "female", "allergies": "Penicillin"}


def change(fields: dict[str, Json], seen: dict[str, Json], base_version: int = 3) -> Change:
    return Change(
        id=ChangeId(UUID(int=1)),
        record_type=RecordType.PATIENT,
        record=RecordId(UUID(int=2)),
        base_version=base_version,
        fields_set=fields,
        previous=seen,
        device=DeviceId(UUID(int=3)),
        counter=1,
        stamp=Stamp(NOON),
        author=PersonId(UUID(int=4)),
    )


def test_fields_that_nobody_else_touched_are_merged_whatever_the_version() -> None:
    assert stands_as_seen(STANDS, 7, change({"title": "Dr"}, {"title": "Mrs"}))
    assert stands_as_seen(STANDS, 7, change({"allergies": "Latex"}, {"allergies": "Penicillin"}))


def test_a_value_that_was_not_seen_is_never_overwritten() -> None:
    for version in (3, 7):
        assert not stands_as_seen(STANDS, version, change({"title": "Dr"}, {"title": "Miss"}))
    both = change({"title": "Dr", "sex": "male"}, {"title": "Mrs", "sex": ""})
    assert not stands_as_seen(STANDS, 3, both), "a change is applied whole or not at all"


def test_the_same_word_twice_is_one_but_for_a_clinical_fact() -> None:
    assert stands_as_seen(STANDS, 7, change({"title": "Mrs"}, {"title": ""}))
    assert not stands_as_seen(STANDS, 7, change({"allergies": "Penicillin"}, {"allergies": ""}))


def test_what_is_in_no_list_needs_the_very_version_that_was_seen() -> None:
    moved = replace(
        change({"state": "in-visit"}, {"state": "booked"}), record_type=RecordType.VISIT
    )
    assert stands_as_seen({"state": "booked"}, 3, moved)
    assert not stands_as_seen({"state": "booked"}, 4, moved)
    named = change({"family_name": "Roe"}, {})
    assert not stands_as_seen(STANDS, 4, named)


def test_a_record_made_under_an_id_that_is_taken_does_not_stand() -> None:
    assert not stands_as_seen({}, 0, change({"title": "Dr"}, {}, base_version=0))


def test_no_fact_is_merged_and_what_has_lists_keeps_conflicts() -> None:
    for kind, facts in FACTS.items():
        assert facts.isdisjoint(MERGED[kind])
        assert keeps_conflicts(kind)
    never_changed = (RecordType.READING, RecordType.RECORDING, RecordType.STILL, RecordType.MESSAGE)
    assert not any(keeps_conflicts(kind) for kind in (*never_changed, RecordType.CONFLICT))


def test_the_clinical_order_names_every_kind_once() -> None:
    assert sorted(CLINICAL_ORDER) == sorted(RecordType)
    assert CLINICAL_ORDER.index(RecordType.NOTE) < CLINICAL_ORDER.index(RecordType.VISIT)


def conflict(mine: Json, stands: Json) -> Conflict:
    return Conflict(
        change=ChangeId(UUID(int=1)),
        record_type=RecordType.PATIENT,
        record=RecordId(UUID(int=2)),
        base={"allergies": ""},
        mine=Side({"allergies": mine}),
        theirs=Side({"allergies": stands}),
        stands={"allergies": stands},
    )


def test_one_the_other_both_or_anew() -> None:
    found = conflict("Latex", "Penicillin")
    assert found.outcome(Take.MINE) == {"allergies": "Latex"}
    assert found.outcome(Take.THEIRS) == {}
    assert found.outcome(Take.BOTH) == {"allergies": "Penicillin\nLatex"}
    assert found.outcome(Take.ANEW, {"allergies": "None"}) == {"allergies": "None"}


def test_both_of_a_text_and_of_nothing_is_the_text_without_an_empty_line() -> None:
    assert conflict("Latex", "").outcome(Take.BOTH) == {"allergies": "Latex"}
    assert conflict("", "Penicillin").outcome(Take.BOTH) == {"allergies": "Penicillin"}


@pytest.mark.parametrize("anew", [None, {}, {"title": "Dr"}])
def test_anew_is_of_the_fields_in_conflict(anew: dict[str, Json] | None) -> None:
    with pytest.raises(Rejected):
        conflict("Latex", "Penicillin").outcome(Take.ANEW, anew)


def test_both_is_for_texts_alone() -> None:
    found = conflict(True, False)
    assert not found.can_take_both
    with pytest.raises(Rejected):
        found.outcome(Take.BOTH)
