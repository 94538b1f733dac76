"""The feed's pages, the worklist, and everything that is shown."""

import json
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.contract.sync import FeedOut
from app.domain.access import Role
from app.domain.changes import FeedPage, NewChange, RecordType
from app.domain.failures import Code, Untrusted
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.domain.visits import VisitState
from offline_store import records
from offline_store.database import OfflineStore
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.conftest import raw_connection
from tests.store.given import (
    NOON,
    PATIENT,
    VISIT,
    a_patient,
    a_visit,
    confirmed,
    drawing_fields,
    new_change,
    page,
    patient_fields,
    reading_fields,
    recording_fields,
    report_fields,
    step_fields,
    still_fields,
    visit_fields,
    written,
)

STILL = RecordId(new_id())


async def apply(store: OfflineStore, arrived: FeedPage) -> None:
    await store.transaction(lambda unit: unit.records.apply(arrived))


async def add(store: OfflineStore, change: NewChange) -> None:
    await store.transaction(lambda unit: unit.outbox.add(change))


async def test_a_page_and_its_cursor_arrive_together(either_store: OfflineStore) -> None:
    await apply(either_store, page(a_patient(), a_visit(position=2), until=4))
    assert await either_store.transaction(lambda unit: unit.records.feed_position()) == 4


async def test_a_page_that_does_not_continue_is_left_out(store: OfflineStore) -> None:
    await apply(store, page(a_patient(), until=10))
    for since in (0, 9, 11):
        late = page(a_visit(position=20), since=since, until=20)
        await apply(store, late)
    assert await store.transaction(lambda unit: unit.records.feed_position()) == 10
    assert await store.transaction(lambda unit: unit.records.visit_row(VISIT)) is None


async def test_a_page_that_goes_backwards_is_not_trusted(store: OfflineStore) -> None:
    with pytest.raises(Untrusted):
        await apply(store, page(since=0, until=-1))


async def test_bytes_are_kept_as_received_unknown_fields_too(store: OfflineStore) -> None:
    fields = {**patient_fields(), "pronouns": "they", "nested": {"later": [1, 2]}}
    record = confirmed(RecordType.PATIENT, fields, PATIENT)
    await apply(store, page(record))
    kept = await store.transaction(
        lambda unit: unit.records.confirmed(RecordType.PATIENT, RecordId(PATIENT))
    )
    assert kept == record
    # ... and an own change laid over the record does not lose them either.
    await add(store, new_change(RecordType.PATIENT, {"allergies": "latex"}, PATIENT, 1))
    assert kept is not None and json.loads(kept.body)["pronouns"] == "they"


async def test_a_malformed_record_stops_the_page_whole(store: OfflineStore) -> None:
    broken = confirmed(RecordType.NOTE, {"text": "Roe has a cough"}, new_id(), position=2)
    with pytest.raises(Untrusted) as caught:
        await apply(store, page(a_patient(), broken))
    assert caught.value.code is Code.MALFORMED
    assert "cough" not in str(caught.value) + repr(caught.value.__context__)
    assert await store.transaction(lambda unit: unit.records.feed_position()) == 0


async def test_a_later_releases_record_is_kept_and_not_shown(
    store: OfflineStore, caplog: pytest.LogCaptureFixture
) -> None:
    later = confirmed(RecordType.NOTE, {"pages": ["secret words"]}, new_id(), schema=2, position=2)
    await apply(store, page(a_patient(), later))
    with caplog.at_level(logging.WARNING):
        assert await store.transaction(lambda unit: unit.records.notes(PATIENT)) == []
    assert str(later.record) in caplog.text and "secret" not in caplog.text
    kept = await store.transaction(
        lambda unit: unit.records.confirmed(RecordType.NOTE, later.record)
    )
    assert kept == later


