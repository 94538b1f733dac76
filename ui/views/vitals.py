"""Vital signs in four pages: what stands now, a series of pressures, the score, and the tray.

The cuff's Start and STOP stand above all of them.
"""

from dataclasses import dataclass

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.domain.device import DeviceKind
from ui import theme
from ui.tone import Tone
from ui.view_models.bp_protocol import BpProtocolIntents
from ui.view_models.news2 import News2Intents
from ui.view_models.tiles import TileScreen
from ui.view_models.tray import TrayIntents, TrayScreen
from ui.view_models.vitals import VitalsIntents, VitalsScreen
from ui.views.bp_protocol import BpProtocolView
from ui.views.instruments import InstrumentRow
from ui.views.news2 import News2View
from ui.views.panel import Panel
from ui.views.tray import TrayView
from ui.widgets.button import Button, Kind
from ui.widgets.dress import keep_room, show_when
from ui.widgets.row_list import RowList
from ui.widgets.tabs import Pages, Tabs
from ui.widgets.text_row import TextRow
from ui.widgets.vital_tile import VitalTile
from ui.widgets.words import Words
from ui.wording import isolate, text

PAGES = ("now", "series", "news2", "tray")
TRAY = PAGES.index("tray")


@dataclass(frozen=True, slots=True)
class VitalsModels:
    """The features of which the panel is made."""

    now: VitalsIntents
    series: BpProtocolIntents
    news2: News2Intents
    tray: TrayIntents


class VitalsView(Panel):
    """Start, STOP and Keep each have their own place: none ever lies where another one was."""

    def __init__(self, models: VitalsModels, look: theme.Look) -> None:
        super().__init__("vitals", text("vitals.title"), text("vitals.not-for-monitoring"))
        model = models.now
        self._cuff = Words("small", wraps=True, identifier="cuff.state")
        self._start = Button("cuff.start", text("vitals.start"), kind=Kind.PRIMARY)
        self._stop = Button("cuff.stop", text("vitals.stop"), kind=Kind.STOP, drawing="stop")
        keep_room(self._stop)
        self._message = Words(wraps=True, identifier="vitals.message")
        words = [(p, text(f"vitals.tab.{p}"), text(f"vitals.tab-name.{p}")) for p in PAGES]
        self._tabs = Tabs("vitals.tab", words)
        self._tray = TrayView(models.tray)
        pages = (
            NowPage(model, look),
            BpProtocolView(models.series, look),
            News2View(models.news2, look),
            self._tray,
        )
        self._lay_out()
        self.content.addLayout(Pages(self._tabs, pages), 1)
        self._start.clicked.connect(model.start)
        self._stop.clicked.connect(model.stop)
        model.changed.connect(self.draw)
        models.tray.changed.connect(self._draw_tray)
        self.draw(model.screen)
        self._draw_tray(models.tray.screen)

    def _lay_out(self) -> None:
        self._controls = QWidget()
        cuff_row = QHBoxLayout(self._controls)
        cuff_row.setContentsMargins(0, 0, 0, 0)
        cuff_row.setSpacing(theme.GAP)
        cuff_row.addWidget(self._start, 1)
        cuff_row.addWidget(self._stop, 1)
        self.content.addWidget(self._tabs)
        self.content.addWidget(self._cuff)
        self.content.addWidget(self._controls)
        self.content.addWidget(self._message)

    def draw(self, screen: VitalsScreen) -> None:
        self._cuff.say_or_hide(screen.cuff_state, screen.cuff_tone, signed=True)
        show_when(self._controls, screen.has_cuff_controls)
        self._start.allow(screen.can_start)
        show_when(self._stop, screen.can_stop)
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)

    def turn_to(self, page: int) -> None:
        self._tabs.choose(page)

    def ask_assign(self) -> None:
        """Of the first that lies in the tray, as if its button had been pressed."""
        self._tray.ask_first()

    def _draw_tray(self, screen: TrayScreen) -> None:
        """How much waits there is said on every page."""
        if not screen.rows:
            self._tabs.say(TRAY, text("vitals.tab.tray"), text("vitals.tab-name.tray"))
            return
        count = isolate(str(len(screen.rows)))
        word = text("vitals.tab.tray-count", count=count)
        name = text("vitals.tab-name.tray-count", count=count)
        self._tabs.say(TRAY, word, name, Tone.ATTENTION)


