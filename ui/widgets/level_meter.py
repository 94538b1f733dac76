"""How loud a microphone is, in ten steps: finer ones would only make a screen reader chatter."""

from PySide6.QtWidgets import QProgressBar, QSizePolicy

from ui.widgets.dress import identify

STEPS = 10
# Speech has a root mean square of about 0.05 to 0.2; the square root spreads the quiet part.
FULL = 0.25


class LevelMeter(QProgressBar):
    def __init__(self, identifier: str, name: str) -> None:
        super().__init__()
        identify(self, identifier, name)
        self.setRange(0, STEPS)
        self.setTextVisible(False)
        self.setFixedSize(72, 14)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setValue(0)

    def show_level(self, level: float) -> None:
        """`level` is a root mean square, 0..1."""
        share = min(1.0, max(0.0, level) / FULL) ** 0.5
        self.setValue(round(share * STEPS))
