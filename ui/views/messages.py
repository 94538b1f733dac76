"""Messages to and from the other side of the visit."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from app.domain.ids import VisitId
from ui import theme
from ui.view_models.messages import MessagesIntents, MessagesScreen
from ui.views.panel import Panel
from ui.widgets.button import Button
from ui.widgets.dress import identify, mark
from ui.widgets.row_list import RowList
from ui.widgets.text_row import TextRow
from ui.widgets.words import Words
from ui.wording import text


class MessagesView(Panel):
    def __init__(self, model: MessagesIntents, look: theme.Look) -> None:
        super().__init__("messages", text("messages.title"))
        self._look = look
        self._model = model
        self._visit: VisitId | None = model.screen.visit
        self._sent = model.screen.sent
        self._line = QLineEdit()
        identify(self._line, "message.text", text("messages.line"))
        self._line.setPlaceholderText(text("messages.placeholder"))
        self._send = Button("message.send", text("messages.send"))
        self._message = Words(wraps=True, identifier="message.message")
        self._list: RowList[int, TextRow] = RowList(
            "messages.list", text("messages.title"), text("messages.none")
        )
        foot = QHBoxLayout()
        foot.setSpacing(theme.GAP)
        foot.addWidget(self._line, 1)
        foot.addWidget(self._send)
        self.content.addWidget(self._list, 1)
        self.content.addWidget(self._message)
        self.content.addLayout(foot)
        self._send.clicked.connect(self._ask_send)
        self._line.returnPressed.connect(self._ask_send)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: MessagesScreen) -> None:
        if (screen.visit, screen.sent) != (self._visit, self._sent):
            self._visit, self._sent = screen.visit, screen.sent
            self._line.clear()
        self._send.allow(screen.can_send)
        self._line.setReadOnly(not screen.can_send)
        mark(self._line, "shut", not screen.can_send)
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        places = list(range(1, len(screen.rows) + 1))
        rows = self._list.show_rows(places, lambda _: TextRow(self._look))
        for place, (row, message) in enumerate(zip(rows, screen.rows, strict=True), start=1):
            row.show_row(
                f"message.{place}",
                message.spoken,
                head=message.written,
                body=message.text,
                state=message.confirmation,
                tone=message.tone,
            )

    def take_focus(self) -> None:
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_send(self) -> None:
        if self._send.isEnabled():
            self._model.send(self._line.text())
