"""Messages to and from the other side of the visit."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from app.domain.ids import VisitId
from ui import theme
from ui.tone import Tone
from ui.view_models.messages import MessagesIntents, MessagesScreen
from ui.views.message_files import MessageFilesView
from ui.views.panel import Panel
from ui.widgets.attendance import Attendance
from ui.widgets.button import Button
from ui.widgets.dress import identify, mark
from ui.widgets.row_list import RowList
from ui.widgets.status_banner import announce
from ui.widgets.text_row import TextRow
from ui.widgets.words import Words
from ui.wording import spoken, text

LINE_KEYS = "Ctrl+T"  # to the line in which a message is written, from anywhere on the page
SETTLED_MS = 200


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
        self._way = Words("small", wraps=True, identifier="message.way")
        self._arrived = ""
        self._attendance = Attendance(self)
        self._look_soon = QTimer(self)  # when the rows have their places
        self._look_soon.setSingleShot(True)
        self._look_soon.setInterval(SETTLED_MS)
        self._look_soon.timeout.connect(self._tell_seen)
        self._attendance.came.connect(self._look_soon.start)
        self._list.verticalScrollBar().valueChanged.connect(lambda _: self._look_soon.start())
        QShortcut(QKeySequence(LINE_KEYS), self, self._go_to_line)
        self._files = MessageFilesView(model, look, self._line.text)
        foot = QHBoxLayout()
        foot.setSpacing(theme.GAP)
        foot.addWidget(self._line, 1)
        foot.addWidget(self._files.attach)
        foot.addWidget(self._send)
        self.content.addWidget(self._list, 1)
        self.content.addWidget(self._files)
        self.content.addWidget(self._message)
        self.content.addWidget(self._way)
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
        self.remark.say_or_hide(screen.unread, Tone.ATTENTION, signed=True)
        self._way.say_or_hide(screen.way, screen.way_tone, signed=True)
        places = list(range(1, len(screen.rows) + 1))
        rows = self._list.show_rows(places, lambda _: TextRow(self._look))
        for place, (row, message) in enumerate(zip(rows, screen.rows, strict=True), start=1):
            row.show_row(
                f"message.{place}",
                message.spoken,
                head=message.written,
                beside=message.new,
                body=message.text,
                state=message.confirmation,
                tone=message.tone,
            )

        self._files.draw_files()
        self._tell_arrived(screen.arrived)
        self._look_soon.start()

    def _tell_arrived(self, arrived: str) -> None:
        """By whom, not what: who stands beside the screen hears it, too."""
        if arrived and arrived != self._arrived:
            announce(self, spoken(arrived))
        self._arrived = arrived

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._attendance.watch()
        self._look_soon.start()

    def _tell_seen(self) -> None:
        """What stands whole in the list while somebody is there; what is scrolled away does not."""
        if not self._attendance.is_there:
            return
        view = self._list.viewport()
        seen = tuple(
            message.message
            for row, message in zip(self._list.rows, self._model.screen.rows, strict=False)
            if message.new
            and message.message is not None
            and row.isVisible()
            and view.rect().contains(row.mapTo(view, row.rect().center()))
        )
        if seen:
            self._model.seen(seen)

    def _go_to_line(self) -> None:
        self._line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def take_focus(self) -> None:
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_send(self) -> None:
        if self._send.isEnabled():
            self._model.send(self._line.text())
