"""Stills: drawn on by keyboard and mouse, measured, compared, kept apart from each other."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QSlider, QWidget

from app.domain.failures import Code
from app.domain.stills import Drawing, Mark, MarkKind, Point, Scale
from tests.ui.given import Pages, settle, type_into
from ui import gallery_exam as made
from ui import gallery_screens as screens
from ui import theme
from ui.view_models.stills import Compared, StillsScreen
from ui.view_models.window import Page
from ui.widgets.still_canvas import StillCanvas
from ui.wording import failure, length, spoken, text

EMPTY = replace(made.STILLS_DRAWN, drawing=Drawing(), drawn_by="", message="")


@pytest.fixture
def pages(look: theme.Look) -> Pages:
    made_pages = Pages(look, Page.VISIT, (1366, 900))
    show(made_pages, EMPTY)
    return made_pages


def show(pages: Pages, screen: StillsScreen) -> None:
    """With the files of what is shown and compared, read."""
    pages.show(exam=made.EXAM_FAR, still_pictures=screen)
    made.bring_pictures(screen, pages.models["still_pictures"].picture)
    pages.frame.visit.stills.wait_for_pictures()
    settle()


def canvas(pages: Pages) -> StillCanvas:
    return pages.find("stills.picture", StillCanvas)


def key(pages: Pages, which: Qt.Key, times: int = 1, *, shift: bool = False) -> None:
    held = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    for _ in range(times):
        QTest.keyClick(canvas(pages), which, held)
    settle()


def saved(pages: Pages) -> Drawing:
    """What a save brings to the model now."""
    pages.wishes("still_pictures").clear()
    pages.press("stills.save")
    [(name, (drawing,))] = pages.wishes("still_pictures")
    assert name == "save" and isinstance(drawing, Drawing)
    return drawing


def colour_at(pages: Pages, x: float, y: float) -> QColor:
    """Of the screen, at a place of the shown picture."""
    shown = canvas(pages)
    grabbed: QImage = shown.grab().toImage()
    at = shown._at(Point(x, y))
    return QColor(grabbed.pixel(round(at.x()), round(at.y())))


# --- drawing by keyboard -------------------------------------------------------------------------


def test_an_arrow_is_drawn_with_keys_alone(pages: Pages) -> None:
    pages.press("stills.tool.arrow")
    assert pages.frame.focusWidget() is canvas(pages)
    key(pages, Qt.Key.Key_Return)
    key(pages, Qt.Key.Key_Right, 3, shift=True)
    key(pages, Qt.Key.Key_Up)
    key(pages, Qt.Key.Key_Return)
    [mark] = saved(pages).marks
    assert mark.kind is MarkKind.ARROW
    assert mark.start.x == pytest.approx(made.WIDTH / 2, abs=1)
    assert mark.start.y == pytest.approx(made.HEIGHT / 2, abs=1)
    scale = canvas(pages)._scale()
    assert mark.end.x - mark.start.x == pytest.approx(60 / scale, rel=0.01)
    assert mark.start.y - mark.end.y == pytest.approx(2 / scale, rel=0.01)


def test_a_screen_reader_is_told_where_the_cross_is(pages: Pages) -> None:
    pages.press("stills.tool.ruler")
    key(pages, Qt.Key.Key_Right)
    assert "first point at" in canvas(pages).accessibleName()
    key(pages, Qt.Key.Key_Return)
    assert "second point at" in canvas(pages).accessibleName()
    key(pages, Qt.Key.Key_Escape)
    assert "first point at" in canvas(pages).accessibleName()
    key(pages, Qt.Key.Key_Return)
    key(pages, Qt.Key.Key_Down, 5)
    key(pages, Qt.Key.Key_Return)
    assert "drawn: 1" in canvas(pages).accessibleName()


def test_the_cross_stays_on_the_picture(pages: Pages) -> None:
    pages.press("stills.tool.arrow")
    key(pages, Qt.Key.Key_Return)
    key(pages, Qt.Key.Key_Left, 200, shift=True)
    key(pages, Qt.Key.Key_Up, 200, shift=True)
    key(pages, Qt.Key.Key_Return)
    [mark] = saved(pages).marks
    assert (mark.end.x, mark.end.y) == pytest.approx((0, 0), abs=0.5)


def test_two_points_on_one_place_are_no_mark(pages: Pages) -> None:
    pages.press("stills.tool.ruler")
    key(pages, Qt.Key.Key_Return, 2)
    assert not pages.find("stills.save", QPushButton).isEnabled()


def test_words_are_written_first_and_then_set(pages: Pages) -> None:
    pages.press("stills.tool.label")
    words = pages.find("stills.words", QLineEdit)
    assert pages.frame.focusWidget() is words
    key(pages, Qt.Key.Key_Return)
    assert text("stills.words-first") in pages.words("stills.message")
    type_into(words, "irregular border")
    key(pages, Qt.Key.Key_Return)
    [mark] = saved(pages).marks
    assert (mark.kind, mark.words) == (MarkKind.LABEL, "irregular border")
    assert mark.start == mark.end


def test_a_ruler_reads_in_millimetres_once_a_scale_is_set(pages: Pages) -> None:
    ruler = Mark(MarkKind.RULER, Point(0, 0), Point(300, 400))
    assert spoken(length(ruler, Drawing((ruler,)))) == "500 px"
    pages.press("stills.tool.scale")
    field = pages.find("stills.length", QLineEdit)
    assert pages.frame.focusWidget() is field
    type_into(field, "12,5")
    key(pages, Qt.Key.Key_Return)
    key(pages, Qt.Key.Key_Right, 10, shift=True)
    key(pages, Qt.Key.Key_Return)
    scale = saved(pages).scale
    assert scale is not None and scale.length_mm == 12.5
    long = scale.start.distance(scale.end)
    assert long == pytest.approx(200 / canvas(pages)._scale(), rel=0.01)
    millimetres = Drawing((ruler,), Scale(Point(0, 0), Point(100, 0), 10.0))
    assert spoken(length(ruler, millimetres)) == "50.0 mm"


@pytest.mark.parametrize("words", ["", "ten", "0", "-4", "1e9", "nan", "inf"])
def test_a_length_that_is_none_makes_no_scale(pages: Pages, words: str) -> None:
    pages.press("stills.tool.scale")
    type_into(pages.find("stills.length", QLineEdit), words)
    key(pages, Qt.Key.Key_Return)
    key(pages, Qt.Key.Key_Right, 10, shift=True)
    key(pages, Qt.Key.Key_Return)
    assert failure(Code.SCALE_UNUSABLE) in pages.words("stills.message")
    assert not pages.find("stills.save", QPushButton).isEnabled()


def test_the_newest_mark_is_taken_back_first_and_the_scale_last(pages: Pages) -> None:
    show(pages, made.STILLS_DRAWN)
    count = len(made.DRAWING.marks)
    for left in range(count - 1, -1, -1):
        pages.press("stills.undo")
        assert len(saved(pages).marks) == left
    assert saved(pages).scale is not None
    pages.press("stills.undo")
    assert saved(pages) == Drawing()
    assert not pages.find("stills.undo", QPushButton).isEnabled()


# --- drawing by mouse ----------------------------------------------------------------------------


def test_a_circle_is_drawn_in_one_go_or_with_two_clicks(pages: Pages) -> None:
    shown = canvas(pages)
    pages.press("stills.tool.circle")
    middle = shown.rect().center()
    QTest.mousePress(shown, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(shown, middle + QPoint(80, 0))
    QTest.mouseRelease(shown, Qt.MouseButton.LeftButton, pos=middle + QPoint(80, 0))
    for at in (middle, middle + QPoint(0, 60)):
        QTest.mouseClick(shown, Qt.MouseButton.LeftButton, pos=at)
    first, second = saved(pages).marks
    assert {first.kind, second.kind} == {MarkKind.CIRCLE}
    scale = shown._scale()
    assert first.start.distance(first.end) == pytest.approx(80 / scale, abs=2 / scale)
    assert second.start.distance(second.end) == pytest.approx(60 / scale, abs=2 / scale)


def test_without_a_tool_a_click_draws_nothing(pages: Pages) -> None:
    QTest.mouseClick(canvas(pages), Qt.MouseButton.LeftButton)
    key(pages, Qt.Key.Key_Return)
    assert not pages.find("stills.save", QPushButton).isEnabled()


def test_what_the_other_side_does_meanwhile_takes_nobody_the_pen_away(pages: Pages) -> None:
    pages.press("stills.tool.arrow")
    key(pages, Qt.Key.Key_Return)
    pages.show(still_pictures=replace(EMPTY, message=text("stills.drawing-kept")))
    key(pages, Qt.Key.Key_Right, 3, shift=True)
    key(pages, Qt.Key.Key_Return)
    assert len(saved(pages).marks) == 1


# --- whose drawing is it -------------------------------------------------------------------------


def drawn_here(pages: Pages) -> None:
    pages.press("stills.tool.arrow")
    key(pages, Qt.Key.Key_Return)
    key(pages, Qt.Key.Key_Right, 3, shift=True)
    key(pages, Qt.Key.Key_Return)


def test_what_is_not_saved_is_said_and_stays_with_its_still(pages: Pages) -> None:
    drawn_here(pages)
    assert pages.words("stills.drawn-by") == text("stills.not-saved")
    show(pages, replace(EMPTY, shown=made._shown(3, "14:03")))
    assert not pages.find("stills.save", QPushButton).isEnabled()  # nothing was drawn on this one
    show(pages, EMPTY)
    assert len(saved(pages).marks) == 1


def test_a_drawing_of_the_other_side_does_not_wipe_out_what_is_drawn_here(pages: Pages) -> None:
    drawn_here(pages)
    show(pages, made.STILLS_DRAWN)  # saved over there
    [mark] = saved(pages).marks
    assert mark.kind is MarkKind.ARROW


def test_a_drawing_of_the_other_side_appears_where_nothing_is_drawn(pages: Pages) -> None:
    show(pages, made.STILLS_DRAWN)
    assert not pages.find("stills.save", QPushButton).isEnabled()
    assert "drawn: 4" in canvas(pages).accessibleName()
    assert "Lindqvist" in pages.words("stills.drawn-by")


def test_of_another_patient_nothing_stays(pages: Pages) -> None:
    drawn_here(pages)
    pages.press("stills.tool.label")
    type_into(pages.find("stills.words", QLineEdit), "of the patient before")
    pages.press("stills.export")
    assert pages.shown("stills.export-confirm")
    show(pages, replace(EMPTY, visit=screens.VISITS[0], shown=None, rows=(), choices=()))
    assert pages.find("stills.words", QLineEdit).text() == ""
    assert not canvas(pages).has_picture
    assert not pages.shown("stills.export-confirm")
    show(pages, replace(EMPTY, visit=screens.VISITS[0]))
    assert not pages.find("stills.save", QPushButton).isEnabled()


# --- pictures ------------------------------------------------------------------------------------


def test_only_the_pixels_that_the_record_names_are_shown(pages: Pages) -> None:
    model = pages.models["still_pictures"]
    for broken in (
        replace(made._shown(3, "14:03"), pixels_sha256="0" * 64),
        replace(made._shown(3, "14:03"), width=made.WIDTH * 2, height=made.HEIGHT // 2),
    ):
        pages.wishes("still_pictures").clear()
        show(pages, replace(EMPTY, shown=broken))
        assert not canvas(pages).has_picture
        assert pages.wishes("still_pictures") == [("unreadable", (broken.still,))]
    pages.wishes("still_pictures").clear()
    pages.show(still_pictures=EMPTY)
    model.picture.emit(EMPTY.shown.still if EMPTY.shown else None, b"no picture at all")
    pages.frame.visit.stills.wait_for_pictures()
    settle()
    assert [name for name, _ in pages.wishes("still_pictures")] == ["unreadable"]


def test_a_picture_that_comes_too_late_is_nobodys(pages: Pages) -> None:
    model = pages.models["still_pictures"]
    other = made._shown(3, "14:03")
    show(pages, replace(EMPTY, shown=None))
    pages.wishes("still_pictures").clear()
    model.picture.emit(other.still, made.png_of(made.skin(3)))
    pages.frame.visit.stills.wait_for_pictures()
    settle()
    assert not canvas(pages).has_picture and pages.wishes("still_pictures") == []


def test_another_still_may_lie_over_it_as_much_as_wanted(pages: Pages) -> None:
    """At the rim of the larger mark: skin in one picture, mark in the other."""
    at = (made.WIDTH / 2 + 110, made.HEIGHT / 2)  # within number 2's mark, outside of number 0's
    own = colour_at(pages, *at)
    show(pages, replace(EMPTY, compared=made._shown(0, "02-Mar-2026"), how=Compared.OVER))
    opacity = pages.find("stills.opacity", QSlider)
    opacity.setFocus()
    half = colour_at(pages, *at)
    for _ in range(100):
        QTest.keyClick(opacity, Qt.Key.Key_Right)
    other = colour_at(pages, *at)
    assert own.lightness() + 20 < half.lightness() < other.lightness() - 20
    for _ in range(100):
        QTest.keyClick(opacity, Qt.Key.Key_Left)
    assert abs(colour_at(pages, *at).lightness() - own.lightness()) <= 2


def test_side_by_side_both_are_whole(pages: Pages) -> None:
    show(pages, replace(EMPTY, compared=made._shown(0, "02-Mar-2026"), how=Compared.BESIDE))
    shown = canvas(pages)
    frame = shown._frame()
    assert frame.width() <= shown.width() / 2
    assert frame.width() / frame.height() == pytest.approx(made.WIDTH / made.HEIGHT, rel=0.02)
    grabbed = shown.grab().toImage()
    right = QColor(grabbed.pixel(shown.width() * 3 // 4, shown.height() // 2))
    assert right != QColor(theme.DARK)


@pytest.mark.parametrize("how", [Compared.BESIDE, Compared.OVER])
def test_of_two_pictures_it_is_said_which_is_which(pages: Pages, how: Compared) -> None:
    alone = canvas(pages).grab().toImage()
    show(pages, replace(EMPTY, compared=made._shown(0, "02-Mar-2026"), how=how))
    words = text(f"stills.caption.{how}", time=made._shown(0, "02-Mar-2026").when)
    assert spoken(words) in canvas(pages).accessibleName()
    written = [canvas(pages)._captions[0], canvas(pages)._captions[1]]
    assert written == [made.STILLS_DRAWN.shown.when, words]  # type: ignore[union-attr]  # one is shown
    assert canvas(pages).grab().toImage() != alone
    show(pages, EMPTY)
    assert spoken(words) not in canvas(pages).accessibleName()


def test_what_to_compare_with_is_chosen_by_keyboard(pages: Pages) -> None:
    compare = pages.find("stills.compare", QComboBox)
    compare.setFocus()
    QTest.keyClick(compare, Qt.Key.Key_Down)
    [(name, arguments)] = pages.wishes("still_pictures")
    assert (name, arguments) == ("compare", (EMPTY.choices[0][0], Compared.BESIDE))
    pages.wishes("still_pictures").clear()
    QTest.keyClick(compare, Qt.Key.Key_Up)
    assert pages.wishes("still_pictures") == [("compare", (None, Compared.ALONE))]


# --- list, export --------------------------------------------------------------------------------


def test_each_row_says_what_became_of_it_and_shows_its_own(pages: Pages) -> None:
    pages.press("still.1")
    pages.press("still.4")
    assert pages.wishes("still_pictures") == [
        ("choose", (made.STILLS[3],)),
        ("choose", (made.STILLS[0],)),
    ]


def test_an_export_names_whose_picture_it_is_before_a_place_is_chosen(pages: Pages) -> None:
    pages.press("stills.export")
    asked = pages.words("stills.export-question")
    assert "DOE, Jane" in asked
    pages.press("stills.export-cancel")
    assert pages.wishes("still_pictures") == []
    show(pages, replace(EMPTY, can_export=False))
    assert not pages.shown("stills.export")


def test_all_of_it_is_reached_by_tab(pages: Pages) -> None:
    pages.press("stills.tool.scale")
    tools = {f"stills.tool.{tool}" for tool in ("arrow", "circle", "label", "ruler", "scale")}
    wanted = tools | {"stills.length", "stills.picture", "stills.compare", "stills.export"}
    wanted |= {"stills.close", "still.1"}
    seen: set[str] = set()
    pages.frame.activateWindow()
    pages.find("exam.freeze", QWidget).setFocus()
    for _ in range(150):
        focused = pages.frame.focusWidget()
        assert focused is not None
        seen.add(focused.accessibleIdentifier())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert wanted <= seen, wanted - seen