class NowPage(QWidget):
    """The cuff's pressure or result, the other instruments, and what was kept."""

    def __init__(self, model: VitalsIntents, look: theme.Look) -> None:
        super().__init__()
        self._look = look
        self._model = model
        self._live = VitalTile("cuff.live", look)
        self._result = VitalTile("cuff.result", look)
        self._extra = Words("strong", wraps=True, identifier="cuff.extra")
        self._result_message = Words("chip", wraps=True, identifier="cuff.message")
        self._keep = Button("cuff.keep", text("vitals.keep"), kind=Kind.PRIMARY)
        self._discard = Button("cuff.discard", text("vitals.discard"))
        self._instruments: RowList[DeviceKind, InstrumentRow] = RowList(
            "instruments.list", text("instrument.list")
        )
        self._readings: RowList[int, TextRow] = RowList(
            "readings.list", text("vitals.readings"), text("vitals.no-readings")
        )
        self._lay_out()
        self._keep.clicked.connect(model.keep)
        self._discard.clicked.connect(model.discard)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _lay_out(self) -> None:
        keep_row, heading = QHBoxLayout(), Words("strong")
        keep_row.setSpacing(theme.GAP)
        keep_row.addWidget(self._keep, 1)
        keep_row.addWidget(self._discard, 1)
        heading.say(text("vitals.readings"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP - 2)
        for part in (self._live, self._result, self._extra, self._result_message):
            layout.addWidget(part)
        layout.addLayout(keep_row)
        layout.addWidget(self._instruments, 3)
        layout.addWidget(heading)
        layout.addWidget(self._readings, 2)

    def draw(self, screen: VitalsScreen) -> None:
        _draw_tile(self._live, screen.live, is_shown=screen.result is None)
        _draw_tile(self._result, screen.result, is_shown=screen.result is not None)
        self._extra.say_or_hide(screen.result_extra if screen.result is not None else "")
        self._result_message.say_or_hide(screen.result_message, screen.result_tone, signed=True)
        decides = screen.has_cuff_controls and (screen.can_keep or screen.can_discard)
        show_when(self._keep, decides)
        show_when(self._discard, decides)
        self._keep.allow(screen.can_keep)
        self._discard.allow(screen.can_discard)
        self._draw_instruments(screen)
        self._draw_readings(screen)

    def _draw_instruments(self, screen: VitalsScreen) -> None:
        kinds = [one.kind for one in screen.instruments]
        rows = self._instruments.show_rows(
            kinds, lambda kind: InstrumentRow(kind, self._model, self._look)
        )
        for row, one in zip(rows, screen.instruments, strict=True):
            row.draw(one)
        show_when(self._instruments, bool(kinds))

    def _draw_readings(self, screen: VitalsScreen) -> None:
        places = list(range(1, len(screen.readings) + 1))
        rows = self._readings.show_rows(places, lambda _: TextRow(self._look))
        for place, (row, reading) in enumerate(zip(rows, screen.readings, strict=True), start=1):
            kept = f"{reading.kept}, {reading.age}" if reading.age else reading.kept
            row.show_row(
                f"reading.{place}",
                reading.spoken,
                head=reading.value,
                beside=reading.extra,
                lines=(*reading.notes, kept),
                state=reading.confirmation,
                tone=reading.tone,
            )


def _draw_tile(tile: VitalTile, screen: TileScreen | None, *, is_shown: bool) -> None:
    shown = screen or TileScreen(text("vitals.live"), "", "mmHg", is_stale=True)
    tile.show_value(
        name=shown.name,
        value=shown.value,
        unit=shown.unit,
        source=shown.source,
        age=shown.age,
        is_stale=shown.is_stale,
        is_refused=shown.is_refused,
    )
    show_when(tile, is_shown or screen is not None)