async def test_what_only_a_later_release_can_read_is_counted(store: OfflineStore) -> None:
    """Of that patient, whatever its type; not what is shown, nor what no chart shows."""
    somebody = PatientId(new_id())
    unlike_ours = {"pages": ["what we cannot read"]}
    known = [
        replace(confirmed(kind, unlike_ours, new_id(), schema=2, position=number), patient=whose)
        for number, (kind, whose) in enumerate(
            [
                (RecordType.NOTE, PATIENT),
                (RecordType.READING, PATIENT),
                (RecordType.NOTE, somebody),
                (RecordType.RECEIPT, PATIENT),
            ],
            start=2,
        )
    ]
    unknown = replace(confirmed(RecordType.NOTE, {}, new_id(), position=6), record_type="plan")
    shown = [
        confirmed(RecordType.NOTE, written("a note"), new_id(), schema=2, position=7),
        confirmed(RecordType.NOTE, written("a note"), new_id(), position=8),
    ]
    await apply(store, page(a_patient()))
    assert await store.look(lambda unit: unit.records.unreadable_count(PATIENT)) == 0
    await apply(store, page(*known, unknown, *shown, since=1))
    assert await store.look(lambda unit: unit.records.unreadable_count(PATIENT)) == 3
    assert len(await store.look(lambda unit: unit.records.notes(PATIENT))) == 2


def local(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour).astimezone()


async def test_the_worklist_is_of_a_local_day_and_what_is_unfinished(
    either_store: OfflineStore,
) -> None:
    today = date(2026, 11, 21)
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    wanted = [
        (local(today, 0), "booked"),
        (local(today, 23), "finished"),
        (local(yesterday, 9), "in-visit"),
        (local(yesterday, 10), "booked"),
        (local(tomorrow, 8), "checked-in"),
    ]
    unwanted = [
        (local(yesterday, 23), "finished"),
        (local(yesterday, 8), "signed"),
        (local(tomorrow, 0), "booked"),
    ]
    visits = [
        confirmed(
            RecordType.VISIT,
            visit_fields(state, at.astimezone(UTC)),
            new_id(),
            position=number,
        )
        for number, (at, state) in enumerate(wanted + unwanted, start=2)
    ]
    await apply(either_store, page(a_patient(), *visits))
    rows = await either_store.transaction(lambda unit: unit.records.worklist(today))
    assert {row.visit.id for row in rows} == {VisitId(r.record) for r in visits[: len(wanted)]}
    assert [row.visit.starts_at for row in rows] == sorted(at for at, _ in wanted)
    assert {row.patient.record_number for row in rows} == {"BD-1001"}
    assert not any(row.is_pending for row in rows)


async def test_the_worklist_shows_a_pending_move(store: OfflineStore) -> None:
    await apply(store, page(a_patient(), a_visit("booked")))
    await add(store, new_change(RecordType.VISIT, {"state": "in-visit"}, VISIT, base_version=1))
    (row,) = await store.transaction(lambda unit: unit.records.worklist(NOON.astimezone().date()))
    assert (row.visit.state, row.is_pending) == (VisitState.IN_VISIT, True)


async def test_what_presence_says_shows_through_a_pending_move(store: OfflineStore) -> None:
    await apply(store, page(a_patient(), a_visit("in-visit")))
    await add(store, new_change(RecordType.VISIT, {"reason": "cough"}, VISIT, base_version=1))
    fields = {**visit_fields("in-visit"), "interrupted_since": NOON.isoformat()}
    told = confirmed(RecordType.VISIT, fields, VISIT, position=5)
    await apply(store, page(told, since=1))
    row = await store.transaction(lambda unit: unit.records.visit_row(VISIT))
    assert row is not None
    assert (row.visit.shown_state, row.visit.reason) == (VisitState.INTERRUPTED, "cough")


async def test_a_visit_waits_for_its_patient(store: OfflineStore) -> None:
    await apply(store, page(a_visit()))
    assert await store.transaction(lambda unit: unit.records.visit_row(VISIT)) is None
    await apply(store, page(a_patient(position=2), since=1))
    assert await store.transaction(lambda unit: unit.records.visit_row(VISIT)) is not None


