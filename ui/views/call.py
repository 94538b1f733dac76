"""The pictures of a call, its state above, its measures below; and the bar of its acts."""

from html import escape

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.view_models.call import CallIntents, CallScreen, MeasureScreen
from ui.widgets.button import Button, Kind
from ui.widgets.dress import call, identify, mark, show_when
from ui.widgets.level_meter import LevelMeter
from ui.widgets.video_surface import PictureSource, VideoSurface
from ui.widgets.words import Words
from ui.wording import text

OWN_SHARE = 0.26  # of the large picture's width
OWN_LEAST = 130
INSET = 10
MUTE_KEYS = "Ctrl+M"


class Pictures(QWidget):
    """The far picture as large as it goes, our own small in its corner."""

    def __init__(self, far: VideoSurface, own: VideoSurface) -> None:
        super().__init__()
        self._far, self._own = far, own
        far.setParent(self)
        own.setParent(self)
        own.raise_()
        self.setMinimumSize(320, 180)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._far.setGeometry(self.rect())
        width = max(OWN_LEAST, round(self.width() * OWN_SHARE))
        height = width * 9 // 16
        self._own.setGeometry(
            QRect(self.width() - width - INSET, self.height() - height - INSET, width, height)
        )


class CallView(QFrame):
    """`far` and `own` are for the composition root: it tells them of new pictures."""

    def __init__(self, model: CallIntents, far: PictureSource, own: PictureSource) -> None:
        super().__init__()
        mark(self, "surface", "dark")
        self.far = VideoSurface("visit.far-picture", text("call.far-picture"), far)
        self.own = VideoSurface("visit.self-picture", text("call.own-picture"), own)
        self._state = Words("call-state", wraps=True, identifier="visit.call-state")
        self._measures = QLabel()
        identify(self._measures, "visit.measures")
        mark(self._measures, "words", "small-on-dark")
        self._measures.setWordWrap(True)
        self._measures.setTextFormat(Qt.TextFormat.RichText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(4)
        layout.addWidget(self._state)
        layout.addWidget(Pictures(self.far, self.own), 1)
        layout.addWidget(self._measures)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: CallScreen) -> None:
        self._state.say(screen.state, screen.state_tone, signed=True)
        self.far.say(absent=screen.far_absent, caption=screen.far_caption)
        self.own.say(absent=screen.own_absent, caption=text("call.you"))
        self._draw_measures(screen.measures)

    def _draw_measures(self, measures: tuple[MeasureScreen, ...]) -> None:
        parts = [f"{escape(one.name)} <b>{escape(one.value)}</b>" for one in measures]
        shown = " &nbsp;&nbsp; ".join(part.replace(" ", "&nbsp;") for part in parts)
        if self._measures.text() != shown:
            self._measures.setText(shown)
        call(self._measures, ", ".join(f"{one.name} {one.value}" for one in measures))


class CallBar(QFrame):
    """Join and Hang up share no place with Finish, which stands alone at the far end."""

    def __init__(self, model: CallIntents) -> None:
        super().__init__()
        mark(self, "surface", "dark")
        self._join = Button(
            "visit.join", text("call.join"), kind=Kind.PRIMARY, drawing="join", on_dark=True
        )
        self._hang_up = Button(
            "visit.hang-up", text("call.hang-up"), drawing="hang-up", on_dark=True
        )
        self._mute = Button("visit.mute", text("call.mute"), drawing="microphone", on_dark=True)
        self._camera = Button(
            "visit.camera", text("call.camera-off"), drawing="camera", on_dark=True
        )
        self._level = LevelMeter("visit.level", text("call.level"))
        self.layout_of_bar = QHBoxLayout(self)
        self.layout_of_bar.setContentsMargins(10, 4, 10, 4)
        self.layout_of_bar.setSpacing(theme.GAP)
        for part in (self._join, self._hang_up, self._mute, self._level, self._camera):
            self.layout_of_bar.addWidget(part)
        self._join.clicked.connect(model.join)
        self._hang_up.clicked.connect(model.hang_up)
        self._mute.clicked.connect(model.toggle_mute)
        self._camera.clicked.connect(model.toggle_camera)
        QShortcut(QKeySequence(MUTE_KEYS), self, model.toggle_mute)
        model.levels.connect(lambda own, _far: self._level.show_level(own))
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: CallScreen) -> None:
        show_when(self._join, not screen.is_joined)
        show_when(self._hang_up, screen.is_joined)
        self._join.allow(screen.can_join)
        self._hang_up.allow(screen.can_hang_up)
        self._mute.allow(screen.can_mute)
        self._camera.allow(screen.can_show_camera)
        muted = screen.is_muted
        self._mute.say(text("call.unmute" if muted else "call.mute"))
        self._mute.draw_icon("microphone-off" if muted else "microphone", inverted=muted)
        mark(self._mute, "alert", muted)
        is_off = not screen.is_camera_on
        self._camera.say(text("call.camera-on" if is_off else "call.camera-off"))
        self._camera.draw_icon("camera-off" if is_off else "camera", inverted=is_off)
        mark(self._camera, "alert", is_off)

    def take_focus(self) -> None:
        for button in (self._join, self._hang_up):
            if button.isEnabled() and not button.isHidden():
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return
