"""Patients are found by how their names begin, whatever the case, the accents or the release."""

from pathlib import Path
from uuid import UUID

import pytest

from app.domain.changes import ConfirmedRecord, RecordType
from app.domain.ids import new_id
from offline_store.database import OfflineStore, open_store
from offline_store.name_words import folded
from tests.store.given import confirmed, page, patient_fields
from tests.store.make_release_store import STORES, vault_of
from tests.store.test_release_stores import copy_of


def patient(family: str, given: str, number: str, position: int, **more: int) -> ConfirmedRecord:
    fields = {**patient_fields(family), "given_name": given, "record_number": number}
    return confirmed(RecordType.PATIENT, fields, new_id(), position=position, **more)


@pytest.fixture
async def clinic(store: OfflineStore) -> OfflineStore:
    people = [
        patient("Müller", "Änne", "BD-1001", 1),
        patient("Muller-Lüdenscheidt", "Otto", "BD-1002", 2),
        patient("O'Neill", "Siân", "BD-2001", 3),
        patient("Ağaoğlu", "Işıl", "BD-2002", 4),
        patient("Ωmega", "Ana", "BD-2003", 5),
    ]
    await store.transaction(lambda unit: unit.records.apply(page(*people)))
    return store


async def found(store: OfflineStore, question: str, limit: int = 20) -> list[str]:
    people = await store.look(lambda unit: unit.records.find_patients(question, limit))
    return [person.record_number for person in people]


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("mull", ["BD-1002", "BD-1001"]),
        ("MÜLLER", ["BD-1002", "BD-1001"]),
        ("muller a", ["BD-1001"]),
        ("a muller", ["BD-1001"]),
        ("ludens", ["BD-1002"]),
        ("neill sian", ["BD-2001"]),
        ("1001", ["BD-1001"]),
        ("bd-1001", ["BD-1001"]),
        ("ωμ", []),
        ("ωm", ["BD-2003"]),
        ("agao", ["BD-2002"]),
        ("uller", []),
        ("", []),
        ("%", []),
        ("mull' OR 1=1", []),
    ],
)
async def test_found_by_beginnings(clinic: OfflineStore, question: str, numbers: list[str]) -> None:
    assert await found(clinic, question) == numbers


async def test_no_more_than_asked_for(clinic: OfflineStore) -> None:
    assert len(await found(clinic, "bd", limit=3)) == 3


async def test_a_new_name_takes_the_place_of_the_old_one(clinic: OfflineStore) -> None:
    (before,) = await clinic.look(lambda unit: unit.records.find_patients("neill", 9))
    fields = {**patient_fields("Jones"), "given_name": "Siân", "record_number": "BD-2001"}
    married = confirmed(RecordType.PATIENT, fields, UUID(str(before.id)), position=9, version=2)
    await clinic.transaction(
        lambda unit: unit.records.apply(page(married, since=unit.records.feed_position()))
    )
    assert await found(clinic, "neill") == []
    assert await found(clinic, "jones") == ["BD-2001"]


async def test_the_last_name_told_in_a_page_counts(clinic: OfflineStore) -> None:
    known = new_id()
    told = []
    for position, family in enumerate(("Brown", "Green", "Black"), start=11):
        fields = {**patient_fields(family), "given_name": "Ivo", "record_number": "BD-3"}
        told.append(confirmed(RecordType.PATIENT, fields, known, position=position))
    told[1], told[2] = told[2], told[1]  # what is older comes last
    await clinic.transaction(
        lambda unit: unit.records.apply(page(*told, since=unit.records.feed_position()))
    )
    assert [await found(clinic, name) for name in ("brown", "green")] == [[], []]
    assert await found(clinic, "black") == ["BD-3"]


async def test_patients_of_an_earlier_release_are_found_after_the_change(tmp_path: Path) -> None:
    place = copy_of(STORES / "schema-6", tmp_path)
    async with open_store(place / "profile", vault_of(place)) as store:
        assert len(await found(store, "doe jane")) == 1


def test_a_question_has_an_end() -> None:
    assert len(folded("word " * 50 + "another")) == 2
    assert len(folded(" ".join(f"word{n}" for n in range(100)))) == 16
