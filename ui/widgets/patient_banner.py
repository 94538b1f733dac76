"""Who this page is about: always on top, never scrolled away (NHS Common User Interface v4)."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy

from ui.widgets.dress import identify, mark
from ui.widgets.words import Words
from ui.wording import text


class PatientBanner(QFrame):
    """Labels stand above their values, lighter and without colon."""

    def __init__(self) -> None:
        super().__init__()
        mark(self, "surface", "banner")
        identify(self, "banner", text("banner.name"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._name = Words("banner-name", gives_way=True, lines=3, identifier="banner.name")
        self._born = Words("banner-value", identifier="banner.born")
        self._sex = Words("banner-value", identifier="banner.sex")
        self._number = Words("banner-value", identifier="banner.record-number")
        self._allergies = Words(
            "banner-no-allergies", gives_way=True, identifier="banner.allergies"
        )
        self._labels: list[Words] = []
        layout = QGridLayout(self)
        layout.setContentsMargins(16, 6, 16, 6)
        layout.setHorizontalSpacing(22)
        layout.setVerticalSpacing(0)
        layout.addWidget(self._name, 0, 0, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        left_top = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        columns: list[tuple[str, QLabel]] = [
            ("banner.born", self._born),
            ("banner.sex", self._sex),
            ("banner.record-number", self._number),
            ("banner.allergies", self._allergies),
        ]
        for column, (key, value) in enumerate(columns, start=1):
            label = Words("banner-label")
            label.say(text(key))
            self._labels.append(label)
            layout.addWidget(label, 0, column)
            layout.addWidget(value, 1, column, left_top)
        layout.setColumnStretch(4, 1)

    def show_patient(
        self,
        *,
        name: str,
        born: str,
        sex: str,
        record_number: str,
        allergies: str,
        has_allergies: bool,
    ) -> None:
        self._name.say(name)
        for label, words, value in (
            ("banner.born", self._born, born),
            ("banner.sex", self._sex, sex or text("unknown")),
            ("banner.record-number", self._number, record_number),
            ("banner.allergies", self._allergies, allergies),
        ):
            words.say(value, name=f"{text(label)} {value}")
        mark(
            self._allergies, "words", "banner-allergies" if has_allergies else "banner-no-allergies"
        )
