"""Notes and messages: kept whole with their trace or refused with the reason; drafts survive."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.clock import ClockOffset
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import RecordId
from app.domain.messages import MESSAGE_MAX_CHARACTERS
from app.domain.notes import NOTE_MAX_CHARACTERS
from app.domain.visits import VisitState
from app.services.chart import DraftPlace
from tests.fakes.time_loop import until
from tests.unit.services.given import DeskOnFakes, Known

Write = Callable[[str], Awaitable[RecordId]]
LONGEST = {RecordType.NOTE: NOTE_MAX_CHARACTERS, RecordType.MESSAGE: MESSAGE_MAX_CHARACTERS}
ACT = {RecordType.NOTE: Act.NOTE_KEPT, RecordType.MESSAGE: Act.MESSAGE_WRITTEN}
KINDS = pytest.mark.parametrize("kind", [RecordType.NOTE, RecordType.MESSAGE])


def writing(desk: DeskOnFakes, kind: RecordType) -> Write:
    return desk.notes.keep if kind is RecordType.NOTE else desk.messages.write


async def in_chart(desk: DeskOnFakes, state: VisitState = VisitState.IN_VISIT) -> Known:
    known = await desk.knows_visit(state)
    desk.listens()
    await desk.chart.open(known.visit)
    return known


@KINDS
async def test_it_is_kept_trimmed_with_its_author_and_trace(
    doctor: DeskOnFakes, kind: RecordType
) -> None:
    known = await in_chart(doctor)
    record = await writing(doctor, kind)("  breathing freely \n")
    [pending] = await doctor.pending()
    change = pending.change
    assert (change.record_type, change.record, change.base_version) == (kind, record, 0)
    assert (change.visit, change.patient) == (known.visit, known.patient)
    assert change.fields_set["text"] == "breathing freely"
    assert change.fields_set["author_name"] == doctor.acts.person.name
    traces = [event for event in await doctor.audited() if event.act is ACT[kind]]
    assert [(event.subject, event.visit) for event in traces] == [(record, known.visit)]


@KINDS
async def test_it_is_shown_at_once_and_not_yet_confirmed(
    doctor: DeskOnFakes, kind: RecordType
) -> None:
    await in_chart(doctor)
    record = await writing(doctor, kind)("newest")
    chart = doctor.chart.state
    await until(lambda: chart.value.notes if kind is RecordType.NOTE else chart.value.messages)
    [shown] = chart.value.notes if kind is RecordType.NOTE else chart.value.messages
    assert (shown.id, shown.text, shown.is_pending) == (record, "newest", True)


@KINDS
@pytest.mark.parametrize(
    ("text", "code"), [("", Code.NOTHING_TO_KEEP), (" \n\t", Code.NOTHING_TO_KEEP)]
)
async def test_nothing_is_not_kept(
    doctor: DeskOnFakes, kind: RecordType, text: str, code: Code
) -> None:
    await in_chart(doctor)
    with pytest.raises(Rejected) as caught:
        await writing(doctor, kind)(text)
    assert caught.value.code is code
    assert await doctor.pending() == []


@KINDS
async def test_the_longest_is_kept_and_one_more_is_refused_whole(
    doctor: DeskOnFakes, kind: RecordType
) -> None:
    await in_chart(doctor)
    await writing(doctor, kind)("x" * LONGEST[kind])
    with pytest.raises(Rejected) as caught:
        await writing(doctor, kind)("x" * (LONGEST[kind] + 1))
    assert caught.value.code is Code.TOO_LARGE
    assert len(await doctor.pending()) == 1


@KINDS
async def test_without_an_open_chart_nothing_is_written(
    doctor: DeskOnFakes, kind: RecordType
) -> None:
    with pytest.raises(Rejected) as caught:
        await writing(doctor, kind)("for whom?")
    assert caught.value.code is Code.NO_VISIT_OPEN


@KINDS
@pytest.mark.parametrize("state", [VisitState.FINISHED, VisitState.SIGNED])
async def test_a_visit_that_is_over_takes_nothing_more(
    doctor: DeskOnFakes, kind: RecordType, state: VisitState
) -> None:
    await in_chart(doctor, state)
    with pytest.raises(Rejected) as caught:
        await writing(doctor, kind)("too late")
    assert caught.value.code is Code.NO_VISIT_OPEN
    assert await doctor.pending() == []


@KINDS
async def test_a_full_disk_leaves_neither_text_nor_trace(
    doctor: DeskOnFakes, kind: RecordType
) -> None:
    await in_chart(doctor)
    before = await doctor.acts_audited()
    doctor.store.worker.is_full = True
    with pytest.raises(Unavailable):
        await writing(doctor, kind)("lost?")
    doctor.store.worker.is_full = False
    assert await doctor.pending() == []
    assert await doctor.acts_audited() == before


@KINDS
async def test_while_the_clock_is_minutes_off_times_are_confirmed_first(
    doctor: DeskOnFakes, kind: RecordType
) -> None:
    await in_chart(doctor)
    doctor.acts.offset = ClockOffset(timedelta(minutes=-3), timedelta(seconds=1))
    with pytest.raises(Rejected) as caught:
        await writing(doctor, kind)("when?")
    assert caught.value.code is Code.TIMES_NOT_CONFIRMED
    await doctor.acts.confirm_times()
    await writing(doctor, kind)("now")


@KINDS
async def test_the_next_person_confirms_the_times_anew(
    doctor: DeskOnFakes, kind: RecordType
) -> None:
    await in_chart(doctor)
    doctor.acts.offset = ClockOffset(timedelta(minutes=3), timedelta(seconds=1))
    await doctor.acts.confirm_times()
    doctor.acts.now_acting(doctor.acts.person)
    with pytest.raises(Rejected):
        await writing(doctor, kind)("when?")


async def test_times_are_confirmed_for_the_difference_that_was_seen(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    for minutes, is_asked in ((3, True), (4, False), (30, True), (31, False), (-3, True)):
        doctor.acts.offset = ClockOffset(timedelta(minutes=minutes), timedelta(seconds=1))
        assert doctor.acts.must_confirm_times is is_asked, minutes
        if is_asked:
            await doctor.acts.confirm_times()
        await doctor.notes.keep(f"{minutes} minutes off")
    assert (await doctor.acts_audited()).count(Act.TIMES_CONFIRMED) == 3


def place(desk: DeskOnFakes) -> DraftPlace:
    typed = desk.notes.draft_place()
    assert typed is not None
    return typed


async def test_a_draft_belongs_to_who_typed_it(doctor: DeskOnFakes) -> None:
    known = await in_chart(doctor)
    first = doctor.acts.person
    await doctor.notes.keep_draft(place(doctor), "of the first")
    doctor.chart.shut()
    doctor.as_person(Role.CLINICIAN)
    await doctor.chart.open(known.visit)
    assert doctor.chart.state.value.draft == ""
    await doctor.notes.keep("of the second")
    doctor.chart.shut()
    doctor.acts.now_acting(first)
    await doctor.chart.open(known.visit)
    assert doctor.chart.state.value.draft == "of the first"


async def test_a_draft_survives_and_goes_with_the_kept_note(doctor: DeskOnFakes) -> None:
    known = await in_chart(doctor)
    await doctor.notes.keep_draft(place(doctor), "half a sen")
    doctor.chart.shut()
    await doctor.chart.open(known.visit)
    assert doctor.chart.state.value.draft == "half a sen"
    await doctor.notes.keep("half a sentence")
    doctor.chart.shut()
    await doctor.chart.open(known.visit)
    assert doctor.chart.state.value.draft == ""


async def test_a_draft_belongs_to_its_visit(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    await doctor.notes.keep_draft(place(doctor), "about one")
    other = await doctor.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await doctor.chart.open(other.visit)
    assert doctor.chart.state.value.draft == ""


async def test_a_note_that_was_not_kept_leaves_its_draft(doctor: DeskOnFakes) -> None:
    known = await in_chart(doctor)
    await doctor.notes.keep_draft(place(doctor), "still here")
    doctor.store.worker.is_full = True
    with pytest.raises(Unavailable):
        await doctor.notes.keep("still here")
    doctor.store.worker.is_full = False
    await doctor.chart.open(known.visit)
    assert doctor.chart.state.value.draft == "still here"
