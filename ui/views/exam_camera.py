"""The exam camera: a bar below the pictures, and a page with its moves and controls."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.domain.camera_moves import Move
from app.domain.exam_camera import Control, Focus
from ui import theme
from ui.view_models.exam_camera import ControlScreen, ExamIntents, ExamScreen
from ui.view_models.stills import StillsIntents, StillsScreen
from ui.views.panel import Panel
from ui.widgets.ask import Ask
from ui.widgets.button import Button, Kind
from ui.widgets.dress import call, identify, mark, show_when
from ui.widgets.flow import Flow
from ui.widgets.words import Words
from ui.wording import text

VIEWS = (Focus.EXAM, Focus.BESIDE, Focus.FACE)
PLACES: dict[Move, tuple[int, int]] = {
    Move.ZOOM_OUT: (0, 0),
    Move.ZOOM_IN: (0, 1),
    Move.FOCUS_FARTHER: (1, 0),
    Move.FOCUS_NEARER: (1, 1),
    Move.FOCUS_BY_ITSELF: (2, 0),
    Move.LEFT: (3, 0),
    Move.RIGHT: (3, 1),
    Move.DOWN: (4, 0),
    Move.UP: (4, 1),
}


class ExamBar(QWidget):
    """`seen_at` tells which picture stands on the screen at the moment of a press."""

    def __init__(
        self,
        model: ExamIntents,
        stills_model: StillsIntents,
        seen_at: Callable[[], float | None],
    ) -> None:
        super().__init__()
        self._model = model
        self._seen_at = seen_at
        self._show = Button("exam.show", text("exam.show"), drawing="camera", on_dark=True)
        self._freeze = Button("exam.freeze", text("exam.freeze"), kind=Kind.PRIMARY, on_dark=True)
        self._view = QComboBox()
        self._view.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        identify(self._view, "exam.view", text("exam.view"))
        self._view.addItems([text(f"exam.view.{focus}") for focus in VIEWS])
        self._stills = Button("exam.stills", text("exam.stills", count=0), on_dark=True)
        self._moving = Button("exam.moving", text("exam.moving"), on_dark=True)
        self._state = Words("small-on-dark", wraps=True, identifier="exam.state")
        self._lease = LeaseRow(model)
        self._lay_out()
        self._show.clicked.connect(model.toggle)
        self._freeze.clicked.connect(self._press)
        self._view.activated.connect(lambda place: model.look_at(VIEWS[place]))
        self._stills.clicked.connect(stills_model.toggle)
        self._moving.clicked.connect(model.toggle_moving)
        # A foot pedal is a keyboard with one key; held down it repeats itself, which is no press.
        self._pedal = QShortcut(QKeySequence(model.freeze_key), self, self._press)
        self._pedal.setAutoRepeat(False)
        self._pedal.setContext(Qt.ShortcutContext.WindowShortcut)
        model.changed.connect(self.draw)
        stills_model.changed.connect(self._draw_stills)
        self.draw(model.screen)
        self._draw_stills(stills_model.screen)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        controls = QWidget()
        row = Flow(controls)
        for part in (self._show, self._freeze, self._view, self._stills, self._moving):
            row.addWidget(part)
        for part in (self._lease.ask, self._lease.give_back, self._lease.take_back):
            row.addWidget(part)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(controls)
        layout.addWidget(self._state)
        layout.addWidget(self._lease)

    def _press(self) -> None:
        if self._model.screen.can_freeze:
            self._model.freeze(self._seen_at())

    def draw(self, screen: ExamScreen) -> None:
        show_when(self, screen.is_shown)
        show_when(self._show, screen.can_show)
        key = "exam.hide" if screen.is_on else "exam.show"
        self._show.say(text(key), text(f"{key}-name"))
        self._show.draw_icon("camera", inverted=screen.is_on)
        mark(self._show, "alert", screen.is_on)
        self._freeze.allow(screen.can_freeze)
        self._freeze.say(text("exam.freeze"), screen.freeze_name or text("exam.freeze"))
        show_when(self._view, screen.focus is not None)
        if screen.focus is not None:
            self._view.setCurrentIndex(VIEWS.index(screen.focus))
        self._stills.say(screen.stills)
        show_when(self._moving, screen.focus is not None)
        mark(self._moving, "alert", screen.is_moving_shown)
        self._state.say_or_hide(screen.state, screen.state_tone, signed=True)
        self._lease.draw(screen)

    def _draw_stills(self, screen: StillsScreen) -> None:
        mark(self._stills, "alert", screen.is_open)


class LeaseRow(QFrame):
    """Who moves the camera, on both screens; at the cart also the question and its answers.

    `ask`, `give_back` and `take_back` stand where the owner puts them.
    """

    def __init__(self, model: ExamIntents) -> None:
        super().__init__()
        self._words = Words("on-dark", wraps=True, identifier="exam.lease")
        self.ask = Button("exam.ask", text("exam.ask"), on_dark=True)
        self.give_back = Button("exam.give-back", text("exam.give-back"), on_dark=True)
        self.take_back = Button("exam.take-back", text("exam.take-back"), on_dark=True)
        self._question = Ask("exam.lease", text("exam.grant"), text("exam.refuse"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._words)
        layout.addWidget(self._question)
        self.ask.clicked.connect(model.ask)
        self.give_back.clicked.connect(model.give_back)
        self.take_back.clicked.connect(model.take_back)
        self._question.confirmed.connect(lambda: model.answer(True))
        self._question.cancelled.connect(lambda: model.answer(False))

    def draw(self, screen: ExamScreen) -> None:
        lease = screen.lease
        self._words.say_or_hide("" if lease.question else lease.words, lease.tone, signed=True)
        show_when(self.ask, lease.can_ask)
        show_when(self.give_back, lease.can_give_back)
        show_when(self.take_back, lease.can_take_back)
        if not lease.question:
            self._question.close_unanswered()
        elif not self._question.is_open:
            self._question.open(lease.question)
        show_when(self, bool(lease.words or lease.question))


class ExamControlsView(Panel):
    """Moves as steps, each by a key or a button; sliders for what the driver offers.

    Whether it stands on the page is the owner's matter, as of the stills.
    """

    def __init__(self, model: ExamIntents, look: theme.Look) -> None:
        super().__init__("exam.controls", text("exam.controls"))
        self._model = model
        self._look = look
        self._moves = {move: self._button_of(move) for move in PLACES}
        self._none = Words("small", wraps=True, identifier="exam.no-moves")
        self._rows: dict[Control, ControlRow] = {}
        self._pad = QWidget()
        grid = QGridLayout(self._pad)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.GAP - 2)
        for move, (row, column) in PLACES.items():
            grid.addWidget(self._moves[move], row, column)
        inside, all_of_it = QWidget(), QScrollArea()
        mark(inside, "surface", "rows")
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(0, 0, 0, 0)
        self._sliders = QVBoxLayout()
        self._sliders.setSpacing(theme.GAP - 2)
        for part in (self._none, self._pad):
            inner.addWidget(part)
        inner.addLayout(self._sliders)
        inner.addStretch(1)
        all_of_it.setWidget(inside)
        all_of_it.setWidgetResizable(True)
        all_of_it.setFrameShape(QFrame.Shape.NoFrame)
        all_of_it.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        all_of_it.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        identify(all_of_it, "exam.all-controls", text("exam.controls"))
        close = Button("exam.close-controls", text("exam.close-controls"))
        close.clicked.connect(model.toggle_moving)
        self.content.addWidget(all_of_it, 1)
        self.content.addWidget(close)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _button_of(self, move: Move) -> Button:
        button = Button(f"exam.move.{move}", text(f"exam.move.{move}"))
        button.say(text(f"exam.move.{move}"), text(f"exam.move.{move}-name"))
        button.setAutoRepeat(True)  # held down it goes on, step by step
        button.setAutoRepeatDelay(400)
        button.setAutoRepeatInterval(200)
        button.clicked.connect(lambda: self._model.move(move))
        return button

    def draw(self, screen: ExamScreen) -> None:
        moves = screen.lease.moves
        for move, button in self._moves.items():
            button.allow(move in moves)
        show_when(self._pad, bool(moves))
        is_empty = not moves and not screen.controls
        self._none.say_or_hide(text("exam.no-moves") if is_empty else "")
        self._draw_controls(screen.controls)

    def _draw_controls(self, controls: tuple[ControlScreen, ...]) -> None:
        there = {one.control for one in controls}
        for control in [control for control in self._rows if control not in there]:
            row = self._rows.pop(control)
            row.hide()
            self._sliders.removeWidget(row)
            row.deleteLater()
        for one in controls:
            if one.control not in self._rows:
                self._rows[one.control] = ControlRow(one, self._model.set, self._look)
                self._sliders.addWidget(self._rows[one.control])
            self._rows[one.control].draw(one)


class ControlRow(QWidget):
    """One control of the driver's: a switch, or a slider in the driver's own units."""

    def __init__(
        self, first: ControlScreen, on_set: Callable[[Control, int], None], look: theme.Look
    ) -> None:
        super().__init__()
        self._control = first.control
        self._on_set = on_set
        self._name = Words("small", identifier=f"exam.control.{first.control}-name")
        self._value = Words("small", identifier=f"exam.control.{first.control}-value")
        self._switch = Button(f"exam.control.{first.control}", first.name)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setMinimumHeight(look.target if look.is_touch else 0)
        identify(self._slider, f"exam.control.{first.control}", first.name)
        self._is_switch = first.is_switch
        self._is_on = False
        head, layout = QHBoxLayout(), QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        head.addWidget(self._name, 1)
        head.addWidget(self._value)
        layout.addLayout(head)
        layout.addWidget(self._switch if first.is_switch else self._slider)
        self._switch.clicked.connect(lambda: on_set(self._control, 0 if self._is_on else 1))
        self._slider.valueChanged.connect(self._slid)
        self._slider.sliderReleased.connect(lambda: on_set(self._control, self._slider.value()))

    def _slid(self, value: int) -> None:
        """While it is dragged nothing is set: a driver takes a while for each."""
        if not self._slider.isSliderDown():
            self._on_set(self._control, value)

    def draw(self, screen: ControlScreen) -> None:
        if screen.is_switch:
            self._is_on = bool(screen.value)
            key = "exam.control-on" if self._is_on else "exam.control-off"
            self._switch.say(text(key, name=screen.name))
            self._switch.allow(screen.can_set)
            return
        self._name.say(screen.name)
        self._value.say(str(screen.value))
        self._slider.blockSignals(True)
        self._slider.setRange(screen.least, screen.most)
        self._slider.setSingleStep(screen.step)
        self._slider.setPageStep(max(screen.step, (screen.most - screen.least) // 10))
        if not self._slider.isSliderDown():
            self._slider.setValue(screen.value)
        self._slider.blockSignals(False)
        self._slider.setEnabled(screen.can_set)
        call(self._slider, f"{screen.name} {screen.value}")
