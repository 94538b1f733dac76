"""The window and the loop under it: closing is an intent, a defect leaves a report without data."""

import asyncio
import os
import signal
import stat
import sys
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QStackedWidget

from tests.ui.given import settle
from ui import theme
from ui.gallery import Stills
from ui.main_window import MainWindow
from ui.qt_loop import REPORTS_AT_MOST, Defects, LeaveSignals, run
from ui.view_models.window import Page, WindowScreen
from ui.widgets.video_surface import PictureSources

SECRET = "DOE, Jane 131/79"  # stands for what an exception's text may carry

NO_PICTURES = PictureSources(lambda: None, lambda: None, lambda: None)


class Window:
    def __init__(self, look: theme.Look) -> None:
        self.stills = Stills()
        self.left: list[str] = []
        for wish in ("leave", "restart", "leave_all_the_same", "stay"):
            setattr(self.stills.window, wish, partial(self.left.append, wish))
        self.window = MainWindow(self.stills.models(), look, NO_PICTURES)
        self.painted: list[str] = []
        self.window.first_painted.connect(lambda: self.painted.append("painted"))
        self.window.show()
        settle()


def test_the_ground_is_ours_and_not_the_styles(look: theme.Look) -> None:
    """Seen in the real window only: in the gallery the pages stand in none."""
    shown = Window(look)
    shown.stills.window.show(WindowScreen(Page.TODAY))
    settle()
    window = shown.window
    seen = window.grab().toImage().pixelColor(window.width() // 2, window.height() * 3 // 4)
    assert seen.name().upper() == theme.GROUND


def test_closing_the_window_only_asks_to_leave(look: theme.Look) -> None:
    window = Window(look)
    window.window.close()
    assert window.left == ["leave"]
    assert window.window.isVisible()


def test_what_would_be_lost_is_asked_about_before_the_window_is_left(look: theme.Look) -> None:
    window = Window(look)
    buttons = {
        button.accessibleIdentifier(): button
        for button in window.window.findChildren(QPushButton)
        if button.accessibleIdentifier().startswith("leave-")
    }
    assert not any(button.isVisible() for button in buttons.values())
    for answer in ("leave-cancel", "leave-confirm"):
        window.stills.window.show(WindowScreen(Page.TODAY, "Close it?"))
        settle()
        assert buttons[answer].isVisible()
        buttons[answer].click()
        window.stills.window.show(WindowScreen(Page.TODAY))
        settle()
    assert window.left == ["stay", "leave_all_the_same"]
    assert not any(button.isVisible() for button in buttons.values())


def test_the_title_never_says_whom_the_window_shows(look: theme.Look) -> None:
    window = Window(look)
    for page in Page:
        window.stills.window.show(WindowScreen(page))
        settle()
        assert window.window.windowTitle() == "Bedside"


def test_each_page_is_shown_when_the_model_says_so(look: theme.Look) -> None:
    window = Window(look)
    stack = window.window.findChild(QStackedWidget)
    assert stack is not None
    seen = []
    for page in Page:
        window.stills.window.show(WindowScreen(page))
        seen.append(type(stack.currentWidget()).__name__)
    assert len(set(seen)) == len(Page)


def test_the_first_painted_frame_is_told_once(look: theme.Look) -> None:
    window = Window(look)
    window.window.update()
    settle()
    assert window.painted == ["painted"]


def test_a_defect_is_said_calmly_and_offers_a_restart(look: theme.Look) -> None:
    window = Window(look)
    restart = next(
        button
        for button in window.window.findChildren(QPushButton)
        if button.accessibleIdentifier() == "defect.restart"
    )
    assert not restart.isVisible()
    window.window.tell_defect("")
    settle()
    assert restart.isVisible()
    restart.click()
    assert window.left == ["restart"]


def fails() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(SECRET) from error


def test_a_report_names_places_and_types_and_no_text(
    application: QApplication, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    defects = Defects(tmp_path / "defects")
    told: list[str] = []
    defects.reported.connect(told.append)
    with pytest.raises(ValueError, match="DOE") as caught:
        fails()
    defects.on_defect(caught.value)
    report = Path(told[0])
    words = report.read_text("utf-8")
    assert "builtins.ValueError" in words and "builtins.KeyError" in words
    assert "test_window.py" in words and "fails" in words
    assert "DOE" not in words + caplog.text
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700


def test_a_storm_of_defects_fills_no_disk(application: QApplication, tmp_path: Path) -> None:
    defects = Defects(tmp_path)
    for _ in range(REPORTS_AT_MOST + 10):
        defects.on_defect(ValueError(SECRET))
    assert len(list(tmp_path.iterdir())) == REPORTS_AT_MOST


def test_a_report_that_cannot_be_written_is_no_second_defect(
    application: QApplication, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    told: list[str] = []
    defects = Defects(blocked)
    defects.reported.connect(told.append)
    defects.on_defect(ValueError(SECRET))
    assert told == [""]


def test_the_loop_runs_work_to_its_end_and_ends_what_it_left(application: QApplication) -> None:
    ended: list[str] = []

    async def lasts() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    async def work() -> int:
        left = asyncio.get_running_loop().create_task(lasts())
        await asyncio.sleep(0)
        assert not left.done()
        return 3

    assert run(application, work()) == 3
    assert ended == ["ended"]


def test_what_a_callback_raises_becomes_a_report(application: QApplication, tmp_path: Path) -> None:
    defects = Defects(tmp_path)

    async def work() -> int:
        loop = asyncio.get_running_loop()
        defects.watch(loop)
        told: asyncio.Future[str] = loop.create_future()
        defects.reported.connect(told.set_result)
        loop.call_exception_handler({"message": SECRET, "exception": ValueError(SECRET)})
        async with asyncio.timeout(5):
            await told
        return 0

    before = sys.excepthook
    try:
        assert run(application, work()) == 0
    finally:
        sys.excepthook = before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_become_the_intent_to_leave(application: QApplication, number: int) -> None:
    async def work() -> int:
        left = asyncio.Event()
        signals = LeaveSignals(left.set)
        try:
            os.kill(os.getpid(), number)
            async with asyncio.timeout(5):
                await left.wait()
        finally:
            signals.close()
        return 0

    assert run(application, work()) == 0
