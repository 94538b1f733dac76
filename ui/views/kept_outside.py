"""Beside a kept body sound: the marks that one may take back, and the way out of the house."""

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from app.domain.sound_export import ExportForm
from ui import theme
from ui.view_models.kept_sounds import KeptSoundsScreen
from ui.view_models.scope import ScopeIntents
from ui.views.live_sound import pairs
from ui.views.panel import Panel
from ui.widgets.button import Button
from ui.widgets.choice_box import ChoiceBox
from ui.widgets.choose_file import choose_place
from ui.widgets.words import Words
from ui.wording import text


class KeptOutsideView(Panel):
    def __init__(self, model: ScopeIntents) -> None:
        super().__init__("outside", text("outside.title"))
        self._model = model
        self._marks_words = Words("small", identifier="outside.marks-words")
        self._own_marks = ChoiceBox("kept.own-marks", text("kept.own-marks"))
        self._withdraw = Button("kept.withdraw", text("kept.withdraw"))
        self._form_words = Words("small", wraps=True, identifier="outside.form-words")
        self._form = ChoiceBox("kept.form", text("kept.form"))
        self._save = Button("kept.save", text("kept.save"))
        self._dialog: QFileDialog | None = None
        self._marks_words.say(text("kept.own-marks"))
        self._form_words.say(text("outside.form"))
        for words, box, button in (
            (self._marks_words, self._own_marks, self._withdraw),
            (self._form_words, self._form, self._save),
        ):
            row = QHBoxLayout()
            row.addWidget(box, 1)
            row.addWidget(button)
            self.content.addWidget(words)
            self.content.addLayout(row)
            self.content.addSpacing(theme.GAP)
        self.content.addStretch(1)
        forms = [(str(form), text(f"form.{form}")) for form in ExportForm]
        self._form.show_choices(forms, str(ExportForm.WAV))
        self._withdraw.clicked.connect(lambda: model.withdraw(self._own_marks.key))
        self._save.clicked.connect(self._ask_place)

    def draw(self, screen: KeptSoundsScreen) -> None:
        own = pairs(screen.own_marks)
        here = {key for key, _ in own}
        chosen = self._own_marks.key if self._own_marks.key in here else next(iter(here), "")
        self._own_marks.show_choices(own, chosen)
        self._own_marks.setEnabled(bool(own))
        self._withdraw.allow(bool(own))
        self._save.allow(screen.can_export)

    def _ask_place(self) -> None:
        form = self._form.key
        self._dialog = choose_place(
            self,
            text("kept.save-title"),
            self._model.export_name(form),
            lambda path: self._model.export(form, path),
        )

    def hideEvent(self, event: QHideEvent) -> None:
        """Another page, or another patient: what was asked is asked no more."""
        if self._dialog is not None:
            self._dialog.reject()
            self._dialog = None
