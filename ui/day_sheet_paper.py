"""The day sheet and its downtime forms as a PDF of A4 pages, to be printed and written on by hand.

Two identifiers head every page that holds a patient's data, and its foot says when it was made.
"""

from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument

from app.domain.clock import Clock
from app.domain.day_sheet import DaySheet, VisitPaper
from ui import wording
from ui.view_models.reading_words import words_of
from ui.view_models.worklist import row_screen

DOTS_PER_INCH, POINTS_PER_INCH = 300, 72
MARGIN_MM = 15
FONT_POINTS, SMALL_POINTS, LINE_POINTS = 10, 8, 14
HEAD_LINES, FOOT_LINES = 4, 3  # of each page, with the room between; a long name takes two
LINES_FOR_VITALS, LINES_FOR_NOTES = 6, 9
VITALS = ("pressure", "pulse", "oxygen", "temperature", "breaths", "by")


@dataclass(frozen=True, slots=True)
class Section:
    """Begins a page. `head` stands above each of its pages: whose they are."""

    head: str
    html: str  # in Qt's subset


def day_sheet_pdf(sheet: DaySheet, clock: Clock) -> bytes:
    """Needs no screen; may be called on a thread."""
    memory = QBuffer()
    memory.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(memory)
    writer.setCreator(wording.text("product"))
    writer.setTitle(wording.text("paper.title"))  # never whom it shows
    writer.setResolution(DOTS_PER_INCH)
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    page, portrait = QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait
    writer.setPageLayout(QPageLayout(page, portrait, margins, QPageLayout.Unit.Millimeter))
    painter, foot = QPainter(writer), _origin(sheet, clock)
    for number, section in enumerate(sections(sheet, clock)):
        if number:
            writer.newPage()
        _print(section, foot, writer, painter)
    painter.end()
    memory.close()
    return bytes(memory.data().data())


def sections(sheet: DaySheet, clock: Clock) -> list[Section]:
    """The list, then a form for each visit that is not finished."""
    open_ones = (paper for paper in sheet.visits if paper.row.visit.is_open)
    return [_list(sheet, clock), *(_form(paper, clock) for paper in open_ones)]


def _print(section: Section, foot: str, writer: QPdfWriter, painter: QPainter) -> None:
    line = DOTS_PER_INCH * LINE_POINTS // POINTS_PER_INCH
    width, height = writer.width(), writer.height()
    room = height - HEAD_LINES * line - FOOT_LINES * line
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setDefaultFont(QFont("sans-serif", FONT_POINTS))
    document.documentLayout().setPaintDevice(writer)
    document.setPageSize(QSizeF(width, room))
    document.setHtml(f"<html><body>{section.html}</body></html>")
    count = document.pageCount()
    for page in range(count):
        if page:
            writer.newPage()
        painter.save()
        painter.translate(0, HEAD_LINES * line - page * room)
        document.drawContents(painter, QRectF(0, page * room, width, room))
        painter.restore()
        painter.setFont(QFont("sans-serif", FONT_POINTS, QFont.Weight.Bold))
        place = QRectF(0, 0, width, (HEAD_LINES - 1) * line)
        painter.drawText(place, Qt.TextFlag.TextWordWrap, section.head)
        painter.setFont(QFont("sans-serif", SMALL_POINTS))
        place = QRectF(0, height - (FOOT_LINES - 1) * line, width, (FOOT_LINES - 1) * line)
        of_all = wording.text("paper.page", number=page + 1, count=count)
        painter.drawText(place, Qt.TextFlag.TextWordWrap, f"{of_all} {foot}")


