"""Which devices are there, how well they work, and which instrument is on which port."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.domain.device import DeviceKind
from ui import theme
from ui.view_models.devices import (
    DeviceCardScreen,
    DevicesIntents,
    DevicesScreen,
    PortCardScreen,
)
from ui.views.panel import Panel
from ui.widgets.ask import Ask
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, mark, show_when
from ui.widgets.row_list import RowList
from ui.widgets.status_banner import StatusBanner
from ui.widgets.words import Words
from ui.wording import text


class Card(QFrame):
    """A row with room for buttons; reached by keyboard, its accessible name is all its words."""

    def __init__(self) -> None:
        super().__init__()
        mark(self, "surface", "card")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.content = QVBoxLayout(self)
        self.content.setContentsMargins(10, 8, 10, 8)
        self.content.setSpacing(4)


class DeviceCard(Card):
    """`place` begins the identifiers; without a model (the cart's, seen from afar) no buttons."""

    def __init__(self, place: str, kind: DeviceKind, model: DevicesIntents | None) -> None:
        super().__init__()
        self._identifier = f"{place}.{kind}"
        self._name = Words("strong", wraps=True)
        self._model = Words(wraps=True)
        self._state = Words("chip", gives_way=True, identifier=f"{self._identifier}.state")
        self._reason = Words(wraps=True, identifier=f"{self._identifier}.reason")
        self._facts = Words("small", wraps=True, identifier=f"{self._identifier}.facts")
        self._attempt = Words(wraps=True, identifier=f"{self._identifier}.attempt")
        self._try = Button(f"{self._identifier}.try", text("devices.try"))
        self._forget = Button(f"{self._identifier}.forget", text("devices.forget"))
        self._ask = Ask(
            f"{self._identifier}.forget",
            text("devices.forget-confirm"),
            text("devices.forget-cancel"),
            is_in_panel=True,
        )
        self._lay_out()
        if model is not None:
            self._try.clicked.connect(lambda: model.try_device(kind))
            self._forget.clicked.connect(self._ask_first)
            self._ask.confirmed.connect(lambda: model.forget(kind))

    def _lay_out(self) -> None:
        head, buttons = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self._name, 1)
        head.addWidget(self._state, 0, Qt.AlignmentFlag.AlignTop)
        buttons.addWidget(self._attempt, 1)
        buttons.addWidget(self._try)
        buttons.addWidget(self._forget)
        self.content.addLayout(head)
        for part in (self._model, self._reason, self._facts):
            self.content.addWidget(part)
        self.content.addLayout(buttons)
        self.content.addWidget(self._ask)

    def _ask_first(self) -> None:
        self._ask.open(text("devices.forget-question", what=self._name.text()))

    def draw(self, screen: DeviceCardScreen) -> None:
        identify(self, self._identifier, screen.spoken)
        self._name.say(screen.name)
        self._model.say(screen.model)
        self._state.say(screen.state, screen.tone, signed=True)
        self._reason.say_or_hide(screen.reason, screen.tone)
        self._facts.say(" · ".join(screen.facts))
        self._attempt.say(screen.attempt.words, screen.attempt.tone, signed=True)
        show_when(self._attempt, bool(screen.attempt.words) or screen.can_try)  # it holds the place
        self._try.say(text("devices.try"), text("devices.try-name", what=screen.name))
        self._forget.say(text("devices.forget"), text("devices.forget-name", what=screen.name))
        show_when(self._try, screen.can_try)
        show_when(self._forget, screen.can_forget)
        if not screen.can_forget:
            self._ask.close_unanswered()


