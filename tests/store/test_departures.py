"""What left the feed leaves the store: whole patients, never with something of theirs unsent."""

from dataclasses import replace
from uuid import UUID

from app.domain.changes import (
    ChangeResult,
    ConfirmedRecord,
    FeedPage,
    Gone,
    GoneReason,
    HeardRecord,
    Outcome,
    RecordType,
)
from app.domain.failures import Code
from app.domain.ids import PatientId, RecordId, new_id
from offline_store.database import OfflineStore
from offline_store.unit_of_work import UnitOfWork
from tests.store.given import (
    PATIENT,
    VISIT,
    a_patient,
    a_visit,
    accepted,
    confirmed,
    drawing_fields,
    new_change,
    new_note,
    patient_fields,
    recording_fields,
    refused,
    written,
)

LEFT = Gone(PATIENT, None, GoneReason.OUT_OF_SCOPE)


def told(since: int, *records: ConfirmedRecord, until: int, **more: object) -> FeedPage:
    whole = FeedPage(since, until, records, has_more=False, cursor="c", epoch="e", scope="mine")
    return replace(whole, **more)  # type: ignore[arg-type]  # its own fields


def chart(first: int = 1) -> tuple[ConfirmedRecord, ...]:
    recording = confirmed(
        RecordType.RECORDING, recording_fields(), UUID(int=0xD), position=first + 2
    )
    return a_patient(position=first), a_visit(position=first + 1), recording


def another(position: int) -> ConfirmedRecord:
    patient = new_id()
    return replace(
        a_patient(position=position), record=RecordId(patient), patient=PatientId(patient)
    )


def let_leave(unit: UnitOfWork) -> list[str]:
    files = []
    for gone in unit.departures.due(10):
        files += unit.departures.leave(gone)
        unit.departures.done(gone)
    return files


def patients_here(unit: UnitOfWork) -> set[str]:
    found = unit.records.find_patients("doe", 10)
    return {str(patient.id) for patient in found}


