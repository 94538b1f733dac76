"""Stills: list, picture with its drawing, tools, comparison, export; whose they are is said."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QHideEvent, QImage
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.domain.failures import Rejected
from app.domain.ids import RecordId, VisitId
from app.domain.stills import (
    LABEL_MAX_CHARACTERS,
    Drawing,
    Mark,
    MarkKind,
    Point,
    scale_of,
)
from ui import theme
from ui.tone import Tone
from ui.view_models.stills import Compared, ShownStill, StillRowScreen, StillsIntents, StillsScreen
from ui.views.panel import Panel
from ui.widgets.ask import Ask
from ui.widgets.button import Button, Kind
from ui.widgets.choose_file import choose_place
from ui.widgets.dress import identify, mark, show_when
from ui.widgets.flow import Flow
from ui.widgets.picture_reader import PictureReader
from ui.widgets.row_list import RowList
from ui.widgets.still_canvas import Compare, StillCanvas, Tool, with_mark
from ui.widgets.words import Words
from ui.wording import failure, length, text

LIST_WIDTH = 190
LINES = 2
KINDS = {
    Tool.ARROW: MarkKind.ARROW,
    Tool.CIRCLE: MarkKind.CIRCLE,
    Tool.LABEL: MarkKind.LABEL,
    Tool.RULER: MarkKind.RULER,
}
OPACITY_USUAL = 50


class StillRow(QPushButton):
    """Pressing it shows this still and no other, whatever the list does meanwhile."""

    def __init__(self, still: RecordId, on_press: Callable[[RecordId], None]) -> None:
        super().__init__()
        mark(self, "kind", "row")
        self.setAutoDefault(False)
        self.clicked.connect(lambda: on_press(still))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._head = Words("strong", wraps=True)
        self._lines = [Words("small", wraps=True) for _ in range(LINES)]
        self._state = Words("small", wraps=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(1)
        for words in (self._head, *self._lines, self._state):
            words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(words)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return max(56, layout.totalHeightForWidth(width) if layout is not None else 0)

    def sizeHint(self) -> QSize:
        return QSize(LIST_WIDTH, self.heightForWidth(max(120, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 56)

    def draw_row(self, place: int, screen: StillRowScreen, *, is_chosen: bool) -> None:
        identify(self, f"still.{place}", screen.spoken)
        self._head.say(screen.head)
        lines = (*screen.lines, *[""] * LINES)[:LINES]
        for words, line in zip(self._lines, lines, strict=True):
            words.say_or_hide(line)
        self._state.say(screen.state, screen.tone, signed=True)
        mark(self, "chosen", is_chosen)
        self.updateGeometry()


class StillsView(Panel):
    def __init__(self, model: StillsIntents, look: theme.Look) -> None:
        super().__init__("stills", text("stills.title"))
        self._model = model
        self._visit: VisitId | None = None
        self._shown: RecordId | None = None
        self._saved_drawing = Drawing()
        self._drawing = Drawing()  # as it stands here, saved or not
        self._drafts: dict[RecordId, Drawing] = {}  # of stills that are not shown now, not saved
        self._told_here = False
        self._images: dict[RecordId, QImage] = {}
        self._dialog: QFileDialog | None = None
        self._tool: Tool | None = None
        self._reader = PictureReader()
        self._reader.read.connect(self._was_read)
        self.destroyed.connect(self._reader.wait)
        self._stamp = Words("strong", wraps=True, identifier="stills.stamp")
        self._drawn_by = Words("small", wraps=True, identifier="stills.drawn-by")
        self._message = Words(wraps=True, identifier="stills.message")
        self._list: RowList[RecordId, StillRow] = RowList(
            "stills.list", text("stills.title"), text("stills.empty")
        )
        self._list.setFixedWidth(LIST_WIDTH)
        self._list.space_rows(4)
        self._canvas = StillCanvas("stills.picture", text("stills.picture"), length)
        self._build_tools()
        self._build_compare(look)
        self._ask_export = Ask(
            "stills.export", text("stills.export-confirm"), text("stills.export-cancel")
        )
        self._ask_export.confirmed.connect(self._choose_place)
        self._lay_out()
        self._canvas.made.connect(self._made)
        model.changed.connect(self.draw)
        model.picture.connect(self._reader.start)
        self.draw(model.screen)

    def _build_tools(self) -> None:
        self._tools = {
            tool: Button(f"stills.tool.{tool}", text(f"stills.tool.{tool}")) for tool in Tool
        }
        for tool, button in self._tools.items():
            button.clicked.connect(lambda _=False, tool=tool: self._use(tool))
        self._words = QLineEdit()
        self._words.setMaxLength(LABEL_MAX_CHARACTERS)
        self._words.setPlaceholderText(text("stills.words"))
        identify(self._words, "stills.words", text("stills.words"))
        self._length = QLineEdit()
        self._length.setMaxLength(8)
        self._length.setFixedWidth(90)
        self._length.setPlaceholderText(text("stills.length"))
        identify(self._length, "stills.length", text("stills.length"))
        self._undo = Button("stills.undo", text("stills.undo"))
        self._save = Button("stills.save", text("stills.save"), kind=Kind.PRIMARY)
        self._undo.clicked.connect(self._take_back)
        self._save.clicked.connect(lambda: self._model.save(self._drawing))

    def _build_compare(self, look: theme.Look) -> None:
        self._compare = QComboBox()
        self._compare.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        identify(self._compare, "stills.compare", text("stills.compare"))
        self._how = QComboBox()
        identify(self._how, "stills.how", text("stills.how"))
        self._how.addItems([text("stills.how.beside"), text("stills.how.over")])
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(0, 100)
        self._opacity.setValue(OPACITY_USUAL)
        self._opacity.setMinimumWidth(90)
        self._opacity.setMinimumHeight(max(look.target, self._how.sizeHint().height()))
        identify(self._opacity, "stills.opacity", text("stills.opacity"))
        self._export = Button("stills.export", text("stills.export"))
        self._close = Button("stills.close", text("stills.close"), drawing="back")
        self._compare.activated.connect(self._compared)
        self._how.activated.connect(lambda _: self._compared(self._compare.currentIndex()))
        self._opacity.valueChanged.connect(self._canvas.set_opacity)
        self._export.clicked.connect(
            lambda: self._ask_export.open(self._model.screen.export_question)
        )
        self._close.clicked.connect(self._model.toggle)

    def _lay_out(self) -> None:
        body, right = QHBoxLayout(), QVBoxLayout()
        self._tool_row, self._compare_row = QWidget(), QWidget()
        tools, compare = Flow(self._tool_row), Flow(self._compare_row)
        for row in (body, right):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(theme.GAP - 2)
        for button in (*self._tools.values(), self._undo, self._save):
            tools.addWidget(button)
        for field in (self._words, self._length):
            tools.addWidget(field)
        for control in (self._compare, self._how, self._opacity, self._export, self._close):
            compare.addWidget(control)
        for part in (self._stamp, self._drawn_by):
            right.addWidget(part)
        right.addWidget(self._canvas, 1)
        right.addWidget(self._tool_row)
        body.addWidget(self._list)
        body.addLayout(right, 1)
        self.content.addLayout(body, 1)
        self.content.addWidget(self._message)
        self.content.addWidget(self._ask_export)
        self.content.addWidget(self._compare_row)

    # --- drawing the screen ----------------------------------------------------------------------

    def draw(self, screen: StillsScreen) -> None:
        if screen.visit != self._visit:  # of another patient nothing stays
            self._visit = screen.visit
            self._forget()
        rows = self._list.show_rows(
            [row.still for row in screen.rows], lambda still: StillRow(still, self._model.choose)
        )
        shown = None if screen.shown is None else screen.shown.still
        for place, (row, made) in enumerate(zip(rows, screen.rows, strict=True), start=1):
            row.draw_row(place, made, is_chosen=made.still == shown)
        self._stamp.say_or_hide("" if screen.shown is None else screen.shown.words)
        if not self._told_here:
            self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        self._draw_shown(screen)
        self._draw_compared(screen)
        show_when(self._tool_row, screen.can_draw)
        show_when(self._export, screen.can_export)
        if not screen.can_export:
            self._ask_export.close_unanswered()

    def _draw_shown(self, screen: StillsScreen) -> None:
        shown = screen.shown
        if (None if shown is None else shown.still) != self._shown:
            self._put_draft_aside()
            self._shown = None if shown is None else shown.still
            self._saved_drawing = screen.drawing
            draft = None if self._shown is None else self._drafts.pop(self._shown, None)
            self._drawing = screen.drawing if draft is None else draft
            self._use(None)
        elif screen.drawing != self._saved_drawing:
            # Saved, here or at the other side: what was drawn here since and is not saved stays.
            is_untouched = self._drawing in (self._saved_drawing, screen.drawing)
            self._saved_drawing = screen.drawing
            if is_untouched:
                self._drawing = screen.drawing
        self._show_picture()
        self._show_drawing()

    def _put_draft_aside(self) -> None:
        """Another still is looked at meanwhile: what was drawn on this one is there again later."""
        if self._shown is not None and self._drawing != self._saved_drawing:
            self._drafts[self._shown] = self._drawing

    def _show_picture(self) -> None:
        image = QImage() if self._shown is None else self._images.get(self._shown, QImage())
        self._canvas.show_picture(image)
        words = "stills.choose" if self._shown is None else "stills.arriving-here"
        self._canvas.show_words(text(words))

    def _show_drawing(self) -> None:
        self._canvas.show_drawing(self._drawing)
        is_saved = self._drawing == self._saved_drawing
        drawn_by = self._model.screen.drawn_by if is_saved else text("stills.not-saved")
        self._drawn_by.say_or_hide(drawn_by, Tone.PLAIN if is_saved else Tone.ATTENTION)
        self._save.allow(not is_saved and self._canvas.has_picture)
        self._undo.allow(bool(self._drawing.marks) or self._drawing.scale is not None)

    def _draw_compared(self, screen: StillsScreen) -> None:
        items = [text("stills.compare-none"), *(words for _, words in screen.choices)]
        if [self._compare.itemText(place) for place in range(self._compare.count())] != items:
            self._compare.clear()
            self._compare.addItems(items)
        compared = None if screen.compared is None else screen.compared.still
        places = [still for still, _ in screen.choices]
        self._compare.setCurrentIndex(0 if compared is None else 1 + places.index(compared))
        is_alone = screen.how is Compared.ALONE
        show_when(self._how, not is_alone)
        show_when(self._opacity, screen.how is Compared.OVER)
        if not is_alone:
            self._how.setCurrentIndex(0 if screen.how is Compared.BESIDE else 1)
        other = QImage() if compared is None else self._images.get(compared, QImage())
        self._canvas.show_other(other, Compare(screen.how), _captions(screen))

    def _was_read(self, still: RecordId, image: QImage, digest: str) -> None:
        """Only what the records name, and only the source's own pixels."""
        known = self._record_of(still)
        if known is None:
            return
        is_size = (image.width(), image.height()) == (known.width, known.height)
        if image.isNull() or not is_size or digest != known.pixels_sha256:
            self._model.unreadable(still)
            return
        self._images = {one: held for one, held in self._images.items() if self._record_of(one)}
        self._images[still] = image
        self.draw(self._model.screen)

    def _record_of(self, still: RecordId) -> ShownStill | None:
        screen = self._model.screen
        found = (one for one in (screen.shown, screen.compared) if one and one.still == still)
        return next(found, None)

    def _forget(self) -> None:
        self._images.clear()
        self._drafts.clear()
        self._shown = None
        self._saved_drawing = self._drawing = Drawing()
        self._words.clear()
        self._length.clear()
        self._ask_export.close_unanswered()
        if self._dialog is not None:
            self._dialog.reject()

    # --- drawing on the picture ------------------------------------------------------------------

    def _use(self, tool: Tool | None) -> None:
        """The same button again puts the tool away."""
        self._tool = None if tool is self._tool else tool
        for one, button in self._tools.items():
            mark(button, "chosen", one is self._tool)
        show_when(self._words, self._tool is Tool.LABEL)
        show_when(self._length, self._tool is Tool.SCALE)
        self._say("")
        self._canvas.use(self._tool)
        if self._tool is Tool.LABEL:
            self._words.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self._tool is Tool.SCALE:
            self._length.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self._tool is not None:
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _made(self, tool: Tool, start: Point, end: Point) -> None:
        if tool is Tool.SCALE:
            self._set_scale(start, end)
            return
        words = self._words.text().strip() if tool is Tool.LABEL else ""
        if tool is Tool.LABEL and not words:
            self._say(text("stills.words-first"))
            return
        self._say("")
        self._drawing = with_mark(self._drawing, Mark(KINDS[tool], start, end, words))
        self._show_drawing()

    def _set_scale(self, start: Point, end: Point) -> None:
        try:
            length_mm = float(self._length.text().replace(",", "."))
        except ValueError:
            length_mm = 0.0
        try:
            scale = scale_of(start, end, length_mm)
        except Rejected as refused:
            self._say(failure(refused.code))
            return
        self._say("")
        self._drawing = replace(self._drawing, scale=scale)
        self._show_drawing()

    def _take_back(self) -> None:
        """The newest mark; when none is left, the scale."""
        if self._drawing.marks:
            self._drawing = replace(self._drawing, marks=self._drawing.marks[:-1])
        else:
            self._drawing = replace(self._drawing, scale=None)
        self._show_drawing()

    def _say(self, words: str) -> None:
        """What is wrong here and now; the model's words come back when it is put right."""
        self._told_here = bool(words)
        if words:
            self._message.say_or_hide(words, Tone.BAD, signed=True)
        else:
            screen = self._model.screen
            self._message.say_or_hide(screen.message, screen.message_tone, signed=True)

    # --- comparing, exporting --------------------------------------------------------------------

    def _compared(self, place: int) -> None:
        choices = self._model.screen.choices
        how = Compared.BESIDE if self._how.currentIndex() == 0 else Compared.OVER
        if 0 < place <= len(choices):
            self._model.compare(choices[place - 1][0], how)
        else:
            self._model.compare(None, Compared.ALONE)

    def _choose_place(self) -> None:
        visit = self._visit

        def chosen(path: str) -> None:
            if self._visit == visit:  # else another patient's chart was opened meanwhile
                self._model.export(path)

        name = self._model.screen.export_name
        self._dialog = choose_place(self, text("stills.export-title"), name, chosen)
        self._dialog.finished.connect(self._closed)

    def _closed(self) -> None:
        self._dialog = None

    def hideEvent(self, event: QHideEvent) -> None:
        """Locked, or another page: nobody chooses from a window that stands before it."""
        super().hideEvent(event)
        if self._dialog is not None:
            self._dialog.reject()

    def wait_for_pictures(self) -> None:
        """Until what was brought is read; its telling comes with the next turn of the loop."""
        self._reader.wait()

    def take_focus(self) -> None:
        self._close.setFocus(Qt.FocusReason.OtherFocusReason)


def _captions(screen: StillsScreen) -> tuple[str, str]:
    """Of the picture that is shown and of the one that it is compared with."""
    if screen.shown is None or screen.compared is None:
        return "", ""
    return screen.shown.when, text(f"stills.caption.{screen.how}", time=screen.compared.when)
