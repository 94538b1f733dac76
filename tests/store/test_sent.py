"""What the server had of this desk is kept, for the day on which it forgets."""

import pytest

from app.domain.changes import Change, ChangeResult, FeedPage, Outcome, RecordType
from app.domain.failures import Code
from app.domain.ids import new_id
from offline_store.database import OfflineStore
from offline_store.unit_of_work import UnitOfWork
from tests.store.given import PATIENT, confirmed, new_note, written


def accepted(unit: UnitOfWork, change: Change, position: int) -> None:
    record = confirmed(
        RecordType.NOTE, written("breathing freely"), change.record, position=position
    )
    unit.outbox.settle(ChangeResult(change.id, Outcome.ACCEPTED, None, record))


async def test_all_is_sent_again_in_its_order_when_the_server_went_back(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        made = [unit.outbox.add(new_note(f"note {number}")) for number in range(3)]
        for position, change in enumerate(made, start=1):
            accepted(unit, change, position)
        assert unit.outbox.waiting(10) == []
        unit.records.apply(FeedPage(0, 3, (), has_more=False, cursor="c", epoch="e"))
        unit.records.begin_anew()
        assert unit.outbox.waiting(10) == made
        assert unit.records.feed_cursor().position == 0
        assert unit.records.feed_cursor().text is None

    await store.transaction(work)


async def test_a_stop_while_it_is_sent_again_leaves_it_once(store: OfflineStore) -> None:
    """Only the journal had written down that it goes again: the change was sent, and waits."""

    def work(unit: UnitOfWork) -> None:
        note, known = unit.outbox.add(new_note("one")), unit.outbox.add(new_note("two"))
        [body, _] = unit.outbox.bodies_after(0)
        accepted(unit, note, 1)
        accepted(unit, known, 2)
        assert unit.outbox.put_back(body.encode()) is not None
        assert unit.outbox.waiting(10) == [note]
        unit.records.begin_anew()
        assert unit.outbox.waiting(10) == [note, known]

    await store.transaction(work)


async def test_a_new_epoch_is_sent_what_lies_behind_the_cursor(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        first, second = (unit.outbox.add(new_note(text)) for text in ("first", "second"))
        accepted(unit, first, 1)
        accepted(unit, second, 2)
        unit.records.apply(FeedPage(0, 1, (), has_more=True, cursor="a", epoch="e"))
        assert unit.outbox.waiting(10) == []
        unit.records.apply(FeedPage(1, 1, (), has_more=False, cursor="b", epoch="another"))
        assert unit.outbox.waiting(10) == [second]

    await store.transaction(work)


async def test_what_is_in_conflict_is_asked_again_and_what_is_refused_is_not(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        conflict, refused = (unit.outbox.add(new_note(text)) for text in ("one", "two"))
        unit.outbox.settle(ChangeResult(conflict.id, Outcome.CONFLICT, Code.CONFLICT))
        unit.outbox.settle(ChangeResult(refused.id, Outcome.REFUSED, Code.NOT_ALLOWED))
        unit.records.begin_anew()
        assert unit.outbox.waiting(10) == [conflict]

    await store.transaction(work)


async def test_what_a_server_forgot_is_not_called_confirmed(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        ours, theirs = new_id(), new_id()
        known = confirmed(RecordType.NOTE, written("known"), ours, position=1)
        newer = confirmed(RecordType.NOTE, written("forgotten"), theirs, position=2)
        unit.records.apply(FeedPage(0, 2, (known, newer), has_more=False, cursor="c", epoch="e"))
        assert not any(note.is_pending for note in unit.records.notes(PATIENT))
        unit.records.begin_anew()
        assert all(note.is_pending for note in unit.records.notes(PATIENT))
        unit.records.apply(FeedPage(0, 1, (known,), has_more=False, cursor="d", epoch="f"))
        shown = {note.text: note.is_pending for note in unit.records.notes(PATIENT)}
        assert shown == {"known": False, "forgotten": True}

    await store.transaction(work)


async def test_what_a_server_forgot_keeps_its_order(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        notes = [
            confirmed(RecordType.NOTE, written(f"{place}"), new_id(), position=place)
            for place in (2, 4, 3)
        ]
        unit.records.apply(FeedPage(0, 4, tuple(notes), has_more=False, cursor="c", epoch="e"))
        unit.records.begin_anew()
        unit.records.apply(FeedPage(0, 1, (), has_more=False, cursor="d", epoch="f"))
        new = confirmed(RecordType.NOTE, written("new"), new_id(), position=2)
        unit.records.apply(FeedPage(1, 2, (new,), has_more=False, cursor="d", epoch="f"))
        assert [one.text for one in unit.records.notes(PATIENT)] == ["new", "4", "3", "2"]

    await store.transaction(work)


async def test_after_a_new_epoch_nobody_confirms_what_lies_behind_the_cursor(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        note = unit.outbox.add(new_note())
        unit.records.apply(FeedPage(0, 1, (), has_more=False, cursor="a", epoch="e"))
        accepted(unit, note, 2)
        assert [one.is_pending for one in unit.records.notes(PATIENT)] == [False]
        unit.records.apply(FeedPage(1, 1, (), has_more=False, cursor="b", epoch="another"))
        assert [one.is_pending for one in unit.records.notes(PATIENT)] == [True]

    await store.transaction(work)


async def test_a_server_started_anew_in_a_load_is_trusted_up_to_where_the_load_leads(
    store: OfflineStore,
) -> None:
    def work(unit: UnitOfWork) -> None:
        kept = confirmed(RecordType.NOTE, written("before"), new_id(), position=3)
        later = confirmed(RecordType.NOTE, written("behind"), new_id(), position=9)
        more = FeedPage(0, 0, (kept, later), has_more=True, load="more", epoch="e")
        unit.records.apply(more)
        unit.records.apply(FeedPage(0, 0, (), has_more=True, load="more yet", epoch="another"))
        assert not any(note.is_pending for note in unit.records.notes(PATIENT))
        unit.records.apply(FeedPage(0, 5, (), has_more=False, cursor="c", epoch="another"))
        shown = {note.text: note.is_pending for note in unit.records.notes(PATIENT)}
        assert shown == {
            "before": False,
            "behind": True,
        }  # the feed tells it from 5 on, or it is lost

    await store.transaction(work)


@pytest.mark.parametrize("code", [Code.SCHEMA_TOO_NEW, Code.UNKNOWN_RECORD_TYPE])
async def test_what_an_older_server_could_not_take_goes_once_it_was_started_anew(
    store: OfflineStore, code: Code
) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.records.apply(FeedPage(0, 1, (), has_more=False, cursor="a", epoch="older"))
        note = unit.outbox.add(new_note("of a newer program"))
        later = unit.outbox.add(new_note("what was written upon it", note.record))
        other = unit.outbox.add(new_note("another"))
        unit.outbox.settle(ChangeResult(note.id, Outcome.REFUSED, code))
        assert unit.outbox.waiting(10) == [other]  # it holds up its own record alone
        unit.records.apply(FeedPage(1, 1, (), has_more=False, cursor="b", epoch="older"))
        assert unit.outbox.waiting(10) == [other]
        unit.records.apply(FeedPage(1, 1, (), has_more=False, cursor="c", epoch="newer"))
        assert unit.outbox.waiting(10) == [note, later, other]

    await store.transaction(work)


async def test_the_servers_older_word_is_taken_after_it_went_back(store: OfflineStore) -> None:
    def work(unit: UnitOfWork) -> None:
        note = new_note()
        newer = confirmed(RecordType.NOTE, written("newer"), note.record, position=9)
        older = confirmed(RecordType.NOTE, written("older"), note.record, position=2)
        unit.records.apply(FeedPage(0, 9, (newer,), has_more=False))
        unit.records.begin_anew()
        unit.records.apply(FeedPage(0, 2, (older,), has_more=False))
        found = unit.records.confirmed(RecordType.NOTE, note.record)
        assert found is not None
        assert found.body == older.body

    await store.transaction(work)