async def test_offline_looks_like_online(either_store: OfflineStore) -> None:
    """The same fields, once confirmed and once pending, differ in nothing but that."""
    later = NOON + timedelta(minutes=5)
    documents = [
        (RecordType.NOTE, written("first"), written("second", later)),
        (RecordType.MESSAGE, written("first"), written("second", later)),
        (RecordType.READING, reading_fields("120"), reading_fields("131", kept_at=str(later))),
        (RecordType.RECORDING, recording_fields("aa" * 32), recording_fields("bb" * 32)),
        (RecordType.STILL, still_fields("aa" * 32), still_fields("bb" * 32)),
        (RecordType.STILL_MARKS, drawing_fields(STILL, "old"), drawing_fields(STILL, "new")),
        (RecordType.LADDER_STEP, step_fields("voice"), step_fields("sd")),
        (RecordType.CALL_REPORT, report_fields(drops=1), report_fields(drops=2)),
    ]
    for position, (record_type, old, new) in enumerate(documents, start=1):
        arrived = page(confirmed(record_type, old, new_id(), position=position), since=position - 1)
        await apply(either_store, arrived)
        await add(either_store, new_change(record_type, new))
    read = either_store.transaction
    notes = await read(lambda unit: unit.records.notes(PATIENT))
    messages = await read(lambda unit: unit.records.messages(VISIT))
    readings = await read(lambda unit: unit.records.readings(PATIENT))
    recordings = await read(lambda unit: unit.records.recordings(PATIENT))
    for written_ones in (notes, messages):
        assert [(n.text, n.is_pending) for n in written_ones] == [
            ("second", True),
            ("first", False),
        ]
    assert [(str(r.measured.quantities[0].value), r.is_pending) for r in readings] == [
        ("131", True),
        ("120", False),
    ]
    assert {(r.file_sha256, r.is_pending) for r in recordings} == {
        ("aa" * 32, False),
        ("bb" * 32, True),
    }
    stills = await read(lambda unit: unit.records.stills(PATIENT))
    assert [(one.file_sha256, one.is_pending) for one in stills] == [
        ("bb" * 32, True),
        ("aa" * 32, False),
    ]
    assert (stills[0].asked_by, stills[0].taken_at, stills[0].width) == (Role.CLINICIAN, NOON, 1920)
    drawn = await read(lambda unit: unit.records.still_marks(PATIENT))
    assert [(one.drawing.marks[0].words, one.is_pending) for one in drawn] == [
        ("new", True),
        ("old", False),
    ]
    scale = drawn[0].drawing.scale
    assert drawn[0].still == STILL and scale is not None and scale.mm_per_pixel == 0.5
    steps = await read(lambda unit: unit.records.ladder_steps(VISIT))
    assert [(str(one.step), one.is_pending) for one in steps] == [("sd", True), ("voice", False)]
    reports = await read(lambda unit: unit.records.call_reports(VISIT))
    assert [(one.drops, one.is_pending) for one in reports] == [(2, True), (1, False)]
    assert reports[0].figures["round-trip-ms"].p95 == 80.5
    assert readings[0].measured.visit == VISIT
    assert readings[0].measured.device.model == "cuff"


async def test_no_clock_decides_what_stands_after_what(store: OfflineStore) -> None:
    """Each is made before the one above it, at desks whose clocks say the opposite."""
    hours = [NOON - timedelta(hours=number) for number in range(4)]
    position = 0
    for record_type, make in (
        (RecordType.NOTE, lambda at: written("x", at)),
        (RecordType.MESSAGE, lambda at: written("x", at)),
        (RecordType.READING, lambda at: reading_fields(kept_at=at.isoformat())),
        (RecordType.RECORDING, lambda at: recording_fields() | {"recorded_at": at.isoformat()}),
        (RecordType.STILL, lambda at: still_fields(taken_at=at.isoformat())),
        (RecordType.STILL_MARKS, lambda at: drawing_fields(STILL, "x", made_at=at.isoformat())),
    ):
        arrived = [
            confirmed(record_type, make(at), new_id(), position=position + place)
            for place, at in enumerate(hours[:2], start=1)
        ]
        await apply(store, page(*arrived, since=position))
        position += 2
        for at in hours[2:]:
            await add(store, new_change(record_type, make(at)))
    read = store.transaction
    oldest_last = hours[::-1]
    notes = await read(lambda unit: unit.records.notes(PATIENT))
    messages = await read(lambda unit: unit.records.messages(VISIT))
    readings = await read(lambda unit: unit.records.readings(PATIENT))
    recordings = await read(lambda unit: unit.records.recordings(PATIENT))
    assert [note.written_at for note in notes] == oldest_last
    assert [message.written_at for message in messages] == oldest_last
    assert [reading.kept_at for reading in readings] == oldest_last
    assert [recording.recorded_at for recording in recordings] == oldest_last
    stills = await read(lambda unit: unit.records.stills(PATIENT))
    drawn = await read(lambda unit: unit.records.still_marks(PATIENT))
    assert [still.taken_at for still in stills] == oldest_last
    assert [one.made_at for one in drawn] == oldest_last


