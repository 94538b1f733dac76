"""The bar under every page: is the server there, is anything unsent, whose screen is this."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from ui.tone import Tone
from ui.view_models.status import StatusIntents, StatusScreen
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, mark, show_when, tone_of
from ui.widgets.words import SIGNS, Words
from ui.wording import text


class StatusView(QFrame):
    def __init__(self, model: StatusIntents) -> None:
        super().__init__()
        mark(self, "surface", "status")
        identify(self, "status")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._server = Words("small", gives_way=True, identifier="status.server")
        self._unsent = Button("status.unsent", "", kind=Kind.STATUS)
        self._conflicts = Button("status.conflicts", "", kind=Kind.STATUS)
        self._clock = Words("small", gives_way=True, identifier="status.clock")
        self._confirm_clock = Button(
            "status.clock-confirm", text("status.confirm-clock"), kind=Kind.STATUS
        )
        self._store = Words("small", gives_way=True, lines=3, identifier="status.store")
        self._person = Words("small", gives_way=True, lines=3, identifier="status.person")
        self._demonstration = Words("mark", gives_way=True, identifier="status.demonstration")
        self._devices = Button("status.devices", "", kind=Kind.STATUS)
        self._devices.say(text("devices.open"), text("devices.open-name"))
        self._lock = Button("status.lock", text("status.lock"), kind=Kind.STATUS)
        self._sign_out = Button("status.sign-out", text("status.sign-out"), kind=Kind.STATUS)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 2, 12, 2)
        layout.setSpacing(8)
        left = (
            self._server,
            self._unsent,
            self._conflicts,
            self._clock,
            self._confirm_clock,
            self._store,
        )
        for part in left:
            layout.addWidget(part)
        layout.addStretch(1)
        right = (self._devices, self._lock, self._sign_out)
        for part in (self._demonstration, self._person, *right):
            layout.addWidget(part)
        self._unsent.clicked.connect(model.open_unsent)
        self._conflicts.clicked.connect(model.open_conflicts)
        self._devices.clicked.connect(model.open_devices)
        self._confirm_clock.clicked.connect(model.confirm_clock)
        self._lock.clicked.connect(model.lock)
        self._sign_out.clicked.connect(model.sign_out)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: StatusScreen) -> None:
        self._server.say(screen.server, screen.server_tone, signed=True)
        self._unsent.say(SIGNS[screen.unsent_tone] + screen.unsent, screen.unsent)
        tone_of(self._unsent, screen.unsent_tone)
        self._unsent.allow(screen.can_open_unsent)
        show_when(self._unsent, bool(screen.unsent))
        tone_of(self._conflicts, Tone.BAD)
        self._conflicts.say(SIGNS[Tone.BAD] + screen.conflicts, screen.conflicts)
        show_when(self._conflicts, bool(screen.conflicts))
        self._clock.say_or_hide(screen.clock, screen.clock_tone, signed=True)
        show_when(self._confirm_clock, screen.can_confirm_clock)
        self._store.say_or_hide(screen.store, screen.store_tone, signed=True)
        self._person.say_or_hide(screen.person)
        self._demonstration.say_or_hide(screen.demonstration)
        show_when(self._devices, screen.can_open_devices)
        show_when(self._lock, screen.can_lock)
        show_when(self._sign_out, screen.can_sign_out)