def _list(sheet: DaySheet, clock: Clock) -> Section:
    day = sheet.made_at.astimezone().date()
    title = wording.text("today.title", weekday=wording.weekday(day), day=wording.day(day))
    heads = ("time", "patient", "born", "number", "state", "reason", "allergies")
    rows = [
        _row(
            [
                shown.time,
                shown.patient,
                shown.born,
                shown.record_number,
                shown.state,
                shown.reason,
                paper.row.patient.allergies or wording.text("paper.not-known"),
            ]
        )
        for paper in sheet.visits
        for shown in [row_screen(paper.row, clock)]
    ]
    return Section(
        wording.text("paper.title"),
        f"<h2>{_safe(title)}</h2>"
        f'<table width="100%" border="1" cellspacing="0" cellpadding="4">{_heads(heads)}'
        f"{''.join(rows)}</table>",
    )


def _form(paper: VisitPaper, clock: Clock) -> Section:
    row, shown = paper.row, row_screen(paper.row, clock)
    allergies = row.patient.allergies or wording.text("paper.not-known")
    born, number = wording.text("paper.born"), wording.text("paper.number")
    head = f"{number} {shown.record_number}   {born} {shown.born}\n{shown.patient}"
    return Section(
        head,
        f"<h2>{_safe(wording.text('paper.form'))}</h2>"
        f"<p><b>{_safe(wording.text('paper.allergies'))}: {_safe(allergies)}</b><br>"
        f"{_safe(shown.time)}, {_safe(shown.state)}: {_safe(shown.reason)}</p>"
        f"{_known(paper, clock)}{_to_fill_in()}",
    )


def _known(paper: VisitPaper, clock: Clock) -> str:
    now, said = clock.now(), []
    for reading in paper.readings:
        words = words_of(reading.measured)
        time = wording.moment(reading.kept_at, now)
        said.append(f"<li>{_safe(f'{time}  {words.what} {words.value} {words.extra}')}</li>")
    for note in paper.notes:
        head = f"{wording.moment(note.written_at, now)}, {note.author_name}: "
        said.append(f"<li><b>{_safe(head)}</b>{_safe(note.text)}</li>")
    known = "".join(said) or f"<li>{_safe(wording.text('paper.nothing-known'))}</li>"
    return f"<h3>{_safe(wording.text('paper.known'))}</h3><ul>{known}</ul>"


def _to_fill_in() -> str:
    empty = ["", *("" for _ in VITALS)]
    vitals = _heads(("time", *VITALS)) + "".join(_row(empty) for _ in range(LINES_FOR_VITALS))
    table = 'width="100%" border="1" cellspacing="0" cellpadding="7"'
    line = "<tr><td>&nbsp;</td></tr>"
    return (
        f"<h3>{_safe(wording.text('paper.vitals'))}</h3><table {table}>{vitals}</table>"
        f"<h3>{_safe(wording.text('paper.notes'))}</h3>"
        f"<table {table}>{line * LINES_FOR_NOTES}</table>"
        f"<p>{_safe(wording.text('paper.signature'))}</p>"
    )


def _origin(sheet: DaySheet, clock: Clock) -> str:
    """How old it is; what was done elsewhere since then does not stand on it."""
    now, at = clock.now(), sheet.made_at
    said = [wording.text("demonstration")] if sheet.is_demonstration else []
    said.append(
        wording.text(
            "paper.made",
            time=wording.time_of_day(at),
            day=wording.day(at.astimezone().date()),
            name=sheet.made_by,
            device=sheet.device,
        )
    )
    if sheet.heard_at is None:
        said.append(wording.text("paper.not-heard"))
    else:
        said.append(wording.text("paper.heard", time=wording.moment(sheet.heard_at, now)))
    return " ".join(said)


def _heads(names: tuple[str, ...]) -> str:
    cells = "".join(f"<th align='left'>{_safe(wording.text(f'paper.{one}'))}</th>" for one in names)
    return f"<tr>{cells}</tr>"


def _row(cells: list[str]) -> str:
    return "<tr>" + "".join(f"<td>{_safe(cell) or '&nbsp;'}</td>" for cell in cells) + "</tr>"


def _safe(words: str) -> str:
    return escape(words).replace("\n", "<br>")
