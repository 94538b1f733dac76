"""What stands and what was not taken in, side by side; a person takes one, both, or writes anew."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.domain.conflicts import Take
from app.domain.ids import ChangeId
from ui.view_models.conflicts import (
    ConflictRowScreen,
    ConflictsIntents,
    ConflictsScreen,
    FieldScreen,
    SideScreen,
)
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, mark, show_when
from ui.widgets.list_page import ListPage
from ui.widgets.words import Words
from ui.wording import text

EDITOR_HEIGHT = 72
FIELDS_MOST = 64  # the grid's line below them


class SideHead(QWidget):
    """What this column is, whose, where and when."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = Words("small")
        self._title.say(title)
        self._who = Words("strong", wraps=True)
        self._where = Words("small", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self._title, self._who, self._where):
            column.addWidget(part)

    def draw(self, screen: SideScreen) -> None:
        self._who.say(screen.who)
        self._where.say(", ".join(part for part in (screen.where, screen.when) if part))


class FieldCells:
    """A line for a field: its name, what stands, what was not taken in; below, what else is to be
    known of it.
    """

    def __init__(self, grid: QGridLayout, row: int) -> None:
        self._label = Words("small")
        self._theirs, self._mine = Words("strong", wraps=True), Words("strong", wraps=True)
        self._more = Words("small", wraps=True)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self._label, row, 0, top)
        grid.addWidget(self._theirs, row, 1, top)
        grid.addWidget(self._mine, row, 2, top)
        grid.addWidget(self._more, row + 1, 1, 1, 2)

    def draw(self, field: FieldScreen | None) -> None:
        for part in (self._label, self._theirs, self._mine, self._more):
            show_when(part, field is not None)
        if field is None:
            return
        self._label.say(field.label)
        self._theirs.say(field.theirs)
        self._mine.say(field.mine)
        said = [text("conflicts.before", value=field.before)]
        if field.now:
            said.append(text("conflicts.now", value=field.now))
        self._more.say(" ".join(said))


