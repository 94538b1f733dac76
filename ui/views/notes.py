"""Notes: an editor that belongs to the person who types, Keep, and what was written before."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout

from app.domain.ids import VisitId
from ui import theme
from ui.view_models.notes import NotesIntents, NotesScreen
from ui.views.panel import Panel
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, mark
from ui.widgets.row_list import RowList
from ui.widgets.text_row import TextRow
from ui.widgets.words import Words
from ui.wording import text


class NoteEditor(QPlainTextEdit):
    """Tab goes on to Keep, Ctrl+Enter keeps."""

    keep_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        identify(self, "note.text", text("notes.editor"))
        self.setPlaceholderText(text("notes.placeholder"))
        self.setTabChangesFocus(True)
        self.setMinimumHeight(52)

    def sizeHint(self) -> QSize:
        """Small, so that the page is divided by shares and not by what stands in the editor."""
        return self.minimumSizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.keep_asked.emit()
        else:
            super().keyPressEvent(event)


class NotesView(Panel):
    def __init__(self, model: NotesIntents, look: theme.Look) -> None:
        super().__init__("notes", text("notes.title"))
        self._look = look
        self._model = model
        self._visit: VisitId | None = None
        self._kept = model.screen.kept
        self._editor = NoteEditor()
        self._keep = Button("note.keep", text("notes.keep"), kind=Kind.PRIMARY)
        self._message = Words(wraps=True, identifier="note.message")
        self._list: RowList[int, TextRow] = RowList(
            "notes.list", text("notes.title"), text("notes.none")
        )
        self._lay_out()
        self._editor.keep_asked.connect(self._ask_keep)
        self._keep.clicked.connect(self._ask_keep)
        self._editor.textChanged.connect(self._tell_draft)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(theme.GAP)
        foot.addWidget(self._keep)
        foot.addWidget(self._message, 1)
        writing = QVBoxLayout()
        writing.setSpacing(theme.GAP - 2)
        writing.addWidget(self._editor, 1)
        writing.addLayout(foot)
        both = QHBoxLayout()
        both.setSpacing(12)
        both.addLayout(writing, 1)
        both.addWidget(self._list, 1)
        self.content.addLayout(both, 1)

    def draw(self, screen: NotesScreen) -> None:
        if screen.visit != self._visit:
            self._visit = screen.visit
            self._fill(screen.draft)
        elif screen.kept != self._kept:
            self._fill("")
        self._kept = screen.kept
        self._editor.setReadOnly(not screen.can_write)
        mark(self._editor, "shut", not screen.can_write)
        self._keep.allow(screen.can_write)
        self._message.say(screen.message, screen.message_tone, signed=True)
        places = list(range(1, len(screen.rows) + 1))
        rows = self._list.show_rows(places, lambda _: TextRow(self._look))
        for place, (row, note) in enumerate(zip(rows, screen.rows, strict=True), start=1):
            row.show_row(
                f"note.{place}",
                note.spoken,
                head=note.written,
                body=note.text,
                state=note.confirmation,
                tone=note.tone,
            )

    def take_focus(self) -> None:
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fill(self, words: str) -> None:
        """Ours, not the person's: nobody is told of a draft."""
        if self._editor.toPlainText() != words:
            self._editor.blockSignals(True)
            self._editor.setPlainText(words)
            self._editor.blockSignals(False)

    def _ask_keep(self) -> None:
        if self._keep.isEnabled():
            self._model.keep(self._editor.toPlainText())

    def _tell_draft(self) -> None:
        self._model.draft_changed(self._editor.toPlainText())
