"""The strip above every page but the visit's while a cuff runs: that it does, and STOP."""

from PySide6.QtWidgets import QFrame, QHBoxLayout

from ui.tone import Tone
from ui.view_models.running_cuff import RunningCuffIntents, RunningCuffScreen
from ui.widgets.button import Button, Kind
from ui.widgets.dress import mark, show_when
from ui.widgets.words import Words
from ui.wording import text


class RunningCuffView(QFrame):
    def __init__(self, model: RunningCuffIntents) -> None:
        super().__init__()
        mark(self, "surface", "question")
        self._state = Words("strong", identifier="running-cuff.state")
        self._message = Words(wraps=True, identifier="running-cuff.message")
        self._stop = Button(
            "running-cuff.stop", text("vitals.stop"), kind=Kind.STOP, drawing="stop"
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 8, 24, 8)
        layout.setSpacing(16)
        layout.addWidget(self._state)
        layout.addWidget(self._message, 1)
        layout.addWidget(self._stop)
        self.setVisible(False)
        self._stop.clicked.connect(model.stop)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: RunningCuffScreen) -> None:
        show_when(self, screen.is_shown)
        self._state.say(screen.state, Tone.ATTENTION, signed=True)
        self._message.say(screen.message, Tone.BAD, signed=bool(screen.message))
