"""The outbox: order, what stood before, what waits behind what, and how an answer is taken in."""

import json
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from app.contract.sync import ChangeBody, PushIn, push_body
from app.domain.changes import (
    Change,
    ChangeResult,
    Json,
    NewChange,
    Outcome,
    RecordType,
    UnsentTally,
)
from app.domain.clock import Stamp
from app.domain.failures import Code, Rejected, Untrusted
from app.domain.ids import PatientId, RecordId, new_id
from app.domain.notes import NOTE_MAX_CHARACTERS
from offline_store.database import OfflineStore
from offline_store.outbox import WAITING_MOST_BYTES
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInMemory
from tests.store.conftest import raw_connection
from tests.store.given import (
    A_DIGEST,
    NOON,
    PATIENT,
    PERSON,
    VISIT,
    a_patient,
    a_visit,
    accepted,
    confirmed,
    in_conflict,
    new_change,
    new_note,
    page,
    patient_fields,
    recording_fields,
    refused,
    still_fields,
    visit_fields,
    written,
)


async def add(store: OfflineStore, *changes: NewChange) -> list[Change]:
    return await store.transaction(lambda unit: [unit.outbox.add(new) for new in changes])


async def waiting(store: OfflineStore, limit: int = 100) -> list[Change]:
    return await store.transaction(lambda unit: unit.outbox.waiting(limit))


async def settle(store: OfflineStore, answer: ChangeResult) -> None:
    await store.transaction(lambda unit: unit.outbox.settle(answer))


async def test_changes_wait_in_the_order_they_were_made(either_store: OfflineStore) -> None:
    added = await add(either_store, *[new_note(f"note {number}") for number in range(20)])
    assert [change.counter for change in added] == list(range(1, 21))
    assert await waiting(either_store) == added
    assert await waiting(either_store, limit=3) == added[:3]
    assert len({change.id for change in added}) == 20
    assert len({change.device for change in added}) == 1


async def test_no_more_waits_at_once_than_goes_in_one_body(store: OfflineStore) -> None:
    """As notes of the longest text: the server takes a MiB, and refuses what is larger whole."""
    added = await add(store, *[new_note("x" * NOTE_MAX_CHARACTERS) for _ in range(40)])
    bodies = [ChangeBody.from_domain(one).model_dump_json() for one in await waiting(store)]
    assert 1 < len(bodies) < len(added)
    assert sum(map(len, bodies)) <= WAITING_MOST_BYTES
    assert sum(map(len, bodies)) + len(bodies[0]) > WAITING_MOST_BYTES


async def test_what_waits_goes_as_it_was_written(
    store: OfflineStore, folder: Path, ring: KeyringInMemory
) -> None:
    """The server knows a change by its bytes: a later release must not send it otherwise."""
    [change] = await add(store, new_note())
    connection = await raw_connection(folder, ring)
    [(written,)] = connection.execute("SELECT body FROM outbox").fetchall()
    connection.close()
    [waits] = await waiting(store)
    assert (waits, waits.written) == (change, written)
    frame = PushIn(device=change.device, changes=[], cursor='"changes":[]')
    sent = json.loads(push_body(frame, [waits.written, waits.written]))
    assert sent["changes"] == [json.loads(written)] * 2
    assert PushIn.model_validate(sent).cursor == '"changes":[]'


async def test_behind_what_is_on_its_way_the_same_records_wait(either_store: OfflineStore) -> None:
    first, second, third = await add(either_store, *[new_note(words) for words in "abc"])
    [more] = await add(either_store, new_note("a and more", first.record))

    async def behind(limit: int, *on_their_way: Change) -> list[Change]:
        return await either_store.transaction(lambda unit: unit.outbox.waiting(limit, on_their_way))

    assert await behind(2, first, second) == [third]
    assert await behind(1, second) == [first]
    assert await behind(9, second, third) == [first, more]
    assert await behind(9, first, second, third) == []


async def test_a_change_reads_back_as_it_was_made(store: OfflineStore) -> None:
    new = new_note("écouté à 14 h – “clear”")
    (change,) = await add(store, new)
    assert (change.base_version, change.previous, change.schema) == (0, {}, 1)
    assert change.fields_set == new.fields_set
    assert (await waiting(store))[0] == change


async def test_counters_are_not_given_again_after_changes_left(store: OfflineStore) -> None:
    (first,) = await add(store, new_note())
    await store.transaction(lambda unit: unit.outbox.settle(accepted(first, position=1)))
    (second,) = await add(store, new_note())
    assert (first.counter, second.counter) == (1, 2)


