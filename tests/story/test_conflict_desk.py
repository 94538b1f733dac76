"""Two desks say different things of one patient; a person decides, and every desk sees it."""

import json

from app.domain.audit import Act
from app.domain.changes import NewChange, RecordType
from app.domain.conflicts import Take
from app.domain.ids import RecordId
from app.services.ports import UnitOfWork
from tests.fakes.time_loop import until
from tests.story.clinic import Booked, Clinic, Desk
from ui import wording
from ui.tone import Tone
from ui.view_models.conflicts import ConflictRowScreen
from ui.view_models.window import Page


async def says_allergies(desk: Desk, booked: Booked, words: str) -> None:
    acts = desk.services.acts

    def write(unit: UnitOfWork) -> None:
        known = unit.records.confirmed(RecordType.PATIENT, RecordId(booked.patient))
        assert known is not None
        unit.outbox.add(
            NewChange(
                record_type=RecordType.PATIENT,
                record=RecordId(booked.patient),
                base_version=known.version,
                fields_set={"allergies": words},
                author=acts.person.id,
                stamp=acts.stamp(),
                patient=booked.patient,
                visit=None,
            )
        )

    await acts.do(write)


def allergies_at_the_server(clinic: Clinic, booked: Booked) -> str:
    [[document]] = clinic.server.sql(
        "SELECT document FROM records WHERE id = ?", str(booked.patient)
    )
    said = json.loads(document)["allergies"]
    assert isinstance(said, str)
    return said


async def two_in_conflict(clinic: Clinic) -> tuple[Booked, Desk, Desk]:
    booked = clinic.books_a_visit()
    one, two = await clinic.workstation("one"), await clinic.workstation("two")
    for desk in (one, two):
        await desk.opens(booked)
    two.network.cut()
    await says_allergies(two, booked, "Nuts")
    await clinic.passes(600)
    await says_allergies(one, booked, "Latex")
    await one.everything_is_sent()
    await two.network.heal()
    for desk in (one, two):
        await until(lambda desk=desk: desk.models.conflicts.screen.rows)  # type: ignore[misc]
    return booked, one, two


def row_of(desk: Desk) -> ConflictRowScreen:
    [row] = desk.models.conflicts.screen.rows
    return row


async def test_both_desks_show_both_words_and_nobody_is_overwritten(clinic: Clinic) -> None:
    booked, one, two = await two_in_conflict(clinic)
    for desk in (one, two):
        row = row_of(desk)
        [field] = row.fields
        assert (field.theirs, field.mine) == ("Latex", "Nuts")
        assert "arrived" in row.mine.when and "arrived" not in row.theirs.when
        assert row.can_decide and row.can_take_both and row.state_tone is Tone.BAD
        assert wording.spoken(desk.models.status.screen.conflicts) == "1 to decide"
    assert allergies_at_the_server(clinic, booked) == "Latex"
    [unsent] = two.models.unsent.screen.rows
    assert unsent.can_decide and not unsent.can_write_anew and not unsent.can_give_up


async def test_who_takes_both_is_seen_by_all_and_another_may_undo_it(clinic: Clinic) -> None:
    booked, one, two = await two_in_conflict(clinic)
    change = row_of(two).change
    two.models.unsent.decide()
    assert two.page is Page.CONFLICTS
    two.models.conflicts.take(change, Take.BOTH)
    await until(lambda: row_of(two).can_undo)
    await two.everything_is_sent()
    await until(lambda: row_of(one).can_undo)
    assert allergies_at_the_server(clinic, booked) == "Latex\nNuts"
    assert not one.models.status.screen.conflicts and not two.models.unsent.screen.rows
    one.models.status.open_conflicts()
    one.models.conflicts.undo(change)
    await until(lambda: row_of(one).can_decide)
    await one.everything_is_sent()
    await until(lambda: row_of(two).can_decide)
    assert allergies_at_the_server(clinic, booked) == "Latex"
    assert clinic.server.audited(Act.CONFLICT_RESOLVED)
    assert clinic.server.audited(Act.CONFLICT_REOPENED)


async def test_what_is_written_anew_stands(clinic: Clinic) -> None:
    booked, one, two = await two_in_conflict(clinic)
    one.models.status.open_conflicts()
    one.models.conflicts.write_anew(row_of(one).change, {"allergies": "Latex and nuts"})
    await until(lambda: not row_of(one).can_decide)
    await one.everything_is_sent()
    await until(lambda: not row_of(two).can_decide)
    assert allergies_at_the_server(clinic, booked) == "Latex and nuts"
    assert "wrote it anew" in wording.spoken(row_of(two).decided)


async def test_who_decides_upon_what_moved_on_is_told(clinic: Clinic) -> None:
    booked, one, two = await two_in_conflict(clinic)
    change = row_of(one).change
    stale = one.services.conflicts.state.value
    two.models.conflicts.take(change, Take.MINE)
    await two.everything_is_sent()
    await until(lambda: not row_of(one).can_decide)
    one.services.conflicts.state.tell(stale)
    one.models.conflicts.take(change, Take.THEIRS)
    await until(lambda: one.models.conflicts.screen.message)
    assert one.models.conflicts.screen.message_tone is Tone.BAD
    await one.everything_is_sent()
    assert allergies_at_the_server(clinic, booked) == "Nuts"


async def test_who_had_it_before_them_is_in_the_audit_once(clinic: Clinic) -> None:
    booked, one, _ = await two_in_conflict(clinic)
    assert not clinic.server.audited(Act.CONFLICT_SEEN)
    for _ in range(2):
        one.models.status.open_conflicts()
        await until(lambda: one.page is Page.CONFLICTS)
        await one.everything_is_sent()
        one.models.conflicts.back()
        await until(lambda: one.page is Page.VISIT)
    await until(lambda: clinic.server.audited(Act.CONFLICT_SEEN))
    [seen] = clinic.server.audited(Act.CONFLICT_SEEN)
    assert seen["patient"] == str(booked.patient)
    assert seen["subject"] == str(row_of(one).change)


async def test_behind_the_lock_nothing_of_it_is_in_memory(clinic: Clinic) -> None:
    _, one, _ = await two_in_conflict(clinic)
    one.services.conflicts.cover()
    assert not one.models.conflicts.screen.rows
    one.services.conflicts.uncover()
    await until(lambda: one.models.conflicts.screen.rows)