async def test_measures_of_a_later_release_are_left_out_of_a_reading(store: OfflineStore) -> None:
    fields = reading_fields("118", quality=["irregular", "shaken"])
    fields["quantities"] = [
        *fields["quantities"],  # type: ignore[misc]  # a list
        {"kind": "augmentation-percent", "value": "12", "unit": "%"},
    ]
    await apply(store, page(confirmed(RecordType.READING, fields, new_id())))
    (reading,) = await store.transaction(lambda unit: unit.records.readings(PATIENT))
    assert [str(quantity.value) for quantity in reading.measured.quantities] == ["118", "76"]
    assert reading.measured.quality == {"irregular"}


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (records.NOTES, "records_of_patient"),
        (records.READINGS, "records_of_patient"),
        (records.RECORDINGS, "records_of_patient"),
        (records.MESSAGES, "records_of_visit"),
        (records.LADDER_STEPS, "records_of_visit"),
        (records.WORKLIST, "records_in_state (record_type=? AND state=?"),
        (records.VISIT, "PRIMARY KEY (record=? AND record_type=?)"),
        (records.PATIENT, "PRIMARY KEY (record=? AND record_type=?)"),
        (records.WORKLIST, "records_in_time (record_type=? AND at>? AND at<?)"),
    ],
)
async def test_no_question_reads_a_whole_table(
    store: OfflineStore, folder: Path, ring: KeyringInMemory, question: str, index: str
) -> None:
    """What a screen asks costs what it shows, not what is stored."""
    parameters = {"start": 0, "end": 1} if ":start" in question else ("x",)
    connection = await raw_connection(folder, ring)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question}", parameters)]
    connection.close()
    assert any(index in line for line in plan), plan
    whole = [line for line in plan if "SCAN r" in line or "(record_type=?)" in line]
    assert [line for line in whole if "outbox_of" not in line] == []


async def test_a_type_of_a_later_release_holds_nothing_up_and_waits_for_that_release(
    folder: Path, ring: KeyringInMemory
) -> None:
    later = {"record": str(new_id()), "record_type": "prescription", "version": 1, "position": 1}
    later |= {"schema_version": 2, "document": {"drug": "x"}, "patient": str(PATIENT)}
    known = {"record": str(PATIENT), "record_type": "patient", "version": 1, "position": 2}
    known |= {"schema_version": 1, "document": patient_fields()}
    read = FeedOut.model_validate(
        {"since": 0, "until": 2, "records": [later, known], "has_more": False}
    )
    async with kept_store(folder, ring) as store:
        await apply(store, read.to_domain())
        assert await store.transaction(lambda unit: unit.records.feed_position()) == 2
        patient = await store.transaction(
            lambda unit: unit.records.confirmed(RecordType.PATIENT, RecordId(PATIENT))
        )
        assert patient is not None
    connection = await raw_connection(folder, ring)
    found = "SELECT body, patient, position FROM records WHERE record_type = 'prescription'"
    assert connection.execute(found).fetchall() == [(b'{"drug":"x"}', str(PATIENT), 1)]
    connection.close()
