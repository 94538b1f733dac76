"""A box to choose one of several by key; what is chosen is its name for a screen reader."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy

from ui.widgets.dress import identify

LEAST_WIDTH = 84


class ChoiceBox(QComboBox):
    """`picked(key)` only when a person chose; showing another choice is silent."""

    picked = Signal(str)

    def __init__(self, identifier: str, description: str) -> None:
        super().__init__()
        identify(self, identifier, description)
        self.setAccessibleDescription(description)
        self.setToolTip(description)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda place: self.picked.emit(str(self.itemData(place))))

    def show_choices(self, choices: Sequence[tuple[str, str]], chosen: str) -> None:
        """(key, words) of each; an open list is not pulled from under a finger."""
        present = [(self.itemData(place), self.itemText(place)) for place in range(self.count())]
        if present != list(choices):
            self.clear()
            for key, words in choices:
                self.addItem(words, key)
        place = next((at for at, (key, _) in enumerate(choices) if key == chosen), -1)
        if place != self.currentIndex():
            self.setCurrentIndex(place)

    def minimumSizeHint(self) -> QSize:
        """Narrow words are cut before a page grows wider than its window."""
        return QSize(LEAST_WIDTH, super().minimumSizeHint().height())

    @property
    def key(self) -> str:
        return str(self.currentData() or "")
