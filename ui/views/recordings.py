"""The stethoscope: site, start and stop where it is; curve, proof and recordings on both sides."""

from collections.abc import Callable

from PySide6.QtWidgets import QGridLayout, QWidget

from ui import theme
from ui.view_models.recordings import RecordingsIntents, RecordingsScreen
from ui.views.panel import Panel
from ui.widgets.button import Button, Kind
from ui.widgets.choice_box import ChoiceBox
from ui.widgets.curve_feed import CurveFeed
from ui.widgets.dress import keep_room, show_when
from ui.widgets.phonocardiogram import Phonocardiogram
from ui.widgets.row_list import RowList
from ui.widgets.text_row import TextRow
from ui.widgets.words import Words
from ui.wording import text


class RecordingsView(Panel):
    """`open_page`: the page of body sounds."""

    def __init__(
        self,
        model: RecordingsIntents,
        look: theme.Look,
        feed: CurveFeed,
        open_page: Callable[[], None],
    ) -> None:
        super().__init__("scope", text("scope.title"))
        self._look = look
        self._model = model
        self._state = Words("small", wraps=True, identifier="scope.state")
        self._open = Button("scope.open", text("scope.open"))
        self._open.say(text("scope.open"), text("scope.open-name"))
        self.head.addWidget(self._open)
        self._site = ChoiceBox("scope.site", text("scope.site"))
        keep_room(self._site)  # what runs is said above; STOP stays where it is
        self._start = Button("scope.start", "", kind=Kind.PRIMARY, drawing="record")
        self._start.say(text("scope.start"), text("scope.start-name"))
        self._stop = Button("scope.stop", "", kind=Kind.STOP, drawing="stop")
        self._stop.say(text("scope.stop"), text("scope.stop-name"))
        keep_room(self._stop)
        self._curve = Phonocardiogram("scope.curve", text("scope.curve"), feed)
        self._way = Words("chip", wraps=True, identifier="scope.way")
        self._progress = Words("small", wraps=True, identifier="scope.progress")
        self._proof = Words("chip", wraps=True, identifier="scope.proof")
        self._message = Words(wraps=True, identifier="scope.message")
        self._list: RowList[int, TextRow] = RowList(
            "recordings.list", text("scope.recordings"), text("scope.no-recordings")
        )
        self._lay_out()
        self._start.clicked.connect(lambda: model.start(self._site.key))
        self._stop.clicked.connect(model.stop)
        self._open.clicked.connect(open_page)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _lay_out(self) -> None:
        self._controls = QWidget()
        controls = QGridLayout(self._controls)
        controls.setContentsMargins(0, 0, 0, 0)
        controls.setSpacing(theme.GAP - 2)
        controls.addWidget(self._site, 0, 0, 1, 2)
        controls.addWidget(self._start, 1, 0)
        controls.addWidget(self._stop, 1, 1)
        for column in (0, 1):
            controls.setColumnStretch(column, 1)
        self.content.addWidget(self._state)
        self.content.addWidget(self._controls)
        self.content.addWidget(self._curve, 2)
        self.content.addWidget(self._way)
        self.content.addWidget(self._progress)
        self.content.addWidget(self._proof)
        self.content.addWidget(self._message)
        self.content.addWidget(self._list, 3)

    def draw(self, screen: RecordingsScreen) -> None:
        self._state.say_or_hide(screen.scope_state, screen.scope_tone, signed=True)
        self._draw_controls(screen)
        self._curve.set_live(screen.is_live)
        self._way.say_or_hide(screen.way, screen.way_tone, signed=True)
        self._progress.say_or_hide(screen.progress)
        self._proof.say_or_hide(screen.proof, screen.proof_tone, signed=True)
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        places = list(range(1, len(screen.rows) + 1))
        rows = self._list.show_rows(places, lambda _: TextRow(self._look))
        for place, (row, made) in enumerate(zip(rows, screen.rows, strict=True), start=1):
            row.show_row(
                f"recording.{place}",
                made.spoken,
                head=made.site,
                beside=made.length,
                lines=(made.made, text("scope.hash", hash=made.fingerprint), made.proof),
                state=made.confirmation,
                tone=made.tone,
            )

    def _draw_controls(self, screen: RecordingsScreen) -> None:
        show_when(self._site, not screen.is_running)
        show_when(self._controls, screen.has_controls)
        show_when(self._stop, screen.is_running)
        sites = [(site.key, site.words) for site in screen.sites]
        self._site.show_choices(sites, self._site.key or (sites[0][0] if sites else ""))
        self._start.allow(screen.can_start)
