"""Pages in one place, chosen by a row of words above them. Only the shown one takes room."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.tone import Tone
from ui.widgets.button import Button, Kind
from ui.widgets.dress import mark, show_when, tone_of
from ui.wording import text


class Tabs(QWidget):
    """The row of words. Each is a button, reached by Tab and pressed by Space."""

    chosen = Signal(int)

    def __init__(self, identifier: str, words: Sequence[tuple[str, str, str]]) -> None:
        """Of each page the end of its identifier, its word and its whole name."""
        super().__init__()
        self._names = [name for _, _, name in words]
        self._place = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._buttons: list[Button] = []
        for place, (end, word, _) in enumerate(words):
            button = Button(f"{identifier}.{end}", word, kind=Kind.TAB)
            button.clicked.connect(lambda _=False, place=place: self.choose(place))
            self._buttons.append(button)
            row.addWidget(button, 1)
        self._draw()

    def say(self, place: int, word: str, name: str, tone: Tone = Tone.PLAIN) -> None:
        """Another word on one of them, as the count of what lies on its page."""
        self._names[place] = name
        self._buttons[place].say(word)
        tone_of(self._buttons[place], tone)
        self._draw()

    def choose(self, place: int) -> None:
        if place != self._place:
            self._place = place
            self._draw()
            self.chosen.emit(place)

    def _draw(self) -> None:
        for place, (button, name) in enumerate(zip(self._buttons, self._names, strict=True)):
            is_shown = place == self._place
            mark(button, "chosen", is_shown)
            spoken = text("tab.shown", name=name) if is_shown else name
            button.say(button.text(), spoken)


class Pages(QVBoxLayout):
    """The pages below: a hidden one takes no room, so that a tall one pushes no short one out."""

    def __init__(self, tabs: Tabs, pages: Sequence[QWidget]) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self._pages = list(pages)
        for number, page in enumerate(pages):
            self.addWidget(page, 1)
            page.setVisible(number == 0)  # said outright: else it comes with the window
        tabs.chosen.connect(self.show_page)

    def show_page(self, place: int) -> None:
        for number, page in enumerate(self._pages):
            if number != place:
                show_when(page, False)
        show_when(self._pages[place], True)  # last: for a moment two would need more than there is
