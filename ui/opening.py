"""What stands on the screen before the program does: why it cannot open, or a question."""

import asyncio

from PySide6.QtWidgets import QApplication, QWidget

from app.domain.failures import Code
from ui import theme
from ui.qt_loop import LeaveSignals
from ui.views.ask_pin import AskPinWindow
from ui.views.cannot_open import CannotOpenWindow
from ui.widgets.dress import clothe, dress


class Question:
    """One window, one answer; to leave is one, too."""

    def __init__(self, application: QApplication) -> None:
        dress(application, theme.Look())
        self._answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def answered(self, answer: object) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)

    async def ask(self, window: QWidget) -> object:
        signals = LeaveSignals(lambda: self.answered(None))
        clothe(window, theme.Look())
        window.show()
        try:
            return await self._answer
        finally:
            signals.close()
            window.hide()


async def may_begin_anew(application: QApplication, code: Code) -> bool:
    """Says why nothing can be opened; a person may put a damaged store aside and go on."""
    question, window = Question(application), CannotOpenWindow(code)
    window.left.connect(lambda: question.answered(None))
    window.begins_anew.connect(lambda: question.answered(True))
    return await question.ask(window) is True


async def ask_pin(
    application: QApplication, *, is_new: bool, code: Code | None = None
) -> str | None:
    """None: the person goes on without."""
    question, window = Question(application), AskPinWindow(is_new=is_new, code=code)
    window.left.connect(lambda: question.answered(None))
    window.given.connect(question.answered)
    pin = await question.ask(window)
    return pin if isinstance(pin, str) else None