class ConflictRow(QFrame):
    def __init__(self, change: ChangeId, model: ConflictsIntents) -> None:
        super().__init__()
        mark(self, "surface", "panel")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._change, self._model = change, model
        self._what, self._patient = Words("large-strong"), Words("strong", wraps=True)
        self._state = Words("chip", gives_way=True)
        self._theirs = SideHead(text("conflicts.theirs"))
        self._mine = SideHead(text("conflicts.mine"))
        self._cells: list[FieldCells] = []
        self._decided = Words(wraps=True)
        self._take_theirs = Button("conflict.take-theirs", text("conflicts.take-theirs"))
        self._take_mine = Button("conflict.take-mine", text("conflicts.take-mine"))
        self._take_both = Button("conflict.take-both", text("conflicts.take-both"))
        self._write = Button("conflict.write", text("conflicts.write"))
        self._undo = Button("conflict.undo", text("conflicts.undo"))
        self._paper = QWidget()
        self._editors: dict[str, QPlainTextEdit] = {}
        self._keep = Button("conflict.keep-anew", text("conflicts.keep-anew"), kind=Kind.PRIMARY)
        self._cancel = Button("conflict.cancel-anew", text("conflicts.cancel-anew"))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        head, buttons = QHBoxLayout(), QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._what)
        head.addWidget(self._patient, 1)
        head.addWidget(self._state)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        left = Qt.AlignmentFlag.AlignLeft
        self._grid.addWidget(self._theirs, 0, 1)
        self._grid.addWidget(self._mine, 0, 2)
        self._grid.addWidget(self._take_theirs, FIELDS_MOST, 1, left)
        self._grid.addWidget(self._take_mine, FIELDS_MOST, 2, left)
        buttons.setSpacing(12)
        for part in (self._take_both, self._write, self._undo):
            buttons.addWidget(part)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addLayout(self._grid)
        column.addWidget(self._decided)
        column.addLayout(buttons)
        self._paper_column = QVBoxLayout(self._paper)
        self._paper_column.setContentsMargins(0, 4, 0, 0)
        answers = QHBoxLayout()
        answers.setSpacing(12)
        answers.addWidget(self._keep)
        answers.addWidget(self._cancel)
        answers.addStretch(1)
        self._paper_column.addLayout(answers)
        column.addWidget(self._paper)
        self._paper.setVisible(False)

    def _connect(self) -> None:
        take = self._model.take
        self._take_theirs.clicked.connect(lambda: take(self._change, Take.THEIRS))
        self._take_mine.clicked.connect(lambda: take(self._change, Take.MINE))
        self._take_both.clicked.connect(lambda: take(self._change, Take.BOTH))
        self._undo.clicked.connect(lambda: self._model.undo(self._change))
        self._write.clicked.connect(self._open_paper)
        self._cancel.clicked.connect(self._close_paper)
        self._keep.clicked.connect(self._keep_anew)

    # --- writing anew ----------------------------------------------------------------------------

    def _open_paper(self) -> None:
        self._paper.setVisible(True)
        next(iter(self._editors.values())).setFocus()

    def _close_paper(self) -> None:
        self._paper.setVisible(False)
        self._write.setFocus()

    def _keep_anew(self) -> None:
        fields = {name: editor.toPlainText() for name, editor in self._editors.items()}
        self._paper.setVisible(False)
        self._model.write_anew(self._change, fields)

    def _provide_editors(self, writable: tuple[tuple[str, str], ...]) -> None:
        """What a person is writing stays; only what is not begun follows the record."""
        for place, (name, words) in enumerate(writable):
            if name not in self._editors:
                editor = QPlainTextEdit()
                identify(editor, f"conflict.anew-{name}", text(f"field.{name}"))
                editor.setTabChangesFocus(True)
                editor.setFixedHeight(EDITOR_HEIGHT)
                self._editors[name] = editor
                self._paper_column.insertWidget(place, editor)
            if self._paper.isHidden():
                self._editors[name].setPlainText(words)

    # --- drawing ---------------------------------------------------------------------------------

    def draw(self, place: int, screen: ConflictRowScreen) -> None:
        said = screen.spoken or f"{screen.what}, {screen.patient}, {screen.state}"
        identify(self, f"conflict.row.{place}", said)
        self._what.say(screen.what)
        self._patient.say(screen.patient)
        self._state.say(screen.state, screen.state_tone, signed=True)
        self._theirs.draw(screen.theirs)
        self._mine.draw(screen.mine)
        fields = screen.fields[: FIELDS_MOST // 2 - 1]
        while len(self._cells) < len(fields):
            self._cells.append(FieldCells(self._grid, 2 * len(self._cells) + 1))
        for number, cells in enumerate(self._cells):
            cells.draw(fields[number] if number < len(fields) else None)
        self._decided.say_or_hide(screen.decided)
        for button in (self._take_theirs, self._take_mine):
            show_when(button, screen.can_decide)
        show_when(self._take_both, screen.can_take_both)
        show_when(self._write, bool(screen.writable))
        show_when(self._undo, screen.can_undo)
        self._provide_editors(screen.writable)
        if not screen.writable:
            self._paper.setVisible(False)


class ConflictsView(ListPage[ChangeId, ConflictRow]):
    def __init__(self, model: ConflictsIntents) -> None:
        super().__init__("conflicts", back=text("conflicts.back"), listed=text("conflicts.list"))
        self._model = model
        self.back.clicked.connect(model.back)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: ConflictsScreen) -> None:
        self.title.say(screen.title)
        self.message.tell(screen.message, tone=screen.message_tone)
        rows = self.rows.show_rows(
            [row.change for row in screen.rows], lambda change: ConflictRow(change, self._model)
        )
        for place, (row, row_screen) in enumerate(zip(rows, screen.rows, strict=True), start=1):
            row.draw(place, row_screen)
