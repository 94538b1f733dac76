"""The day on paper: what stands on it, on which page, and whose that page is."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.domain.day_sheet import DaySheet, VisitPaper
from app.domain.ids import PatientId, PersonId, RecordId, VisitId
from app.domain.notes import Note
from app.domain.patients import Patient
from app.domain.visits import Visit, VisitState
from app.domain.worklist import WorklistRow
from ui import wording
from ui.day_sheet_paper import day_sheet_pdf, sections

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAGE = re.compile(rb"/Type\s*/Page\b")


def paper(number: int, state: VisitState = VisitState.BOOKED) -> VisitPaper:
    patient = Patient(
        PatientId(UUID(int=number)), "Doe", f"Jane {number}", None, f"A-{number}", allergies=""
    )
    visit = Visit(VisitId(UUID(int=100 + number)), patient.id, NOON, state, "Cough <3 weeks")
    return VisitPaper(WorklistRow(visit, patient))


def note(words: str) -> Note:
    return Note(
        RecordId(UUID(int=7)),
        VisitId(UUID(int=101)),
        PatientId(UUID(int=1)),
        words,
        PersonId(UUID(int=8)),
        "Dr Lin",
        NOON,
    )


SHEET = DaySheet(NOON, "Nurse Kim", "Cart 2", (paper(1), paper(2)), NOON - timedelta(hours=3))


class Noon:
    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0


def clock() -> Noon:
    return Noon()


def test_each_open_visit_has_a_form_headed_by_two_identifiers() -> None:
    finished = replace(SHEET, visits=(*SHEET.visits, paper(3, VisitState.SIGNED)))
    head, *forms = sections(finished, clock())
    assert "A-3" in wording.spoken(head.html)
    for number, form in enumerate(forms, start=1):
        said = wording.spoken(form.head)
        assert f"DOE, Jane {number}" in said and f"A-{number}" in said
    assert len(forms) == 2


def test_words_of_people_are_words_and_no_markup() -> None:
    head, form, _ = sections(SHEET, clock())
    assert "Cough &lt;3 weeks" in wording.spoken(head.html)
    assert "Cough &lt;3 weeks" in wording.spoken(form.html)


def test_what_is_not_known_is_said() -> None:
    _, form, _ = sections(SHEET, clock())
    said = wording.spoken(form.html)
    assert "Allergies: not known" in said and "No reading and no note." in said


def test_a_page_for_the_list_and_one_for_each_form() -> None:
    pdf = day_sheet_pdf(SHEET, clock())
    assert pdf.startswith(b"%PDF-")
    assert len(PAGE.findall(pdf)) == 3
    assert b"Doe" not in pdf and "Doe".encode("utf-16-be") not in pdf  # no title, no bookmark


def test_a_long_note_takes_another_page() -> None:
    long = replace(paper(1), notes=(note("Sleeps badly. " * 400),))
    pdf = day_sheet_pdf(replace(SHEET, visits=(long,)), clock())
    assert len(PAGE.findall(pdf)) > 2
