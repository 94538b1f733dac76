"""The page of body sounds beside the call: the body, the sound that runs, the kept ones."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget

from app.domain.body_sites import Aspect
from ui import theme
from ui.view_models.scope import ScopeIntents, ScopeScreen
from ui.views.kept_outside import KeptOutsideView
from ui.views.kept_sounds import KeptSoundsView
from ui.views.live_sound import LiveSoundView
from ui.views.panel import Panel
from ui.widgets.body_map import BodyMap
from ui.widgets.button import Button
from ui.widgets.curve_feed import CurveFeed
from ui.widgets.dress import mark
from ui.widgets.words import Words
from ui.wording import text


class BodySiteView(Panel):
    """Where the instrument stands; at the cart also where it shall."""

    def __init__(self, model: ScopeIntents, look: theme.Look) -> None:
        super().__init__("body", text("body.title"))
        self._map = BodyMap("body.map", text("body.map"), look)
        self._turn = Button("body.turn", text("body.turn-back"))
        self._chosen = Words("strong", gives_way=True, identifier="body.chosen")
        self.head.addWidget(self._chosen)
        self.head.addWidget(self._turn)
        self.content.addWidget(self._map, 1)
        self._map.chosen.connect(model.choose_site)
        self._turn.clicked.connect(model.turn)

    def draw(self, screen: ScopeScreen) -> None:
        self._map.show_sites(screen.aspect, screen.sites)
        key = "body.turn-back" if screen.aspect is Aspect.FRONT else "body.turn-front"
        self._turn.say(text(key))
        self._chosen.say(screen.chosen)


class ScopeView(Panel):
    """`body` and `outside` stand elsewhere on the page, one at a time; they are drawn with this."""

    def __init__(self, model: ScopeIntents, look: theme.Look, feed: CurveFeed) -> None:
        super().__init__("sounds", text("sounds.title"))
        self.body = BodySiteView(model, look)
        self.outside = KeptOutsideView(model)
        self._model = model
        self._now = Button("sounds.now", text("sounds.now"))
        self._kept = Button("sounds.kept", text("sounds.kept"))
        self._close = Button("sounds.close", text("sounds.close"), drawing="back")
        self._close.say(text("sounds.close"), text("sounds.close-name"))
        self._message = Words("chip", wraps=True, identifier="sounds.message")
        self._live_view = LiveSoundView(model, feed)
        self._kept_view = KeptSoundsView(model)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._live_view)
        self._pages.addWidget(self._kept_view)
        for button in (self._now, self._kept, self._close):
            self.head.addWidget(button)
        self.content.addWidget(self._message)
        self.content.addWidget(self._pages, 1)
        self._now.clicked.connect(lambda: model.show_kept(False))
        self._kept.clicked.connect(lambda: model.show_kept(True))
        self._close.clicked.connect(model.close)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: ScopeScreen) -> None:
        if not screen.is_open:
            return
        self.body.draw(screen)
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        mark(self._now, "chosen", not screen.shows_kept)
        mark(self._kept, "chosen", screen.shows_kept)
        self._pages.setCurrentWidget(self._kept_view if screen.shows_kept else self._live_view)
        if screen.shows_kept:
            self._kept_view.draw(screen.kept)
            self.outside.draw(screen.kept)
        else:
            self._live_view.draw(screen)

    def take_focus(self) -> None:
        self._now.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._model.close()
        else:
            super().keyPressEvent(event)
