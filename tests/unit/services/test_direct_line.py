"""What is told over the call besides, and not; what of the far desk's word is kept here."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from app.domain.changes import ChangeResult, HeardRecord, Json, Outcome, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PersonId, RecordId, VisitId, new_id
from app.domain.news2 import Consciousness
from app.domain.notes import Note
from app.domain.reading import Reading, fields_of
from app.domain.visits import VisitState
from app.services.observations import Observation
from app.services.readings import kept_words
from app.services.told_words import kept_reading_of, words_of
from tests.fakes.cuff import measurement
from tests.unit.services.given import DeskOnFakes, Known
from tests.unit.services.test_call_log import changes, live_in

OBSERVED = Observation(18, is_on_oxygen=False, consciousness=Consciousness.ALERT)


def told(desk: DeskOnFakes) -> list[str]:
    words = [word[1] for word in desk.engine.asked if word[0] == "send live"]
    return [str(word["told"]) for word in words if isinstance(word, dict)]


async def test_what_the_server_refused_is_not_told_as_if_it_stood_there(
    doctor: DeskOnFakes,
) -> None:
    known = await live_in(doctor)
    await doctor.chart.open(known.visit)
    refused = await doctor.messages.write("refused")
    [change] = await changes(doctor, RecordType.MESSAGE)
    no = ChangeResult(change.id, Outcome.REFUSED, Code.NOT_ALLOWED)
    await doctor.acts.do(lambda unit: unit.outbox.settle(no))
    good = await doctor.messages.write("good")
    doctor.direct_line.start()
    try:
        await doctor.clock.passes(6)
    finally:
        await doctor.direct_line.close()
    assert set(told(doctor)) == {str(good)}
    assert str(refused) not in told(doctor)


@asynccontextmanager
async def line_of(desk: DeskOnFakes) -> AsyncIterator[Known]:
    """In a call that is live, its chart open; telling and hearing."""
    known = await live_in(desk)
    await desk.chart.open(known.visit)
    desk.direct_line.start()
    try:
        yield known
    finally:
        await desk.direct_line.close()


def kinds_told(desk: DeskOnFakes) -> list[str]:
    return [json.loads(word["text"])["type"] for word in desk.engine.live_words("told")]


async def test_a_reading_and_a_note_that_wait_are_told_as_the_server_will_get_them(
    doctor: DeskOnFakes,
) -> None:
    async with line_of(doctor) as known:
        note = await doctor.notes.keep("breathing freely")
        reading = await doctor.observations.keep(OBSERVED)
        await doctor.clock.passes(6)
        words = [word[1] for word in doctor.engine.asked if word[0] == "send live"]
        said: dict[str, Any] = {
            str(w["told"]): w for w in words if isinstance(w, dict) and "told" in w
        }
        assert list(said) == [str(note), str(reading)]
        for item in await doctor.pending():
            change = item.change
            if change.record in (note, reading):
                told = json.loads(said[str(change.record)]["text"])
                assert told["fields"] == change.fields_set
                assert (told["visit"], told["patient"]) == (str(known.visit), str(known.patient))


async def test_what_waits_for_another_visit_or_in_another_name_is_not_told(
    doctor: DeskOnFakes,
) -> None:
    other = await doctor.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await doctor.chart.open(other.visit)
    await doctor.notes.keep("of another visit")
    await doctor.observations.keep(OBSERVED)
    doctor.chart.shut()
    known, me = await live_in(doctor), doctor.acts.person
    await doctor.chart.open(known.visit)
    doctor.acts.now_acting(replace(me, id=PersonId(new_id())))
    await doctor.notes.keep("by who sat here before")
    doctor.acts.now_acting(me)
    doctor.direct_line.start()
    try:
        await doctor.clock.passes(20)
    finally:
        await doctor.direct_line.close()
    assert kinds_told(doctor) == []


async def test_a_note_and_a_reading_that_the_server_refused_are_told_no_more(
    doctor: DeskOnFakes,
) -> None:
    async with line_of(doctor):
        await doctor.notes.keep("refused")
        await doctor.observations.keep(OBSERVED)
        for item in await doctor.pending():
            no = ChangeResult(item.change.id, Outcome.REFUSED, Code.NOT_ALLOWED)
            await doctor.acts.do(lambda unit: unit.outbox.settle(no))  # noqa: B023  done at once
        before = len(kinds_told(doctor))
        await doctor.clock.passes(600)
        assert len(kinds_told(doctor)) == before <= 2


# --- hearing -------------------------------------------------------------------------------------


def of_nurse(desk: DeskOnFakes) -> dict[str, Json]:
    far = desk.call.state.value.far
    assert far is not None
    return {"author": str(far.person), "author_name": far.name}


def note_told(desk: DeskOnFakes, known: Known, **more: Json) -> HeardRecord:
    fields: dict[str, Json] = {
        "visit": str(known.visit),
        "patient": str(known.patient),
        "text": "told",
        "written_at": desk.clock.now().isoformat(),
        **of_nurse(desk),
        **more,
    }
    record = RecordId(new_id())
    return HeardRecord(RecordType.NOTE, record, fields, known.patient, known.visit)


def reading_kept(desk: DeskOnFakes, known: Known) -> Reading:
    return Reading(
        id=RecordId(new_id()),
        visit=known.visit,
        patient=known.patient,
        measured=measurement(known.visit, 128, 76, at=desk.clock),
        kept_at=desk.clock.now(),
        kept_by=PersonId(desk.call.state.value.far.person),  # type: ignore[union-attr]  # seated
    )


def reading_record(reading: Reading) -> HeardRecord:
    fields = fields_of(reading)
    return HeardRecord(RecordType.READING, reading.id, fields, reading.patient, reading.visit)


async def hears(desk: DeskOnFakes, visit: VisitId, record: HeardRecord) -> None:
    for word in words_of(record):
        desk.direct_line.heard(visit, word)
    await desk.clock.passes(0.5)


def shown(desk: DeskOnFakes) -> tuple[Note | Reading, ...]:
    state = desk.chart.state.value
    return (*state.notes, *state.readings)


async def test_what_the_far_desk_keeps_is_kept_here_unconfirmed(doctor: DeskOnFakes) -> None:
    async with line_of(doctor) as known:
        for record in (note_told(doctor, known), reading_record(reading_kept(doctor, known))):
            for _ in range(2):
                await hears(doctor, known.visit, record)
            assert [one.is_pending for one in shown(doctor) if one.id == record.record] == [True]
        assert len(shown(doctor)) == 2
        assert await doctor.pending() == []  # it is no change of this desk


async def test_the_quick_word_of_a_reading_is_the_same_record(doctor: DeskOnFakes) -> None:
    async with line_of(doctor) as known:
        reading = reading_kept(doctor, known)
        word = kept_words(reading)
        assert kept_reading_of(word) == reading_record(reading)
        doctor.direct_line.heard(known.visit, word)
        await hears(doctor, known.visit, reading_record(reading))
        assert [one.id for one in shown(doctor)] == [reading.id]
        for name in ("record", "patient", "visit"):
            for wrong in ({}, {name: "x"}, {name: 7}, {name: None}):
                rest: dict[str, Any] = {key: word[key] for key in word if key != name}
                with pytest.raises(Rejected):
                    kept_reading_of({**rest, **wrong})


async def test_what_may_not_stand_here_is_not_kept(doctor: DeskOnFakes) -> None:
    other = await doctor.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    async with line_of(doctor) as known:
        reading, note = reading_kept(doctor, known), note_told(doctor, known)
        deep: Json = json.loads("[" * 900 + "]" * 900)
        for one in (
            note_told(doctor, Known(known.visit, other.patient)),
            note_told(doctor, Known(other.visit, known.patient)),
            note_told(doctor, other),
            note_told(doctor, known, text=""),
            note_told(doctor, known, text="x" * 20_001),
            note_told(doctor, known, patient=str(other.patient)),
            note_told(doctor, known, author=str(new_id())),
            note_told(doctor, known, author=str(doctor.acts.person.id)),
            note_told(doctor, known, author_name="Dr Somebody"),
            note_told(doctor, known, later=deep),
            replace(note, record_type=RecordType.STILL),
            reading_record(replace(reading, patient=other.patient)),
            reading_record(replace(reading, visit=other.visit)),
            reading_record(replace(reading, kept_by=PersonId(new_id()))),
            reading_record(replace(reading, kept_by=doctor.acts.person.id)),
            reading_record(
                replace(reading, measured=measurement(known.visit, 301, 76, at=doctor.clock))
            ),
        ):
            await hears(doctor, known.visit, one)
            assert shown(doctor) == (), one
        await hears(doctor, other.visit, note)  # said of a call that is not this one
        assert shown(doctor) == ()
        await hears(doctor, known.visit, note)
        await hears(doctor, known.visit, reading_record(reading))
        assert len(shown(doctor)) == 2


async def test_what_stands_here_is_not_written_over(doctor: DeskOnFakes) -> None:
    async with line_of(doctor) as known:
        ours = await doctor.notes.keep("ours")
        await hears(doctor, known.visit, replace(note_told(doctor, known), record=ours))
        [note] = doctor.chart.state.value.notes
        assert (note.text, note.author) == ("ours", doctor.acts.person.id)