class PortCard(Card):
    """A person says what is behind the port, tries it, uses it. Nothing is chosen beforehand."""

    def __init__(self, path: str, model: DevicesIntents) -> None:
        super().__init__()
        self._title = Words("strong", wraps=True)
        self._facts = Words("small", wraps=True)
        self._choice = QComboBox()
        self._choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._attempt = Words(wraps=True)
        self._try = Button("", text("devices.try"))
        self._use = Button("", text("devices.use"), kind=Kind.PRIMARY)
        self._can_act = True
        self._lay_out()
        self._choice.currentIndexChanged.connect(lambda _: self._allow())
        self._try.clicked.connect(lambda: model.try_port(path, self._place))
        self._use.clicked.connect(lambda: model.use(path, self._place))

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self._attempt, 1)
        buttons.addWidget(self._try)
        buttons.addWidget(self._use)
        for part in (self._title, self._facts, self._choice):
            self.content.addWidget(part)
        self.content.addLayout(buttons)

    @property
    def _place(self) -> int:
        """Of the chosen model; -1 while none is, as the first entry only asks for one."""
        return self._choice.currentIndex() - 1

    def draw(self, place: int, screen: PortCardScreen) -> None:
        identify(self, f"port.{place}", screen.spoken)
        identify(self._choice, f"port.{place}.model", text("devices.choose"))
        self._choice.setAccessibleDescription(screen.title)
        for button, word in ((self._try, "try"), (self._use, "use")):
            identify(button, f"port.{place}.{word}")
        identify(self._attempt, f"port.{place}.attempt")
        self._title.say(screen.title)
        self._facts.say(" · ".join(screen.facts))
        self._draw_models(screen.models)
        self._attempt.say(screen.attempt.words, screen.attempt.tone, signed=True)
        self._try.say(text("devices.try"), text("devices.try-name", what=screen.title))
        self._use.say(text("devices.use"), text("devices.use-name", what=screen.title))
        self._can_act = screen.can_act
        self._allow()

    def _draw_models(self, models: tuple[str, ...]) -> None:
        shown = [text("devices.choose-model"), *models]
        if [self._choice.itemText(place) for place in range(self._choice.count())] != shown:
            self._choice.clear()
            self._choice.addItems(shown)

    def _allow(self) -> None:
        for button in (self._try, self._use):
            button.allow(self._can_act and self._place >= 0)


class DevicesView(QWidget):
    def __init__(self, model: DevicesIntents, look: theme.Look) -> None:
        super().__init__()
        mark(self, "surface", "ground")
        self._model = model
        self._back = Button("devices.back", text("devices.back"), drawing="back")
        self._title = Words("title")
        self._message = StatusBanner("devices.message")
        self._ask = Ask("devices", text("devices.question-yes"), text("devices.question-no"))
        self._devices: RowList[DeviceKind, DeviceCard] = RowList(
            "devices.list", text("devices.list"), text("devices.none")
        )
        self._far: RowList[DeviceKind, DeviceCard] = RowList(
            "devices.far", text("devices.far"), text("devices.far-none")
        )
        self._ports: RowList[str, PortCard] = RowList(
            "devices.ports", text("devices.ports"), text("devices.no-ports")
        )
        self._far_panel = Panel("devices.far-panel", text("devices.far"))
        self._lay_out()
        self._back.clicked.connect(model.back)
        self._ask.confirmed.connect(lambda: model.answer_question(True))
        self._ask.cancelled.connect(lambda: model.answer_question(False))
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _lay_out(self) -> None:
        head, columns, right = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._back)
        head.addWidget(self._title)
        head.addStretch(1)
        here = Panel("devices.here-panel", text("devices.list"))
        here.content.addWidget(self._devices, 1)
        ports = Panel("devices.ports-panel", text("devices.ports"))
        ports.content.addWidget(self._ports, 1)
        self._far_panel.content.addWidget(self._far, 1)
        for cards in (self._devices, self._far, self._ports):
            cards.space_rows(8)
        right.setSpacing(12)
        right.addWidget(self._far_panel, 3)
        right.addWidget(ports, 2)
        columns.setSpacing(12)
        columns.addWidget(here, 1)
        columns.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 8)
        layout.setSpacing(10)
        layout.addLayout(head)
        layout.addWidget(self._message)
        layout.addWidget(self._ask)
        layout.addLayout(columns, 1)

    def draw(self, screen: DevicesScreen) -> None:
        self._title.say(screen.title)
        self._message.tell(screen.message, tone=screen.message_tone)
        self._draw_question(screen.question)
        kinds = [card.kind for card in screen.devices]
        cards = self._devices.show_rows(
            kinds, lambda kind: DeviceCard("devices.here", kind, self._model)
        )
        for row, card in zip(cards, screen.devices, strict=True):
            row.draw(card)
        self._draw_ports(screen)
        self._draw_far(screen)

    def _draw_question(self, question: str) -> None:
        if not question:
            self._ask.close_unanswered()
        elif not self._ask.is_open:
            self._ask.open(question)

    def _draw_ports(self, screen: DevicesScreen) -> None:
        paths = [port.path for port in screen.ports]
        rows = self._ports.show_rows(paths, lambda path: PortCard(path, self._model))
        for place, (row, port) in enumerate(zip(rows, screen.ports, strict=True), start=1):
            row.draw(place, port)

    def _draw_far(self, screen: DevicesScreen) -> None:
        show_when(self._far_panel, screen.has_far)
        self._far_panel.remark.say_or_hide(screen.far_remark if screen.far else "")
        kinds = [card.kind for card in screen.far]
        rows = self._far.show_rows(kinds, lambda kind: DeviceCard("devices.cart", kind, None))
        for row, card in zip(rows, screen.far, strict=True):
            row.draw(card)

    def take_focus(self) -> None:
        self._back.setFocus()