async def test_previous_is_the_newest_own_value_pending_or_confirmed(
    store: OfflineStore,
) -> None:
    await store.transaction(lambda unit: unit.records.apply(page(a_patient(version=7))))

    def rename(name: str) -> NewChange:
        return new_change(RecordType.PATIENT, {"family_name": name}, PATIENT, base_version=7)

    first, second, third = await add(
        store,
        rename("Roe"),
        rename("Poe"),
        new_change(RecordType.PATIENT, {"allergies": "latex"}, PATIENT, base_version=7),
    )
    assert first.previous == {"family_name": "Doe"}
    assert second.previous == {"family_name": "Roe"}
    assert third.previous == {}  # nothing stood there before
    # What the server will have counted when they arrive.
    assert [first.base_version, second.base_version, third.base_version] == [7, 8, 9]


async def test_a_refused_change_raises_no_base_version(store: OfflineStore) -> None:
    await store.transaction(lambda unit: unit.records.apply(page(a_visit("booked"))))
    (move,) = await add(store, new_change(RecordType.VISIT, {"state": "checked-in"}, VISIT, 1))
    await store.transaction(lambda unit: unit.outbox.settle(refused(move)))
    (again,) = await add(store, new_change(RecordType.VISIT, {"state": "in-visit"}, VISIT, 1))
    assert again.base_version == 1
    assert again.previous == {"state": "booked"}  # the refused value never stood at the server
    first, second = await store.transaction(lambda unit: unit.outbox.all())
    assert first.current == a_visit("booked")  # on which it may be written anew
    assert second.current is None


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.ALREADY_THERE])
async def test_an_accepted_change_moves_to_the_records(
    either_store: OfflineStore, outcome: Outcome
) -> None:
    await either_store.transaction(lambda unit: unit.records.apply(page(until=1)))
    (change,) = await add(either_store, new_note("kept"))
    answer = accepted(change, position=5, outcome=outcome)
    for _ in range(2):  # the same answer again changes nothing
        await either_store.transaction(lambda unit: unit.outbox.settle(answer))
    assert await waiting(either_store) == []
    notes = await either_store.transaction(lambda unit: unit.records.notes(PATIENT))
    assert [(note.text, note.is_pending, note.version) for note in notes] == [("kept", False, 1)]
    record = await either_store.transaction(
        lambda unit: unit.records.confirmed(RecordType.NOTE, change.record)
    )
    assert record == answer.record


async def test_an_old_answer_does_not_roll_a_newer_record_back(store: OfflineStore) -> None:
    (change,) = await add(store, new_note("mine"))
    newer = confirmed(
        RecordType.NOTE, {**change.fields_set, "text": "later"}, change.record, position=9
    )
    await store.transaction(lambda unit: unit.records.apply(page(newer)))
    await store.transaction(lambda unit: unit.outbox.settle(accepted(change, position=3)))
    assert await waiting(store) == []
    record = await store.transaction(
        lambda unit: unit.records.confirmed(RecordType.NOTE, change.record)
    )
    assert record == newer


async def test_a_yes_without_its_record_takes_nothing_out(store: OfflineStore) -> None:
    first, second = await add(store, new_note("one"), new_note("two"))
    stranger = accepted(second, position=1).record
    for answer in (
        ChangeResult(first.id, Outcome.ACCEPTED),
        ChangeResult(first.id, Outcome.ACCEPTED, record=stranger),
        ChangeResult(first.id, Outcome.CONFLICT, record=stranger),
    ):
        with pytest.raises(Untrusted) as caught:
            await settle(store, answer)
        assert caught.value.code is Code.MALFORMED
    assert await waiting(store) == [first, second]


async def test_what_builds_on_a_refused_beginning_is_no_beginning_itself(
    store: OfflineStore,
) -> None:
    """The server may take the beginning later; a second one under the same id it never takes."""
    record = new_id()
    (first,) = await add(store, new_note("one", record))
    await settle(store, refused(first, Code.OUT_OF_SCOPE))
    (edit,) = await add(store, new_change(RecordType.NOTE, {"text": "one, mended"}, record))
    assert (edit.base_version, edit.previous) == (1, {"text": "one"})


