"""Files of the talk: asked about before one goes out, and before one is saved outside."""

from collections.abc import Callable

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.domain.ids import RecordId
from ui import theme
from ui.view_models.messages import MessageFileScreen, MessagesIntents
from ui.widgets.ask import Ask
from ui.widgets.button import Button
from ui.widgets.choose_file import choose_file, choose_place
from ui.widgets.dress import show_when
from ui.widgets.row_list import RowList
from ui.wording import text

ROWS_HIGH, ROWS_HIGH_FOR_FINGERS = 68, 100  # two files; the others are scrolled to


class MessageFilesView(QWidget):
    """`line_text` is what stands in the line now: it goes with the file."""

    def __init__(
        self, model: MessagesIntents, look: theme.Look, line_text: Callable[[], str]
    ) -> None:
        super().__init__()
        self._model = model
        self._line_text = line_text
        self._visit = model.screen.visit
        self._path = ""
        self._asked_for: RecordId | None = None
        self._dialog: QFileDialog | None = None
        self.attach = Button("message.attach", text("messages.attach"))
        self.attach.say(text("messages.attach"), text("messages.attach-name"))
        self._list: RowList[RecordId, Button] = RowList("messages.files", text("messages.files"))
        self._list.setMaximumHeight(ROWS_HIGH_FOR_FINGERS if look.is_touch else ROWS_HIGH)
        self._ask_send = Ask(
            "message.send-file",
            text("messages.send-file-confirm"),
            text("messages.send-file-cancel"),
            is_in_panel=True,
        )
        self._ask_save = Ask(
            "message.save-file",
            text("messages.save-confirm"),
            text("messages.save-cancel"),
            is_in_panel=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self._list, self._ask_send, self._ask_save):
            layout.addWidget(part)
        self.attach.clicked.connect(self._choose)
        for ask in (self._ask_send, self._ask_save):
            ask.confirmed.connect(self._make_room)
            ask.cancelled.connect(self._make_room)
        self._ask_send.confirmed.connect(self._send)
        self._ask_save.confirmed.connect(self._choose_place)

    def draw_files(self) -> None:
        screen = self._model.screen
        if screen.visit != self._visit:  # what was asked about belongs to another patient
            self._visit, self._path, self._asked_for = screen.visit, "", None
            self._ask_send.close_unanswered()
            self._ask_save.close_unanswered()
        self.attach.allow(screen.can_send)
        files = {file.message: file for file in screen.files}
        buttons = self._list.show_rows(list(files), self._button_of)
        for place, (button, file) in enumerate(zip(buttons, files.values(), strict=True), start=1):
            button.setObjectName(f"message.file.{place}")
            button.setAccessibleIdentifier(f"message.file.{place}")
            button.say(f"{file.words}, {file.state}", file.spoken)
            button.allow(file.can_save)
        self._make_room()

    def _make_room(self) -> None:
        """While something is asked the question has the place of the list."""
        is_asking = self._ask_send.is_open or self._ask_save.is_open
        show_when(self._list, bool(self._model.screen.files) and not is_asking)

    def _button_of(self, message: RecordId) -> Button:
        button = Button("message.file", "")
        button.clicked.connect(lambda: self._ask_where(message))
        return button

    def _choose(self) -> None:
        visit = self._visit

        def chosen(path: str) -> None:
            if self._visit == visit:  # else another patient's chart was opened meanwhile
                self.ask_about(path)

        self._opened(
            choose_file(self, text("messages.attach-title"), text("messages.attach-kinds"), chosen)
        )

    def ask_about(self, path: str) -> None:
        """One choice never sends: the name is read again first."""
        self._path = path
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        self._ask_send.open(text("messages.send-file-question", name=name))
        self._make_room()

    def _send(self) -> None:
        path, self._path = self._path, ""
        if path:
            self._model.send_file(path, self._line_text())

    def _file_of(self, message: RecordId | None) -> MessageFileScreen | None:
        found = [file for file in self._model.screen.files if file.message == message]
        return found[0] if found else None

    def _ask_where(self, message: RecordId) -> None:
        file = self._file_of(message)
        if file is not None and file.can_save:
            self._asked_for = message
            self._ask_save.open(file.question)
            self._make_room()

    def _choose_place(self) -> None:
        file = self._file_of(self._asked_for)
        if file is None:
            return
        message, visit = file.message, self._visit

        def chosen(path: str) -> None:
            if self._model.screen.visit == visit:
                self._model.save_file(message, path)

        self._opened(choose_place(self, text("messages.save-title"), file.name, chosen))

    def _opened(self, dialog: QFileDialog) -> None:
        self._dialog = dialog
        dialog.finished.connect(self._closed)

    def _closed(self) -> None:
        self._dialog = None

    def hideEvent(self, event: QHideEvent) -> None:
        """Locked, or another page: nobody chooses from a window that stands before it."""
        super().hideEvent(event)
        if self._dialog is not None:
            self._dialog.reject()
