"""Notes, drafts and messages as they are typed: nothing doubled, nothing under another patient."""

from app.domain.access import Role
from app.domain.changes import HeardRecord, RecordType
from app.domain.failures import Code
from app.domain.ids import PersonId, RecordId, new_id
from app.domain.messages import Message, message_fields
from app.domain.visits import VisitState
from app.services.chart import DraftPlace
from tests.fakes.time_loop import settled, until
from tests.unit.services.given import person_in
from tests.unit.view_models.given import Screens
from ui import wording
from ui.tone import Tone
from ui.view_models.notes import DRAFT_PAUSE_S


async def test_a_kept_note_is_said_shown_and_the_editor_emptied_once(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.notes.keep("breathing freely")
    await until(lambda: doctor.notes.screen.kept == 1)
    screen = doctor.notes.screen
    assert (screen.message_tone, screen.message) == (
        Tone.GOOD,
        wording.text("notes.kept-at", time=wording.time_of_day(doctor.desk.clock.now())),
    )
    await until(lambda: doctor.notes.screen.rows)
    [row] = doctor.notes.screen.rows
    assert (row.text, row.confirmation) == ("breathing freely", "not yet confirmed by the server")
    assert "breathing freely" in row.spoken and row.confirmation in row.spoken


async def test_a_double_click_keeps_one_note(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.notes.keep("once")
    doctor.notes.keep("once")
    await settled(60)
    assert [item.change.fields_set["text"] for item in await doctor.desk.pending()] == ["once"]
    assert doctor.notes.screen.message_tone is Tone.GOOD
    doctor.notes.keep("twice")
    await until(lambda: doctor.notes.screen.kept == 2)


async def test_a_double_click_sends_one_message(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.messages.send("hello")
    doctor.messages.send("hello")
    await settled(60)
    assert len(await doctor.desk.pending()) == 1
    doctor.messages.send("hello")  # the same words again, on purpose
    await until(lambda: doctor.messages.screen.sent == 2)


async def test_a_note_that_is_refused_says_why_and_empties_nothing(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.notes.keep("   ")
    await until(lambda: doctor.notes.screen.message)
    screen = doctor.notes.screen
    assert (screen.kept, screen.message) == (0, wording.failure(Code.NOTHING_TO_KEEP))
    assert screen.message_tone is Tone.BAD
    doctor.desk.store.worker.is_full = True
    doctor.notes.keep("no room")
    await until(lambda: doctor.notes.screen.message == wording.failure(Code.STORE_FULL))
    doctor.desk.store.worker.is_full = False
    doctor.notes.keep("room again")
    await until(lambda: doctor.notes.screen.kept == 1)


async def test_a_draft_is_stored_a_moment_after_the_last_key(doctor: Screens) -> None:
    known = await doctor.open_chart()
    for end in range(1, 12):
        doctor.notes.draft_changed("half a sent"[:end])
        await doctor.desk.clock.passes(0.02)
    await doctor.desk.clock.passes(2 * DRAFT_PAUSE_S)
    doctor.desk.chart.shut()
    await doctor.desk.chart.open(known.visit)
    assert doctor.notes.screen.draft == "half a sent"


async def test_what_is_typed_for_one_patient_is_never_stored_under_another(
    doctor: Screens,
) -> None:
    one = await doctor.open_chart()
    doctor.notes.draft_changed("about the first")
    await doctor.desk.desk.leave()
    other = await doctor.open_chart(family_name="Roe")
    doctor.notes.draft_changed("about the second")
    await doctor.desk.clock.passes(3 * DRAFT_PAUSE_S)
    person = doctor.desk.acts.person.id
    names = [DraftPlace(known.visit, person).name for known in (one, other)]
    drafts = await doctor.desk.acts.read(lambda unit: [unit.kept.text(name) for name in names])
    assert drafts == ["about the first", "about the second"]


async def test_what_is_typed_just_before_leaving_is_not_the_next_persons_draft(
    doctor: Screens,
) -> None:
    known = await doctor.open_chart()
    first = doctor.desk.acts.person
    doctor.notes.draft_changed("half of the first")
    await doctor.desk.desk.leave()
    doctor.desk.as_person(Role.CLINICIAN)  # sooner than the draft is stored
    await doctor.desk.desk.open(known.visit)
    await doctor.desk.clock.passes(3 * DRAFT_PAUSE_S)
    await doctor.desk.chart.open(known.visit)
    assert doctor.notes.screen.draft == ""
    doctor.desk.acts.now_acting(first)
    await doctor.desk.chart.open(known.visit)
    assert doctor.notes.screen.draft == "half of the first"


async def test_what_was_said_of_one_patient_does_not_stand_with_the_next(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.notes.keep("kept")
    await until(lambda: doctor.notes.screen.message)
    doctor.messages.send("  ")
    await until(lambda: doctor.messages.screen.message)
    await doctor.desk.desk.leave()
    await doctor.open_chart(family_name="Roe")
    assert (doctor.notes.screen.message, doctor.messages.screen.message) == ("", "")


async def test_who_may_write_is_asked_of_visit_and_role(doctor: Screens, cart: Screens) -> None:
    assert not doctor.notes.screen.can_write and not doctor.messages.screen.can_send
    for screens in (doctor, cart):
        await screens.open_chart()
        assert screens.notes.screen.can_write and screens.messages.screen.can_send
    await doctor.desk.desk.leave()
    await doctor.open_chart(VisitState.FINISHED)
    assert not doctor.notes.screen.can_write and not doctor.messages.screen.can_send


async def test_own_messages_are_told_from_the_others(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.messages.send("from me")
    await until(lambda: len(doctor.messages.screen.rows) == 1)
    doctor.desk.acts.now_acting(person_in(Role.CLINICIAN))
    doctor.messages.send("from a colleague")
    await until(lambda: len(doctor.messages.screen.rows) == 2)
    newest, older = doctor.messages.screen.rows
    assert (newest.is_own, older.is_own) == (True, False)
    assert older.text in older.spoken


async def test_a_message_that_the_server_refused_is_not_said_to_be_on_its_way(
    doctor: Screens,
) -> None:
    await doctor.sign_in_person()
    doctor.desk.sync.start()
    await doctor.open_chart()
    doctor.desk.server.refuses = Code.NOT_ALLOWED
    doctor.messages.send("never arrives")
    await until(lambda: doctor.desk.sync.state.value.refused)
    await settled()
    [row] = doctor.messages.screen.rows
    assert (row.confirmation, row.tone) == (wording.text("messages.refused"), Tone.BAD)


async def test_what_was_heard_over_the_call_and_never_reached_the_server_is_doubted(
    doctor: Screens,
) -> None:
    await doctor.sign_in_person()
    doctor.desk.sync.start()
    known = await doctor.open_chart()
    told = Message(
        id=RecordId(new_id()),
        visit=known.visit,
        patient=known.patient,
        text="heard",
        author=PersonId(new_id()),
        author_name="N. Kim",
        written_at=doctor.desk.clock.now(),
    )
    fields = message_fields(told)
    heard = HeardRecord(RecordType.MESSAGE, told.id, fields, known.patient, known.visit)
    await doctor.desk.acts.do(lambda unit: unit.heard.keep(heard))
    await until(lambda: doctor.desk.sync.state.value.is_reachable)
    await settled()
    [row] = doctor.messages.screen.rows
    assert row.confirmation == wording.text("not-confirmed")
    await doctor.desk.clock.passes(11 * 60)
    [row] = doctor.messages.screen.rows
    assert (row.confirmation, row.tone) == (wording.text("messages.never-confirmed"), Tone.BAD)
    doctor.desk.server.goes_away()  # then nothing can be said of its author's desk
    await until(lambda: not doctor.desk.sync.state.value.is_reachable)
    await settled()
    assert doctor.messages.screen.rows[0].confirmation == wording.text("not-confirmed")