async def test_what_is_unsent_is_counted_and_dated(store: OfflineStore) -> None:
    """The earliest of what people made, whatever zone it was written in; refused is not unsent."""
    east = timezone(timedelta(hours=3))
    minutes = [
        (RecordType.NOTE, NOON),
        (RecordType.NOTE, (NOON - timedelta(minutes=2)).astimezone(east)),
        (RecordType.MESSAGE, NOON - timedelta(minutes=1)),
        (RecordType.NOTE, NOON - timedelta(hours=1)),
        (RecordType.RECEIPT, NOON - timedelta(hours=2)),
    ]
    fields: dict[RecordType, dict[str, Json]] = {
        RecordType.NOTE: written("a"),
        RecordType.MESSAGE: written("b"),
        RecordType.RECEIPT: {
            "visit": str(VISIT),
            "patient": str(PATIENT),
            "message": str(new_id()),
            "kind": "read",
            "by": str(PERSON),
            "by_name": "Dr Lin",
            "at": NOON.isoformat(),
        },
    }
    made = await add(
        store,
        *(replace(new_change(kind, fields[kind]), stamp=Stamp(at)) for kind, at in minutes),
    )
    await settle(store, refused(made[3]))
    tally = await store.transaction(lambda unit: unit.outbox.unsent())
    assert tally == UnsentTally(
        ((RecordType.MESSAGE, 1), (RecordType.NOTE, 2), (RecordType.RECEIPT, 1)),
        NOON - timedelta(minutes=2),
    )
    [no] = await store.transaction(lambda unit: unit.outbox.refused())
    assert (no.change, no.refused) == (made[3], Code.NOT_ALLOWED)


async def test_a_refused_change_stays_and_holds_back_only_its_own_record(
    store: OfflineStore,
) -> None:
    record, other = new_id(), new_id()
    first, second, elsewhere = await add(
        store,
        new_note("one", record),
        new_change(RecordType.NOTE, {"text": "one, mended"}, record),
        new_note("two", other),
    )
    assert second.base_version == 1
    await store.transaction(lambda unit: unit.outbox.settle(refused(first)))
    assert await waiting(store) == [elsewhere]
    everything = await store.transaction(lambda unit: unit.outbox.all())
    assert [(pending.change, pending.refused) for pending in everything] == [
        (first, Code.NOT_ALLOWED),
        (second, None),
        (elsewhere, None),
    ]
    # Nothing of what a person wrote leaves the screen because a server said no.
    texts = await store.transaction(lambda unit: {n.text for n in unit.records.notes(PATIENT)})
    assert texts == {"one, mended", "two"}


async def test_a_conflict_is_kept_with_what_stands_at_the_server(store: OfflineStore) -> None:
    await store.transaction(lambda unit: unit.records.apply(page(a_patient(), a_visit("booked"))))
    (mine,) = await add(store, new_change(RecordType.VISIT, {"state": "checked-in"}, VISIT, 1))
    theirs = a_visit("in-visit", version=2, position=8)
    await store.transaction(lambda unit: unit.outbox.settle(in_conflict(mine, theirs)))
    (pending,) = await store.transaction(lambda unit: unit.outbox.all())
    assert (pending.change, pending.refused, pending.current) == (mine, Code.CONFLICT, theirs)
    row = await store.transaction(lambda unit: unit.records.visit_row(VISIT))
    assert row is not None and row.visit.state == "in-visit" and row.is_pending


async def test_only_a_refused_change_can_be_given_up(store: OfflineStore) -> None:
    first, second = await add(store, new_note("one"), new_note("two"))
    with pytest.raises(Rejected):
        await store.transaction(lambda unit: unit.outbox.drop(first.id))
    await store.transaction(lambda unit: unit.outbox.settle(refused(first)))
    for _ in range(2):
        await store.transaction(lambda unit: unit.outbox.drop(first.id))
    assert [p.change for p in await store.transaction(lambda unit: unit.outbox.all())] == [second]
    notes = await store.transaction(lambda unit: unit.records.notes(PATIENT))
    assert [note.text for note in notes] == ["two"]


async def test_a_recording_waits_for_its_file_and_blocks_nobody(
    either_store: OfflineStore,
) -> None:
    recording = new_change(RecordType.RECORDING, recording_fields())
    (heard,) = await add(either_store, recording)
    await either_store.transaction(lambda unit: unit.attachments.add(A_DIGEST, 80_100))
    moved = new_change(RecordType.RECORDING, {"site": "base"}, recording.record)
    later, note = await add(either_store, moved, new_note())
    assert await waiting(either_store) == [note]
    assert await either_store.transaction(lambda unit: unit.attachments.unsent()) == [A_DIGEST]

    def sent(unit: UnitOfWork) -> None:
        unit.attachments.mark_sent(A_DIGEST)
        unit.attachments.add(A_DIGEST, 80_100)  # once more: it stays sent

    await either_store.transaction(sent)
    assert await waiting(either_store) == [note, heard, later]  # in clinical order
    assert await either_store.transaction(lambda unit: unit.attachments.unsent()) == []