async def test_a_patient_who_left_leaves_whole_with_the_files(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        other = another(9)
        unit.records.apply(told(0, *chart(), other, until=9))
        unit.records.apply(told(9, until=10, gone=(LEFT,)))
        assert patients_here(unit) == {str(PATIENT), str(other.record)}  # until it is done
        assert unit.departures.due(10) == [LEFT]
        assert let_leave(unit) == [recording_fields()["file_sha256"]]
        assert patients_here(unit) == {str(other.record)}
        assert unit.records.recordings(PATIENT) == []
        assert unit.departures.due(10) == []

    await store.transaction(work)


async def test_nothing_that_waits_here_is_lost(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        change = unit.outbox.add(new_note())
        unit.records.apply(told(3, until=4, gone=(LEFT,)))
        assert unit.departures.due(10) == []
        unit.outbox.settle(refused(change))
        assert unit.departures.due(10) == []  # a person must see that it was refused
        unit.outbox.drop(change.id)
        assert unit.departures.due(10) == [LEFT]

    await store.transaction(work)


async def test_what_another_desk_told_holds_nobody_here_and_goes_with_them(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        heard = HeardRecord(
            RecordType.NOTE, RecordId(new_id()), written("told over the call"), PATIENT, VISIT
        )
        assert unit.heard.keep(heard)
        unit.records.apply(told(3, until=4, gone=(LEFT,)))
        assert unit.departures.due(10) == [LEFT]
        let_leave(unit)
        assert unit.records.notes(PATIENT) == []

    await store.transaction(work)


async def test_what_was_sent_is_kept_for_a_server_that_forgets(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        change = unit.outbox.add(new_note())
        unit.outbox.settle(accepted(change, position=4))
        unit.records.apply(told(3, until=5, gone=(LEFT,)))
        let_leave(unit)
        unit.records.begin_anew()
        assert [one.id for one in unit.outbox.waiting(10)] == [change.id]

    await store.transaction(work)


async def test_of_what_was_removed_nothing_is_kept(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        change = unit.outbox.add(new_note())
        unit.outbox.settle(accepted(change, position=4))
        removed = Gone(PATIENT, change.record, GoneReason.REMOVED)
        unit.records.apply(told(3, until=5, gone=(removed,)))
        let_leave(unit)
        assert unit.records.notes(PATIENT) == []
        assert len(unit.records.recordings(PATIENT)) == 1
        unit.records.begin_anew()
        assert unit.outbox.waiting(10) == []

    await store.transaction(work)


async def test_who_comes_back_in_time_stays(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        unit.records.apply(told(3, until=4, gone=(LEFT,)))
        unit.records.apply(told(4, *chart(first=5), until=7))
        assert unit.departures.due(10) == []
        assert let_leave(unit) == []
        assert patients_here(unit) == {str(PATIENT)}

    await store.transaction(work)


async def test_what_is_not_here_is_not_told_as_destroyed(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, until=4, gone=(LEFT,)))
        assert unit.departures.due(10) == []

    await store.transaction(work)


async def test_after_a_load_goes_what_it_did_not_bring(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        stays, note = another(9), RecordId(new_id())
        kept_note = confirmed(RecordType.NOTE, written("x"), note, position=10)
        of_stays = replace(kept_note, patient=stays.patient)
        unit.records.apply(told(0, *chart(), stays, of_stays, until=10))
        unit.records.load_scope()
        assert unit.records.feed_cursor().load == ""
        unit.records.apply(told(0, stays, until=0, load="more", cursor=None, has_more=True))
        assert unit.departures.due(10) == []  # the load may yet bring them
        unit.records.apply(told(0, until=10))
        due = unit.departures.due(10)
        assert {(one.patient, one.record) for one in due} == {
            (PATIENT, None),
            (stays.patient, note),
        }
        let_leave(unit)
        assert patients_here(unit) == {str(stays.record)}

    await store.transaction(work)


async def test_a_load_of_a_server_that_went_back_makes_nobody_leave(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        unit.records.load_scope()
        unit.records.begin_anew()
        unit.records.apply(told(0, until=1))
        assert unit.departures.due(10) == []
        assert patients_here(unit) == {str(PATIENT)}

    await store.transaction(work)


async def test_a_server_that_started_again_goes_on_with_the_load(store: OfflineStore) -> None:
    """It says no to a load that is not of its own history."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        unit.records.load_scope()
        more = {"load": "more", "cursor": None, "has_more": True}
        stays = another(2)
        unit.records.apply(told(0, stays, until=0, **more))
        unit.records.apply(told(0, until=3, epoch="another"))
        assert unit.departures.due(10) == [LEFT]
        assert let_leave(unit)
        assert patients_here(unit) == {str(stays.record)}

    await store.transaction(work)


async def test_another_person_finds_nobody_of_before_the_server_went_back(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        unit.records.begin_anew()
        assert unit.records.leave_scope("another's")
        assert patients_here(unit) == set()

    await store.transaction(work)


async def test_another_person_finds_nobody_whom_they_do_not_see(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        waits = another(9)
        unit.records.apply(told(0, *chart(), waits, until=9))
        note = new_note()
        of_waits = {**note.fields_set, "patient": str(waits.patient)}
        unit.outbox.add(replace(note, patient=waits.patient, fields_set=of_waits))
        assert unit.records.leave_scope("mine") == []
        assert len(patients_here(unit)) == 2
        assert unit.records.leave_scope("another's") == [recording_fields()["file_sha256"]]
        assert patients_here(unit) == {str(waits.record)}  # until it is sent
        assert unit.records.feed_cursor().position == 0

    await store.transaction(work)


async def test_an_answer_in_the_midst_of_a_load_keeps_nobody_here(store: OfflineStore) -> None:
    """Before they left, it was about them; the load that follows does not bring them."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note = unit.outbox.add(new_note())
        edit = unit.outbox.add(
            new_change(RecordType.PATIENT, {"title": "Dr"}, PATIENT, base_version=1)
        )
        unit.records.load_scope()
        unit.outbox.settle(accepted(note, position=4))
        of_both = {**patient_fields(), "title": "Dr"}
        stands = confirmed(RecordType.PATIENT, of_both, PATIENT, version=2, position=5)
        unit.outbox.settle(ChangeResult(edit.id, Outcome.ACCEPTED, record=stands))
        assert [one.is_pending for one in unit.records.notes(PATIENT)] == [False]
        unit.records.apply(told(0, until=6))
        assert unit.departures.due(10) == [LEFT]
        let_leave(unit)
        assert unit.records.notes(PATIENT) == []

    await store.transaction(work)


async def test_an_answer_newer_than_the_load_is_told_by_the_feed_behind_it(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note = unit.outbox.add(new_note())
        unit.records.load_scope()
        answer = accepted(note, position=9)
        unit.outbox.settle(answer)
        unit.records.apply(told(0, *chart(), until=8))
        assert unit.departures.due(10) == []
        assert answer.record is not None
        unit.records.apply(told(8, replace(answer.record), until=9))
        assert [one.is_pending for one in unit.records.notes(PATIENT)] == [False]
        assert unit.departures.due(10) == []

    await store.transaction(work)


async def test_what_was_refused_as_unseen_is_asked_again_when_they_come_back(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note, other = unit.outbox.add(new_note()), unit.outbox.add(new_note("not allowed"))
        built_upon = unit.outbox.add(new_change(RecordType.NOTE, {"text": "more"}, note.record))
        unit.records.apply(told(3, until=4, gone=(LEFT,)))
        unit.outbox.settle(refused(note, Code.OUT_OF_SCOPE))
        unit.outbox.settle(refused(built_upon, Code.NOT_FOUND))
        unit.outbox.settle(refused(other, Code.NOT_ALLOWED))
        unit.records.apply(told(4, another(5), until=5))
        assert unit.outbox.waiting(10) == []
        unit.records.apply(told(5, *chart(first=6), until=8))
        assert unit.outbox.waiting(10) == [note, built_upon]

    await store.transaction(work)


async def test_an_edit_of_who_was_here_all_along_asks_nothing_again(store: OfflineStore) -> None:
    """Whoever wrote what was refused may be another one than who sits here."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note = unit.outbox.add(new_note())
        unit.outbox.settle(refused(note, Code.OUT_OF_SCOPE))
        unit.records.apply(told(3, a_patient(version=2, position=4), until=4))
        assert unit.outbox.waiting(10) == []

    await store.transaction(work)


async def test_who_went_and_came_back_between_two_looks_is_known_by_what_is_told_again(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note = unit.outbox.add(new_note())
        unit.outbox.settle(refused(note, Code.OUT_OF_SCOPE))
        unit.records.apply(told(3, *chart(first=4), until=6))  # and nothing of a departure
        assert unit.outbox.waiting(10) == [note]

    await store.transaction(work)


async def test_a_chain_that_the_server_has_stays_whole(store: OfflineStore) -> None:
    """Sent again about a patient who left: each answer says only where the record stands now."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        first = unit.outbox.add(new_note("first"))
        then = unit.outbox.add(new_change(RecordType.NOTE, {"text": "corrected"}, first.record))
        for change in (first, then):
            unit.outbox.settle(
                ChangeResult(change.id, Outcome.ALREADY_THERE, position=5, version=2)
            )
        assert unit.outbox.all() == []
        assert [one.text for one in unit.records.notes(PATIENT)] == ["corrected"]

    await store.transaction(work)


async def test_what_is_taken_again_after_a_load_leaves_with_nobody(store: OfflineStore) -> None:
    """The load did not bring it, as the server had forgotten it; no page tells it: it was ours."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note = unit.outbox.add(new_note())
        unit.outbox.settle(accepted(note, position=9))
        unit.records.load_scope()
        unit.records.apply(told(0, *chart(first=10), until=20))
        unit.outbox.settle(accepted(note, position=21))
        unit.records.apply(told(20, until=21))
        assert unit.departures.due(10) == []
        assert len(unit.records.notes(PATIENT)) == 1

    await store.transaction(work)


async def test_what_was_removed_leaves_though_the_server_was_started_again_in_the_load(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        error = confirmed(RecordType.NOTE, written("entered in error"), new_id(), position=4)
        unit.records.apply(told(0, *chart(), error, until=4))
        unit.records.load_scope()
        edited = chart(first=11)  # while the load ran
        unit.records.apply(told(0, *edited, until=10, epoch="another"))
        assert unit.departures.due(10) == [Gone(PATIENT, error.record, GoneReason.REMOVED)]

    await store.transaction(work)


async def test_a_chain_of_what_was_refused_goes_again_whole(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        moves = [
            unit.outbox.add(new_change(RecordType.VISIT, {"state": state}, VISIT, 1))
            for state in ("checked-in", "in-visit", "finished")
        ]
        unit.records.apply(told(3, until=4, gone=(LEFT,)))
        for move in moves:
            unit.outbox.settle(refused(move, Code.OUT_OF_SCOPE))
        unit.records.apply(told(4, *chart(first=5), until=7))
        assert unit.outbox.waiting(10) == moves

    await store.transaction(work)


async def test_nobody_is_torn_apart_whom_the_feed_will_tell_of(store: OfflineStore) -> None:
    """An edit was answered beyond the load, which does not bring its patient any more."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        edit = unit.outbox.add(new_change(RecordType.PATIENT, {"title": "Dr"}, PATIENT, 1))
        unit.records.load_scope()
        stands = confirmed(RecordType.PATIENT, patient_fields(), PATIENT, version=2, position=11)
        unit.outbox.settle(ChangeResult(edit.id, Outcome.ACCEPTED, record=stands))
        unit.records.apply(told(0, until=10))
        assert unit.departures.due(10) == []
        unit.records.apply(told(10, until=12, gone=(LEFT,)))
        assert unit.departures.due(10) == [LEFT]

    await store.transaction(work)


async def test_what_a_server_may_have_lost_is_swept_by_the_next_load(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        edit = unit.outbox.add(new_change(RecordType.PATIENT, {"title": "Dr"}, PATIENT, 1))
        stands = confirmed(RecordType.PATIENT, patient_fields(), PATIENT, version=2, position=9)
        unit.outbox.settle(ChangeResult(edit.id, Outcome.ACCEPTED, record=stands))
        unit.records.apply(told(3, until=5, epoch="another", has_more=True))
        unit.records.load_scope()
        unit.records.apply(told(0, until=20, epoch="another"))
        assert unit.departures.due(10) == []  # the server may lack the edit: it goes again
        unit.outbox.settle(ChangeResult(edit.id, Outcome.ALREADY_THERE, position=9))
        assert unit.departures.due(10) == [LEFT]

    await store.transaction(work)


async def test_a_note_leaves_whose_patient_never_came(store: OfflineStore) -> None:
    """Of a store made anew from the journal: its answer came before the load brought anybody."""

    def work(unit: UnitOfWork) -> None:
        note = unit.outbox.add(new_note("from the journal"))
        unit.outbox.settle(accepted(note, position=11))
        unit.records.apply(told(0, until=10))
        unit.records.apply(told(10, until=12, gone=(LEFT,)))
        assert unit.departures.due(10) == [LEFT]
        let_leave(unit)
        assert unit.records.notes(PATIENT) == []

    await store.transaction(work)


async def test_what_a_load_missed_is_decided_by_the_feed_behind_it(store: OfflineStore) -> None:
    """Who left after the first page of a load is not torn apart before they leave whole."""

    def work(unit: UnitOfWork) -> None:
        patient, visit, recording = chart()
        stays, removed = another(4), RecordId(new_id())
        error = replace(
            confirmed(RecordType.NOTE, written("entered in error"), removed, position=5),
            patient=stays.patient,
        )
        unit.records.apply(told(0, patient, visit, recording, stays, error, until=5))
        unit.records.load_scope()
        unit.records.apply(
            told(0, patient, visit, stays, until=0, load="more", cursor=None, has_more=True)
        )
        unit.records.apply(told(0, until=6, has_more=True))  # PATIENT left meanwhile
        assert unit.departures.due(10) == []
        unit.records.apply(told(6, until=7, gone=(LEFT,)))
        assert stays.patient is not None
        gone = Gone(stays.patient, removed, GoneReason.REMOVED)
        assert set(unit.departures.due(10)) == {LEFT, gone}

    await store.transaction(work)


async def test_of_who_comes_back_behind_a_load_goes_what_is_not_told_again(
    store: OfflineStore,
) -> None:
    """It was removed at the server while they were out of sight."""

    def work(unit: UnitOfWork) -> None:
        patient, visit, recording = chart()
        unit.records.apply(told(0, patient, visit, recording, until=3))
        waits = unit.outbox.add(new_note("keeps them here"))
        unit.records.load_scope()
        unit.records.apply(told(0, until=4))
        assert unit.departures.due(10) == []
        back = (replace(visit, position=5), replace(patient, position=6))
        unit.records.apply(told(4, *back, until=6))
        assert unit.departures.due(10) == [Gone(PATIENT, recording.record, GoneReason.REMOVED)]
        assert unit.outbox.waiting(10) == [waits]

    await store.transaction(work)


async def test_an_answer_does_not_keep_who_left(store: OfflineStore) -> None:
    """It was given while they were seen for a moment, between two looks."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note = unit.outbox.add(new_note())
        unit.records.apply(told(3, until=4, gone=(LEFT,)))
        unit.outbox.settle(accepted(note, position=5))
        assert unit.departures.due(10) == [LEFT]

    await store.transaction(work)


async def test_in_a_load_the_newest_is_still_the_first(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        still = UUID(int=5)
        old = confirmed(RecordType.STILL_MARKS, drawing_fields(still, "old"), new_id(), position=5)
        unit.records.apply(told(0, *chart(), old, until=0, load="more", cursor=None, has_more=True))
        new = unit.outbox.add(new_change(RecordType.STILL_MARKS, drawing_fields(still, "new")))
        unit.outbox.settle(accepted(new, position=9))
        assert [one.id for one in unit.records.still_marks(PATIENT)] == [new.record, old.record]
        unit.records.apply(told(0, until=8))
        assert [one.id for one in unit.records.still_marks(PATIENT)] == [new.record, old.record]

    await store.transaction(work)


async def test_what_its_author_wrote_past_is_not_asked_again_by_itself(
    store: OfflineStore,
) -> None:
    """It would conflict with what the same person wrote after it."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        title = new_change(RecordType.PATIENT, {"title": "Dr"}, PATIENT, base_version=1)
        first = unit.outbox.add(title)
        unit.outbox.add(replace(title, fields_set={"title": "Dr med"}))  # upon the first
        unit.outbox.settle(refused(first, Code.OUT_OF_SCOPE))
        unit.outbox.add(replace(title, fields_set={"title": "Prof"}))  # upon what stands there
        unit.records.apply(told(3, *chart(first=4), until=6))
        assert unit.outbox.waiting(10) == []
        assert [item.change for item in unit.outbox.refused()] == [first]

    await store.transaction(work)


async def test_of_who_left_the_server_has_what_was_sent_and_says_no_more(
    store: OfflineStore,
) -> None:
    """The answer to a note was lost, and the patient left before it was sent again."""

    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note, other = unit.outbox.add(new_note("sent")), unit.outbox.add(new_note("waits"))
        unit.records.apply(told(3, until=5, gone=(LEFT,)))
        unit.outbox.settle(ChangeResult(note.id, Outcome.ALREADY_THERE, position=4))
        assert unit.outbox.waiting(10) == [other]
        shown = {one.text: one.is_pending for one in unit.records.notes(PATIENT)}
        assert shown == {"sent": False, "waits": True}  # not away while the patient is here
        unit.outbox.settle(refused(other, Code.OUT_OF_SCOPE))
        unit.outbox.drop(other.id)
        let_leave(unit)
        assert unit.records.notes(PATIENT) == []
        unit.records.begin_anew()
        assert unit.outbox.waiting(10) == [note]  # kept for a server that forgets
        unit.outbox.settle(ChangeResult(note.id, Outcome.ALREADY_THERE, position=4))
        assert unit.records.notes(PATIENT) == []  # nor does it bring them back

    await store.transaction(work)


async def test_what_is_newer_here_is_not_taken_back_by_what_was_sent_before(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note = unit.outbox.add(new_note("first"))
        unit.outbox.settle(accepted(note, position=4))
        newer = confirmed(RecordType.NOTE, written("second"), note.record, version=2, position=5)
        unit.records.apply(told(3, newer, until=5))
        unit.records.load_scope()
        unit.outbox.put_anew(after=0)
        unit.outbox.settle(ChangeResult(note.id, Outcome.ALREADY_THERE, position=9, version=2))
        assert [one.text for one in unit.records.notes(PATIENT)] == ["second"]

    await store.transaction(work)


async def test_what_was_removed_at_the_server_waits_here_no_more(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        note = unit.outbox.add(new_note("entered in error"))
        unit.outbox.settle(ChangeResult(note.id, Outcome.ALREADY_THERE))
        assert unit.outbox.all() == []
        assert unit.records.notes(PATIENT) == []

    await store.transaction(work)


async def test_a_conflict_about_who_left_stays_before_its_author(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(told(0, *chart(), until=3))
        edit = unit.outbox.add(
            new_change(RecordType.PATIENT, {"title": "Dr"}, PATIENT, base_version=1)
        )
        unit.outbox.settle(ChangeResult(edit.id, Outcome.CONFLICT, Code.CONFLICT, position=9))
        [item] = unit.outbox.all()
        assert item.refused is Code.CONFLICT
        assert item.current == a_patient(position=1)  # as it was seen last

    await store.transaction(work)
