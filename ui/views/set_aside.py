"""One measurement that belongs to nobody here: when it came and why, and its Discard. No number."""

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.domain.ids import RecordId
from ui.view_models.vitals import SetAsideRowScreen, VitalsIntents
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify
from ui.widgets.words import Words
from ui.wording import text


class SetAsideRow(QWidget):
    def __init__(self, record: RecordId, model: VitalsIntents) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._what, self._why = Words("small", wraps=True), Words("small", wraps=True)
        self._discard = Button("set-aside.discard", text("vitals.discard"), kind=Kind.LINK)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._what)
        words.addWidget(self._why)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(words, 1)
        layout.addWidget(self._discard)
        self._discard.clicked.connect(lambda: model.discard_set_aside(record))

    def draw(self, place: int, screen: SetAsideRowScreen) -> None:
        identify(self, f"set-aside.{place}", screen.spoken)
        self._what.say(screen.what)
        self._why.say(screen.why)
        name = text("vitals.aside.discard-name", time=screen.time)
        self._discard.say(text("vitals.discard"), name)
