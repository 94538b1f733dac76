"""Tile, curve, meter, rows, question: what they draw, and what a screen reader is told."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from tests.ui.given import settle
from ui import theme
from ui.tone import Tone
from ui.widgets.ask import Ask
from ui.widgets.level_meter import STEPS, LevelMeter
from ui.widgets.row_list import RowList
from ui.widgets.status_banner import StatusBanner
from ui.widgets.text_row import TextRow
from ui.widgets.vital_tile import VitalTile
from ui.widgets.words import Words
from ui.wording import DASH, isolate


def tile(
    look: theme.Look, *, value: str = "132", is_stale: bool, is_refused: bool = False
) -> VitalTile:
    made = VitalTile("cuff.live", look)
    made.show_value(
        name="Cuff pressure",
        value=value,
        unit="mmHg",
        source="Cart 2",
        age="1 s ago",
        is_stale=is_stale,
        is_refused=is_refused,
    )
    return made


def test_a_fresh_value_is_drawn_and_named(look: theme.Look) -> None:
    fresh = tile(look, is_stale=False)
    assert fresh.drawn_value == "132"
    assert fresh.accessibleName() == "Cuff pressure 132 mmHg"
    assert "1 s ago" in fresh.accessibleDescription()


def test_a_stale_value_is_a_dash_and_its_number_is_said_nowhere(look: theme.Look) -> None:
    stale = tile(look, is_stale=True)
    assert stale.drawn_value == DASH
    assert "132" not in stale.accessibleName() + stale.accessibleDescription()


def test_a_stale_value_is_not_drawn_like_a_fresh_one(look: theme.Look) -> None:
    fresh, stale = tile(look, is_stale=False), tile(look, is_stale=True)
    white = QColor(theme.VITAL_PRESSURE)

    def has_white(drawn: VitalTile) -> bool:
        drawn.resize(300, 80)
        image = drawn.grab().toImage()
        return any(
            image.pixelColor(x, y) == white
            for x in range(0, image.width(), 1)
            for y in range(20, image.height() - 20, 2)
        )

    assert has_white(fresh)
    assert not has_white(stale)
    assert not has_white(tile(look, value="300/20", is_stale=False, is_refused=True))


def test_a_refused_value_is_named_as_refused(look: theme.Look) -> None:
    refused = tile(look, value=isolate("300/20"), is_stale=False, is_refused=True)
    assert refused.accessibleName() == "Cuff pressure 300/20 mmHg, refused"


@pytest.mark.parametrize(("level", "steps"), [(0.0, 0), (-1.0, 0), (0.25, STEPS), (9.0, STEPS)])
def test_the_meter_stays_within_its_steps(look: theme.Look, level: float, steps: int) -> None:
    meter = LevelMeter("visit.level", "Your microphone")
    meter.show_level(level)
    assert meter.value() == steps


def test_rows_are_filled_anew_and_not_made_anew(look: theme.Look) -> None:
    rows: RowList[str, QPushButton] = RowList("today.list", "Today's visits", "No visits.")
    first = rows.show_rows(["a", "b"], QPushButton)
    again = rows.show_rows(["b", "a", "c"], QPushButton)
    assert again[0] is first[1] and again[1] is first[0]
    left = rows.show_rows(["c"], QPushButton)
    assert left == [again[2]]


def test_an_empty_list_says_that_it_is_empty(look: theme.Look) -> None:
    rows: RowList[str, QPushButton] = RowList("today.list", "Today's visits", "No visits.")
    rows.show()
    rows.show_rows([], QPushButton)
    words = [label for label in rows.findChildren(Words) if not label.isHidden()]
    assert [label.text() for label in words] == ["No visits."]
    rows.show_rows(["a"], QPushButton)
    assert words[0].isHidden()


def test_arrow_keys_go_from_row_to_row_and_only_one_has_the_tab_stop(look: theme.Look) -> None:
    rows: RowList[int, QPushButton] = RowList("today.list", "Today's visits")
    made = rows.show_rows([1, 2, 3], lambda key: QPushButton(str(key)))
    rows.show()
    rows.activateWindow()
    settle()
    made[0].setFocus()
    QTest.keyClick(made[0], Qt.Key.Key_Down)
    stops = [row for row in made if row.focusPolicy() == Qt.FocusPolicy.StrongFocus]
    assert made[1].hasFocus()
    assert stops == [made[1]]
    QTest.keyClick(made[1], Qt.Key.Key_Up)
    QTest.keyClick(made[0], Qt.Key.Key_Up)
    assert made[0].hasFocus()


def test_a_row_of_text_is_taken_as_text(look: theme.Look) -> None:
    """Somebody may write a smaller-than sign into a note; nothing of it may vanish."""
    row = TextRow(look)
    row.show_row(
        "note.1",
        "spoken",
        head="14:03",
        body="SpO2 <90 & <b>falling</b>",
        state="confirmed by the server",
        tone=Tone.PLAIN,
    )
    assert "&lt;90 &amp; &lt;b&gt;falling&lt;/b&gt;" in row.text()
    assert row.accessibleName() == "spoken"
    assert row.accessibleIdentifier() == "note.1"


def test_a_strip_is_there_only_while_it_has_something_to_say(look: theme.Look) -> None:
    parent = QWidget()
    layout = QVBoxLayout(parent)
    strip = StatusBanner("visit.outage")
    layout.addWidget(strip)
    parent.show()
    assert not strip.isVisible()
    strip.tell("Server not reachable since <14:03>", "Notes are kept here.")
    assert strip.isVisible()
    assert strip.accessibleName() == "Server not reachable since <14:03>. Notes are kept here."
    assert "&lt;14:03&gt;" in strip.text()
    strip.tell("")
    assert not strip.isVisible()
    assert not strip.accessibleName()


class Asked:
    def __init__(self) -> None:
        self.window = QWidget()
        self.ask = Ask("visit.finish", "Yes, finish", "No, go on")
        QVBoxLayout(self.window).addWidget(self.ask)
        self.window.show()
        self.window.activateWindow()
        self.answers: list[str] = []
        self.ask.confirmed.connect(lambda: self.answers.append("yes"))
        self.ask.cancelled.connect(lambda: self.answers.append("no"))
        self.ask.open("Finish?")
        settle()


def test_a_question_offers_the_safe_answer_to_the_keyboard(look: theme.Look) -> None:
    asked = Asked()
    focused = asked.window.focusWidget()
    assert focused is not None and focused.accessibleIdentifier() == "visit.finish-cancel"
    QTest.keyClick(focused, Qt.Key.Key_Escape)
    assert asked.answers == ["no"]
    assert not asked.ask.is_open


def test_a_question_is_answered_once(look: theme.Look) -> None:
    asked = Asked()
    confirm = next(
        button
        for button in asked.ask.findChildren(QPushButton)
        if button.accessibleIdentifier() == "visit.finish-confirm"
    )
    confirm.click()
    assert asked.answers == ["yes"]
    assert not asked.ask.is_open


def test_words_that_give_way_take_one_line_where_there_is_room(look: theme.Look) -> None:
    words = Words("small", gives_way=True)
    words.say("Server not reachable since 14:03")
    one_line = words.sizeHint()
    assert words.heightForWidth(one_line.width()) <= words.fontMetrics().height() + 2
    assert words.minimumSizeHint().width() < one_line.width()