async def test_files_go_in_clinical_order_whatever_was_made_first(
    either_store: OfflineStore,
) -> None:
    still, sound, part, late, nobodys = (digit * 64 for digit in "51342")
    file: Json = {"name": "a.pdf", "kind": "pdf", "size_bytes": 9, "sha256": "0" * 64}
    parts: list[Json] = [{"file_sha256": part, "file_key": "k", "file_bytes": 10}]
    with_file: dict[str, Json] = {**written("the letter"), "file": file, "file_parts": parts}
    await add(
        either_store,
        new_change(RecordType.STILL, still_fields(still)),
        new_change(RecordType.RECORDING, recording_fields(sound)),
        new_change(RecordType.MESSAGE, with_file),
        new_change(RecordType.RECORDING, recording_fields(late)),
    )

    def keep(unit: UnitOfWork) -> list[str]:
        for name in (nobodys, still, late, sound, part):
            unit.attachments.add(name, 10)
        return unit.attachments.unsent()

    assert await either_store.transaction(keep) == [part, sound, late, still, nobodys]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (new_change(RecordType.NOTE, {}), Code.NOTHING_TO_KEEP),
        (new_change(RecordType.NOTE, {"text": "no visit"}), Code.MALFORMED),
        (new_change(RecordType.VISIT, visit_fields("asleep")), Code.MALFORMED),
        (new_change(RecordType.NOTE, {"text": "?"}, base_version=4), Code.NOT_FOUND),
    ],
)
async def test_what_cannot_be_a_record_is_refused_whole(
    store: OfflineStore, new: NewChange, code: Code
) -> None:
    with pytest.raises(Rejected) as caught:
        await add(store, new_note("goes with it"), new)
    assert caught.value.code is code
    assert "asleep" not in repr(caught.value.__cause__) + repr(caught.value.__context__)
    assert await store.transaction(lambda unit: unit.outbox.all()) == []
    (next_one,) = await add(store, new_note())
    assert next_one.counter == 1


async def test_an_outbox_row_is_the_contracts_body_and_never_rewritten(
    store: OfflineStore, folder: Path, ring: KeyringInMemory
) -> None:
    (change,) = await add(store, new_note("as written"))
    connection = await raw_connection(folder, ring)
    try:
        row = connection.execute("SELECT body, schema_version FROM outbox").fetchone()
        assert row is not None
        assert ChangeBody.model_validate_json(row[0]).to_domain() == change
        assert json.loads(row[0])["fields_set"]["text"] == "as written"
        with pytest.raises(sqlcipher.IntegrityError):
            connection.execute("UPDATE outbox SET body = x'7b7d'")
    finally:
        connection.close()


async def test_pending_changes_follow_what_is_confirmed_beneath(store: OfflineStore) -> None:
    """Another's edit of another field shows through a change that waits."""
    await store.transaction(
        lambda unit: unit.records.apply(page(a_patient(), a_visit("booked", position=2)))
    )
    await add(store, new_change(RecordType.PATIENT, {"allergies": "latex"}, PATIENT, 1))
    renamed = confirmed(RecordType.PATIENT, patient_fields("Roe"), PATIENT, version=2, position=3)
    await store.transaction(lambda unit: unit.records.apply(page(renamed, since=2)))
    row = await store.transaction(lambda unit: unit.records.visit_row(VISIT))
    assert row is not None
    assert (row.patient.family_name, row.patient.allergies) == ("Roe", "latex")


async def test_the_rest_of_a_chain_moves_up_when_its_head_is_accepted(
    store: OfflineStore,
) -> None:
    record = RecordId(new_id())
    first, second = await add(
        store, new_note("draft", record), new_change(RecordType.NOTE, {"text": "final"}, record)
    )
    await store.transaction(lambda unit: unit.outbox.settle(accepted(first, position=1)))
    assert await waiting(store) == [second]
    (note,) = await store.transaction(lambda unit: unit.records.notes(PATIENT))
    assert (note.text, note.version, note.is_pending) == ("final", 1, True)


async def test_a_change_of_one_patient_is_not_shown_with_another(store: OfflineStore) -> None:
    await add(store, new_note())
    assert await store.transaction(lambda unit: unit.records.notes(PatientId(UUID(int=9)))) == []
