"""One instrument besides the cuff: its tiles, what is to be decided, its buttons at the cart."""

from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from app.domain.device import DeviceKind
from ui import theme
from ui.view_models.vitals import InstrumentScreen, VitalsIntents
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, keep_room, show_when
from ui.widgets.vital_tile import VitalTile
from ui.widgets.words import Words
from ui.wording import spoken, text

TILES_BESIDE = 2  # a third would have no room for its name


class InstrumentRow(QWidget):
    """Start, Stop, Keep and Discard each have their own place."""

    def __init__(self, kind: DeviceKind, model: VitalsIntents, look: theme.Look) -> None:
        super().__init__()
        self._kind, self._look = kind, look
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._state = Words("small", wraps=True)
        self._message = Words("chip", wraps=True, identifier=f"{kind}.message")
        self._tiles: list[VitalTile] = []
        self._tile_grid = QGridLayout()
        self._start = Button(f"{kind}.start", text("instrument.start"), kind=Kind.PRIMARY)
        self._stop = Button(f"{kind}.stop", text("instrument.stop"))
        self._keep = Button(f"{kind}.keep", text("vitals.keep"), kind=Kind.PRIMARY)
        self._discard = Button(f"{kind}.discard", text("vitals.discard"))
        self._lay_out()
        self._start.clicked.connect(lambda: model.start_instrument(kind))
        self._stop.clicked.connect(lambda: model.stop_instrument(kind))
        self._keep.clicked.connect(lambda: model.keep_instrument(kind))
        self._discard.clicked.connect(lambda: model.discard_instrument(kind))

    def _lay_out(self) -> None:
        keep_room(self._stop)
        self._controls, self._decision = QWidget(), QWidget()
        for part, buttons in (
            (self._controls, (self._start, self._stop)),
            (self._decision, (self._keep, self._discard)),
        ):
            row = QGridLayout(part)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(theme.GAP - 2)
            for place, button in enumerate(buttons):
                row.addWidget(button, 0, place)
                row.setColumnStretch(place, 1)
        self._tile_grid.setSpacing(theme.GAP - 4)
        for column in range(TILES_BESIDE):
            self._tile_grid.setColumnStretch(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 2, 6)
        layout.setSpacing(4)
        layout.addWidget(self._state)
        layout.addLayout(self._tile_grid)
        layout.addWidget(self._message)
        layout.addWidget(self._controls)
        layout.addWidget(self._decision)

    def draw(self, screen: InstrumentScreen) -> None:
        state = f"{screen.name}: {screen.state}" if screen.state else screen.name
        identify(self, f"{self._kind}.row", spoken(f"{state}. {screen.message}".strip()))
        self._state.say(state, screen.tone, signed=True)
        self._draw_tiles(screen)
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        show_when(self._controls, screen.has_controls)
        show_when(self._stop, screen.is_running)
        show_when(self._decision, screen.has_controls and (screen.can_keep or screen.can_discard))
        self._start.allow(screen.can_start)
        self._keep.allow(screen.can_keep)
        self._discard.allow(screen.can_discard)
        for button, key in (
            (self._start, "instrument.start"),
            (self._stop, "instrument.stop"),
        ):
            button.say(text(key), text(f"{key}-name", name=screen.name))
        self._keep.say(text("vitals.keep"), text("instrument.keep-name", name=screen.name))
        self._discard.say(text("vitals.discard"), text("instrument.discard-name", name=screen.name))

    def _draw_tiles(self, screen: InstrumentScreen) -> None:
        while len(self._tiles) < len(screen.tiles):
            name = f"{self._kind}.tile.{len(self._tiles) + 1}"
            self._tiles.append(VitalTile(name, self._look, is_small=True))
        for tile in self._tiles[len(screen.tiles) :]:
            show_when(tile, False)
        for place, (tile, shown) in enumerate(zip(self._tiles, screen.tiles, strict=False)):
            row, column = divmod(place, TILES_BESIDE)
            is_alone = column == 0 and place == len(screen.tiles) - 1
            self._tile_grid.addWidget(tile, row, column, 1, TILES_BESIDE if is_alone else 1)
            show_when(tile, True)
            tile.show_value(
                name=shown.name,
                value=shown.value,
                unit=shown.unit,
                source=shown.source,
                age=shown.age,
                is_stale=shown.is_stale,
                is_refused=shown.is_refused,
                colour=shown.colour,
            )
