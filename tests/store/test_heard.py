"""What the far desk told itself: kept through a crash, unconfirmed until the server tells it."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.domain.changes import FeedPage, Gone, GoneReason, HeardRecord, NewChange, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.domain.message_files import FileKind, FilePart, MessageFile
from app.domain.messages import Message, ReceiptKind, message_fields
from offline_store import heard, migrate
from offline_store.chunk_stream import KEY_BYTES
from offline_store.connection import connect
from offline_store.database import OfflineStore
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.given import (
    NOON,
    PATIENT,
    PERSON,
    VISIT,
    confirmed,
    new_change,
    new_note,
    page,
    reading_fields,
    written,
)

FAR = UUID(int=0xF)


def told(text: str, record: UUID | None = None) -> HeardRecord:
    fields = {**written(text), "author": str(FAR), "author_name": "N. Kim"}
    return HeardRecord(RecordType.MESSAGE, RecordId(record or new_id()), fields, PATIENT, VISIT)


async def add(store: OfflineStore, change: NewChange) -> None:
    await store.transaction(lambda unit: unit.outbox.add(change))


async def apply(store: OfflineStore, arrived: FeedPage) -> None:
    await store.transaction(lambda unit: unit.records.apply(arrived))


async def keep(store: OfflineStore, record: HeardRecord) -> bool:
    return await store.transaction(lambda unit: unit.heard.keep(record))


async def shown(store: OfflineStore) -> list[tuple[str, bool]]:
    """(text, is pending), oldest first."""
    messages = await store.transaction(lambda unit: unit.records.messages(VISIT))
    return [(one.text, one.is_pending) for one in reversed(messages)]


async def test_it_is_there_after_a_crash_and_gives_way_to_the_servers_copy(
    folder: Path, ring: KeyringInMemory
) -> None:
    record = told("told over the call")
    async with kept_store(folder, ring) as store:
        assert await keep(store, record)
        assert not await keep(store, record)
    async with kept_store(folder, ring) as store:
        assert await shown(store) == [("told over the call", True)]
        arrived = confirmed(RecordType.MESSAGE, dict(record.fields), record.record)
        await apply(store, page(arrived))
        assert await shown(store) == [("told over the call", False)]
        assert not await keep(store, record)
        assert await shown(store) == [("told over the call", False)]


def note_told(text: str, record: UUID | None = None) -> HeardRecord:
    return replace(told(text, record), record_type=RecordType.NOTE)


def reading_told(systolic: str) -> HeardRecord:
    fields = reading_fields(systolic, kept_by=str(FAR))
    return HeardRecord(RecordType.READING, RecordId(new_id()), fields, PATIENT, VISIT)


async def chart(store: OfflineStore) -> list[tuple[str, bool]]:
    """(text or systolic pressure, is pending) of notes and readings, newest first."""
    notes = await store.transaction(lambda unit: unit.records.notes(PATIENT))
    readings = await store.transaction(lambda unit: unit.records.readings(PATIENT))
    return [
        *((note.text, note.is_pending) for note in notes),
        *((str(one.measured.quantities[0].value), one.is_pending) for one in readings),
    ]


async def test_notes_and_readings_stand_in_the_chart_and_give_way_to_the_servers_copy(
    either_store: OfflineStore,
) -> None:
    note, reading = note_told("told"), reading_told("131")
    for record in (note, reading):
        assert await keep(either_store, record)
        assert not await keep(either_store, record)
    assert await chart(either_store) == [("told", True), ("131", True)]
    assert await shown(either_store) == []
    for position, record in enumerate((reading, note), start=1):
        fields = dict(record.fields)
        arrived = confirmed(record.record_type, fields, record.record, position=position)
        await apply(either_store, page(arrived, since=position - 1))
        assert not await keep(either_store, record)
    assert await chart(either_store) == [("told", False), ("131", False)]


async def test_heard_and_own_notes_stand_in_the_order_in_which_they_were_made(
    either_store: OfflineStore,
) -> None:
    theirs = confirmed(RecordType.NOTE, written("of the server"), new_id())
    await add(either_store, new_note("one"))
    await keep(either_store, note_told("two"))
    await keep(either_store, note_told("three"))
    await add(either_store, new_note("four"))
    await apply(either_store, page(theirs))
    texts = [text for text, _ in await chart(either_store)]
    assert texts == ["four", "three", "two", "one", "of the server"]


async def test_what_the_server_took_out_before_its_copy_came_is_heard_no_more(
    either_store: OfflineStore,
) -> None:
    note, other = note_told("entered in error"), note_told("stays")
    for record in (note, other):
        await keep(either_store, record)
    gone = Gone(PATIENT, note.record, GoneReason.REMOVED)
    await apply(either_store, replace(page(), until=1, gone=(gone,)))
    assert await chart(either_store) == [("stays", True)]


async def test_nobody_takes_the_place_of_what_is_ours(either_store: OfflineStore) -> None:
    ours = new_change(RecordType.MESSAGE, written("mine"))
    await add(either_store, ours)
    assert not await keep(either_store, told("not mine", ours.record))
    assert await shown(either_store) == [("mine", True)]


async def test_what_waits_stands_in_the_order_in_which_it_was_said(
    either_store: OfflineStore,
) -> None:
    await add(either_store, new_change(RecordType.MESSAGE, written("one")))
    await keep(either_store, told("two"))
    await keep(either_store, told("three"))
    await add(either_store, new_change(RecordType.MESSAGE, written("four")))
    assert [text for text, _ in await shown(either_store)] == ["one", "two", "three", "four"]


async def test_nonsense_and_another_patient_are_refused(either_store: OfflineStore) -> None:
    good = told("x")
    wrong = PatientId(new_id())
    for record, code in (
        (replace(good, fields={"text": "x"}), Code.MALFORMED),
        (replace(good, fields={**good.fields, "text": "x" * 4001}), Code.MALFORMED),
        (replace(good, record_type=RecordType.RECEIPT), Code.MALFORMED),
        (replace(good, patient=wrong), Code.WRONG_PATIENT),
        (replace(good, visit=VisitId(new_id())), Code.WRONG_PATIENT),
    ):
        with pytest.raises(Rejected) as refused:
            await keep(either_store, record)
        assert refused.value.code is code
        assert "4001" not in str(refused.value)
        assert refused.value.__context__ is None
    assert await shown(either_store) == []


async def test_there_is_an_end_to_it(
    either_store: OfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard, "HEARD_OF_VISIT", 3)
    for number in range(3):
        await keep(either_store, told(str(number)))
    with pytest.raises(Rejected) as refused:
        await keep(either_store, told("one too many"))
    assert refused.value.code is Code.OVERRUN


async def test_what_the_server_never_confirms_does_not_shut_out_other_visits_for_ever(
    either_store: OfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard, "HEARD_MOST", 3)
    for number in range(3):
        await keep(either_store, told(str(number)))
    other = VisitId(new_id())
    record = told("in another visit")
    fields = {**record.fields, "visit": str(other)}
    assert await keep(either_store, replace(record, visit=other, fields=fields))
    assert [text for text, _ in await shown(either_store)] == ["1", "2"]


async def test_a_receipt_stands_with_its_message_heard_or_confirmed(
    either_store: OfflineStore,
) -> None:
    message = new_change(RecordType.MESSAGE, written("did you get it?"))
    await add(either_store, message)
    fields = {
        "visit": str(VISIT),
        "patient": str(PATIENT),
        "message": str(message.record),
        "kind": "read",
        "by": str(FAR),
        "by_name": "N. Kim",
        "at": (NOON + timedelta(seconds=4)).isoformat(),
    }
    receipt = HeardRecord(RecordType.RECEIPT, RecordId(new_id()), fields, PATIENT, VISIT)
    await keep(either_store, receipt)
    for _ in range(2):
        [one] = await either_store.transaction(lambda unit: unit.records.messages(VISIT))
        said = one.receipt_of(ReceiptKind.READ)
        assert said is not None
        assert (said.by, said.at) == (FAR, NOON + timedelta(seconds=4))
        assert len(one.receipts) == 1
        await apply(either_store, page(confirmed(RecordType.RECEIPT, fields, receipt.record)))


def given_part(part: FilePart) -> Callable[[UnitOfWork], None]:
    return lambda unit: unit.attachments.add(part.file_sha256, part.file_bytes)


def sent_part(part: FilePart) -> Callable[[UnitOfWork], None]:
    return lambda unit: unit.attachments.mark_sent(part.file_sha256)


async def test_a_message_waits_for_every_part_of_its_file(either_store: OfflineStore) -> None:
    parts = tuple(FilePart(letter * 64, "a" * 43 + "=", 100) for letter in "abc")
    message = Message(
        RecordId(new_id()),
        VISIT,
        PATIENT,
        "a picture",
        PERSON,
        "Dr Lin",
        NOON,
        turn=1,
        file=MessageFile("rash.png", FileKind.PNG, 250, "d" * 64, parts),
    )
    await add(either_store, new_change(RecordType.MESSAGE, message_fields(message), message.id))
    other = new_change(RecordType.MESSAGE, written("goes past it"))
    await add(either_store, other)
    for part in parts:
        await either_store.transaction(given_part(part))
    for part in parts:
        waiting = await either_store.transaction(lambda unit: unit.outbox.waiting(10))
        assert [change.record for change in waiting] == [other.record]
        await either_store.transaction(sent_part(part))
    waiting = await either_store.transaction(lambda unit: unit.outbox.waiting(10))
    assert [change.record for change in waiting] == [message.id, other.record]
    newest_first = await either_store.transaction(lambda unit: unit.records.messages(VISIT))
    assert message.file in [one.file for one in newest_first]


def test_a_store_of_before_is_brought_on_with_all_that_it_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = connect(None, os.urandom(KEY_BYTES))
    every = migrate.steps()
    with monkeypatch.context() as before:
        before.setattr(migrate, "steps", lambda: every[:1])
        migrate.migrate(connection)
    assert migrate.version_of(connection) == 1
    connection.execute(
        "INSERT INTO records (record_type, record, version, position, schema_version, body,"
        " patient, visit, at, state) VALUES ('message', ?, 1, 1, 1, ?, ?, ?, 0, NULL)",
        (str(new_id()), b"{}", str(PATIENT), str(VISIT)),
    )
    migrate.migrate(connection)
    assert migrate.version_of(connection) == len(every)
    rows = connection.execute("SELECT visit, is_pending FROM messages_shown").fetchall()
    assert rows == [(str(VISIT), 0)]
    connection.close()


async def test_the_far_desks_name_of_a_file_is_no_place_on_this_disk(
    either_store: OfflineStore,
) -> None:
    file = {"name": "../../.ssh/\u202egnp.cod", "kind": "pdf", "size_bytes": 3, "sha256": "ab" * 32}
    part = {"file_sha256": "cd" * 32, "file_key": "k", "file_bytes": 3}
    record = told("look")
    fields: dict[str, Any] = {**record.fields, "file": file, "file_parts": [part]}
    assert await keep(either_store, replace(record, fields=fields))
    [message] = await either_store.transaction(lambda unit: unit.records.messages(VISIT))
    assert message.file is not None
    assert message.file.name == "gnp.cod.pdf"
