"""Blood pressure: cuff controls where the cuff is, its live pressure, its result, the readings."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.domain.ids import RecordId
from ui import theme
from ui.tone import Tone
from ui.view_models.vitals import TileScreen, VitalsIntents, VitalsScreen
from ui.views.panel import Panel
from ui.views.set_aside import SetAsideRow
from ui.widgets.button import Button, Kind
from ui.widgets.dress import keep_room, show_when
from ui.widgets.row_list import RowList
from ui.widgets.text_row import TextRow
from ui.widgets.vital_tile import VitalTile
from ui.widgets.words import Words
from ui.wording import text


class VitalsView(Panel):
    """Start, STOP and Keep each have their own place: none ever lies where another one was."""

    def __init__(self, model: VitalsIntents, look: theme.Look) -> None:
        super().__init__("vitals", text("vitals.title"), text("vitals.not-for-monitoring"))
        self._look = look
        self._model = model
        self._cuff = Words("small", wraps=True, identifier="cuff.state")
        self._start = Button("cuff.start", text("vitals.start"), kind=Kind.PRIMARY)
        self._stop = Button("cuff.stop", text("vitals.stop"), kind=Kind.STOP, drawing="stop")
        keep_room(self._stop)
        self._live = VitalTile("cuff.live", look)
        self._result = VitalTile("cuff.result", look)
        self._extra = Words("strong", wraps=True, identifier="cuff.extra")
        self._result_message = Words("chip", wraps=True, identifier="cuff.message")
        self._keep = Button("cuff.keep", text("vitals.keep"), kind=Kind.PRIMARY)
        self._discard = Button("cuff.discard", text("vitals.discard"))
        self._message = Words(wraps=True, identifier="vitals.message")
        self._readings: RowList[int, TextRow] = RowList(
            "readings.list", text("vitals.readings"), text("vitals.no-readings")
        )
        self._aside_heading = Words("strong")
        self._aside_heading.say(text("vitals.set-aside"))
        self._aside: RowList[RecordId, SetAsideRow] = RowList(
            "set-aside.list", text("vitals.set-aside")
        )
        self._lay_out()
        self._start.clicked.connect(model.start)
        self._stop.clicked.connect(model.stop)
        self._keep.clicked.connect(model.keep)
        self._discard.clicked.connect(model.discard)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _lay_out(self) -> None:
        self._controls = QWidget()
        cuff_row, keep_row = QHBoxLayout(self._controls), QHBoxLayout()
        cuff_row.setContentsMargins(0, 0, 0, 0)
        cuff_row.setSpacing(theme.GAP)
        cuff_row.addWidget(self._start, 1)
        cuff_row.addWidget(self._stop, 1)
        keep_row.setSpacing(theme.GAP)
        keep_row.addWidget(self._keep, 1)
        keep_row.addWidget(self._discard, 1)
        heading = Words("strong")
        heading.say(text("vitals.readings"))
        self.content.addWidget(self._cuff)
        self.content.addWidget(self._controls)
        self.content.addWidget(self._live)
        self.content.addWidget(self._result)
        self.content.addWidget(self._extra)
        self.content.addWidget(self._result_message)
        self.content.addLayout(keep_row)
        self.content.addWidget(self._message)
        self.content.addWidget(heading)
        self.content.addWidget(self._readings, 2)
        self.content.addWidget(self._aside_heading)
        self.content.addWidget(self._aside, 1)

    def draw(self, screen: VitalsScreen) -> None:
        self._cuff.say_or_hide(screen.cuff_state, screen.cuff_tone, signed=True)
        self._draw_controls(screen)
        self._draw_tile(self._live, screen.live, is_shown=screen.result is None)
        self._draw_tile(
            self._result,
            screen.result,
            is_shown=screen.result is not None,
            is_refused=screen.result_tone is Tone.BAD,
        )
        self._extra.say_or_hide(screen.result_extra if screen.result is not None else "")
        self._result_message.say_or_hide(screen.result_message, screen.result_tone, signed=True)
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        self._draw_readings(screen)
        self._draw_set_aside(screen)

    def _draw_controls(self, screen: VitalsScreen) -> None:
        at_cart = screen.has_cuff_controls
        show_when(self._controls, at_cart)
        self._start.allow(screen.can_start)
        show_when(self._stop, screen.is_running)
        decides = at_cart and (screen.can_keep or screen.can_discard)
        show_when(self._keep, decides)
        show_when(self._discard, decides)
        self._keep.allow(screen.can_keep)
        self._discard.allow(screen.can_discard)

    @staticmethod
    def _draw_tile(
        tile: VitalTile, screen: TileScreen | None, *, is_shown: bool, is_refused: bool = False
    ) -> None:
        shown = screen or TileScreen(text("vitals.live"), "", "mmHg", is_stale=True)
        tile.show_value(
            name=shown.name,
            value=shown.value,
            unit=shown.unit,
            source=shown.source,
            age=shown.age,
            is_stale=shown.is_stale,
            is_refused=is_refused,
        )
        show_when(tile, is_shown or screen is not None)

    def _draw_set_aside(self, screen: VitalsScreen) -> None:
        """Below the readings and apart from them: none of it is one."""
        keys = [row.record for row in screen.set_aside]
        rows = self._aside.show_rows(keys, lambda record: SetAsideRow(record, self._model))
        for place, (row, row_screen) in enumerate(zip(rows, screen.set_aside, strict=True), 1):
            row.draw(place, row_screen)
        show_when(self._aside_heading, bool(screen.set_aside))
        show_when(self._aside, bool(screen.set_aside))

    def _draw_readings(self, screen: VitalsScreen) -> None:
        places = list(range(1, len(screen.readings) + 1))
        rows = self._readings.show_rows(places, lambda _: TextRow(self._look))
        for place, (row, reading) in enumerate(zip(rows, screen.readings, strict=True), start=1):
            row.show_row(
                f"reading.{place}",
                reading.spoken,
                head=reading.value,
                beside=reading.extra,
                lines=(f"{reading.kept}, {reading.age}" if reading.age else reading.kept,),
                state=reading.confirmation,
                tone=reading.tone,
            )
