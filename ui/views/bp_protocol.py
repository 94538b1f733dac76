"""A series of pressures: how it will be taken, how far it is, what to decide, and its average."""

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from ui import theme
from ui.view_models.bp_protocol import BpProtocolIntents, BpProtocolScreen
from ui.view_models.tiles import TileScreen
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, show_when
from ui.widgets.row_list import RowList
from ui.widgets.text_row import TextRow
from ui.widgets.vital_tile import VitalTile
from ui.widgets.words import Words
from ui.wording import text


class BpProtocolView(QWidget):
    """STOP is not here: it stands above, on every page of the panel."""

    def __init__(self, model: BpProtocolIntents, look: theme.Look) -> None:
        super().__init__()
        self._look = look
        self._plan = Words("small", wraps=True, identifier="series.plan")
        self._arm, self._cuff_size, self._position = (
            _choice(f"series.{end}", text(f"series.{end}"))
            for end in ("arm", "cuff-size", "position")
        )
        self._begin = Button("series.begin", text("series.begin"), kind=Kind.PRIMARY)
        self._state = Words("strong", wraps=True, identifier="series.state")
        self._clock = VitalTile("series.clock", look)
        self._question = Words("chip", wraps=True, identifier="series.question")
        self._repeat = Button("series.repeat", text("series.repeat"), kind=Kind.PRIMARY)
        self._leave_out = Button("series.leave-out", text("series.leave-out"))
        self._count = Button("series.count", text("series.count"))
        self._hurry = Button("series.hurry", text("series.hurry"))
        self._average = VitalTile("series.average", look)
        self._extra = Words(wraps=True, identifier="series.extra")
        self._keep = Button("series.keep", text("series.keep"), kind=Kind.PRIMARY)
        self._discard = Button("series.discard", text("vitals.discard"))
        self._once_more = Button("series.once-more", text("series.once-more"))
        self._message = Words("chip", wraps=True, identifier="series.message")
        self._rows: RowList[int, TextRow] = RowList("series.rows", text("series.rows"))
        self._lay_out()
        self._begin.clicked.connect(
            lambda: model.begin(
                self._arm.currentIndex(),
                self._cuff_size.currentIndex(),
                self._position.currentIndex(),
            )
        )
        self._hurry.clicked.connect(model.hurry)
        self._repeat.clicked.connect(model.repeat)
        self._leave_out.clicked.connect(model.leave_out)
        self._count.clicked.connect(model.count)
        self._keep.clicked.connect(model.keep)
        self._discard.clicked.connect(model.discard)
        self._once_more.clicked.connect(model.once_more)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _lay_out(self) -> None:
        self._decision = _row_of(self._repeat, self._leave_out, self._count)
        self._ending = _row_of(self._keep, self._discard, self._once_more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP - 2)
        for part in (
            self._plan,
            self._arm,
            self._cuff_size,
            self._position,
            self._begin,
            self._state,
            self._clock,
            self._hurry,
            self._question,
            self._decision,
            self._average,
            self._extra,
            self._message,
            self._ending,
        ):
            layout.addWidget(part)
        layout.addWidget(self._rows, 1)

    def draw(self, screen: BpProtocolScreen) -> None:
        for box, words in (
            (self._arm, screen.arms),
            (self._cuff_size, screen.cuff_sizes),
            (self._position, screen.positions),
        ):
            _fill(box, words)
        self._show_parts(screen)
        self._plan.say_or_hide(screen.plan)
        self._begin.allow(screen.can_begin)
        self._state.say_or_hide(screen.state, screen.state_tone, signed=True)
        _draw_tile(self._clock, screen.clock)
        self._question.say_or_hide(screen.question, screen.state_tone, signed=True)
        self._repeat.allow(screen.can_repeat)
        self._leave_out.allow(screen.can_leave_out)
        self._count.allow(screen.can_count)
        _draw_tile(self._average, screen.average)
        self._extra.say_or_hide(screen.average_extra)
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        self._keep.allow(screen.can_keep)
        self._once_more.allow(screen.can_once_more)
        self._draw_rows(screen)

    def _show_parts(self, screen: BpProtocolScreen) -> None:
        """What goes, goes first: for a moment both would need more room than there is."""
        shown: list[tuple[QWidget, bool]] = [
            (self._clock, screen.clock is not None),
            (self._hurry, screen.can_hurry),
            (self._decision, bool(screen.question)),
            (self._average, screen.average is not None),
            (self._ending, screen.can_discard),
            *((box, screen.can_choose) for box in (self._arm, self._cuff_size, self._position)),
            (self._begin, screen.can_choose),
        ]
        for part, is_shown in sorted(shown, key=lambda one: one[1]):
            show_when(part, is_shown)

    def _draw_rows(self, screen: BpProtocolScreen) -> None:
        places = list(range(1, len(screen.rows) + 1))
        rows = self._rows.show_rows(places, lambda _: TextRow(self._look))
        for place, (row, shown) in enumerate(zip(rows, screen.rows, strict=True), 1):
            row.show_row(
                f"series.row.{place}",
                shown.spoken,
                head=shown.head,
                beside=shown.beside,
                lines=(shown.doubt,),
                state=shown.verdict,
                tone=shown.tone,
            )


def _choice(identifier: str, name: str) -> QComboBox:
    box = QComboBox()
    identify(box, identifier, name)
    box.setAccessibleDescription(name)  # its name is what is chosen
    return box


def _fill(box: QComboBox, words: Sequence[str]) -> None:
    if [box.itemText(place) for place in range(box.count())] != list(words):
        box.clear()
        box.addItems(list(words))


def _row_of(*buttons: Button) -> QWidget:
    """Two beside each other, the third below: their words are longer than a panel is wide."""
    part = QWidget()
    grid = QGridLayout(part)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(theme.GAP - 2)
    for place, button in enumerate(buttons):
        grid.addWidget(button, place // 2, place % 2)
    for column in (0, 1):
        grid.setColumnStretch(column, 1)
    return part


def _draw_tile(tile: VitalTile, screen: TileScreen | None) -> None:
    if screen is not None:
        tile.show_value(
            name=screen.name,
            value=screen.value,
            unit=screen.unit,
            source=screen.source,
            age=screen.age,
            is_stale=screen.is_stale,
        )
