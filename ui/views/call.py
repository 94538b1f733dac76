"""The pictures of a call, its state above, its measures below; and the bar of its acts."""

from html import escape

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.domain.exam_camera import Focus
from ui import theme
from ui.view_models.call import CallIntents, CallScreen, MeasureScreen
from ui.view_models.exam_camera import ExamIntents, ExamScreen
from ui.view_models.stills import StillsIntents
from ui.views.exam_camera import ExamBar
from ui.views.ladder import LadderView
from ui.widgets.button import Button, Kind
from ui.widgets.dress import call, identify, mark, show_when
from ui.widgets.level_meter import LevelMeter
from ui.widgets.video_surface import PictureSources, VideoSurface
from ui.widgets.words import Words
from ui.wording import spoken, text

OWN_SHARE = 0.26  # of the large picture's width
OWN_LEAST = 130
INSET = 10
ROOM_FOR_THREE = 220
MUTE_KEYS = "Ctrl+M"


class Pictures(QWidget):
    """What is looked at as large as it goes, the others small in its corners; two alike side by
    side. An exam camera's picture has a place only while there is one.
    """

    def __init__(self, far: VideoSurface, own: VideoSurface, exam: VideoSurface) -> None:
        super().__init__()
        self._far, self._own, self._exam = far, own, exam
        self._focus: Focus | None = None
        for surface in (far, own, exam):
            surface.setParent(self)
        exam.setVisible(False)
        own.raise_()
        self.setMinimumSize(240, 135)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def look_at(self, focus: Focus | None) -> None:
        """None: no exam picture stands on the screen."""
        if focus is self._focus:
            return
        self._focus = focus
        self._exam.be_small(focus is Focus.FACE)
        self._far.be_small(focus is Focus.EXAM)
        (self._far if focus is Focus.EXAM else self._exam).raise_()
        self._own.raise_()
        self._arrange()
        show_when(self._exam, focus is not None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        whole = self.rect()
        if self._focus is Focus.BESIDE:
            half = (whole.width() - INSET) // 2
            self._exam.setGeometry(QRect(0, 0, half, whole.height()))
            self._far.setGeometry(QRect(whole.width() - half, 0, half, whole.height()))
        else:
            is_exam_large = self._focus is Focus.EXAM
            large, small = (self._exam, self._far) if is_exam_large else (self._far, self._exam)
            large.setGeometry(whole)
            small.setGeometry(self._corner(is_top=True))
        self._own.setGeometry(self._corner(is_top=False))
        # Three pictures on little room: what a person is here for is not covered by themselves.
        show_when(self._own, self._focus is None or whole.height() >= ROOM_FOR_THREE)

    def _corner(self, *, is_top: bool) -> QRect:
        """At the right, on the large picture, not beside it, when that is 16 to 9."""
        large = QSize(16, 9).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        width = max(OWN_LEAST, round(large.width() * OWN_SHARE))
        height = width * 9 // 16
        right = (self.width() + large.width()) // 2 - INSET
        bottom = (self.height() + large.height()) // 2 - INSET
        top = (self.height() - large.height()) // 2 + INSET
        return QRect(right - width, top if is_top else bottom - height, width, height)


class CallView(QFrame):
    """`far`, `own` and `exam` are for the composition root: it tells them of new pictures."""

    def __init__(
        self,
        model: CallIntents,
        exam_model: ExamIntents,
        stills_model: StillsIntents,
        sources: PictureSources,
        beside_state: Words,
    ) -> None:
        super().__init__()
        mark(self, "surface", "dark")
        self.far = VideoSurface("visit.far-picture", text("call.far-picture"), sources.far)
        self.own = VideoSurface(
            "visit.self-picture", text("call.own-picture"), sources.own, is_small=True
        )
        self.exam = VideoSurface(
            "visit.exam-picture", text("exam.picture"), sources.exam, is_overlaid=True
        )
        self._pictures = Pictures(self.far, self.own, self.exam)
        self._exam_bar = ExamBar(exam_model, stills_model, lambda: self.exam.shown_as)
        self._state = Words("call-state", wraps=True, identifier="visit.call-state")
        self.ladder = LadderView(model)
        self._measures = QLabel()
        identify(self._measures, "visit.measures")
        mark(self._measures, "words", "small-on-dark")
        self._measures.setWordWrap(True)
        self._measures.setTextFormat(Qt.TextFormat.RichText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._state, 1)
        head.addWidget(beside_state, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(head)
        layout.addWidget(self._pictures, 1)
        layout.addWidget(self._exam_bar)
        layout.addWidget(self.ladder)
        layout.addWidget(self._measures)
        model.changed.connect(self.draw)
        exam_model.changed.connect(self._draw_exam)
        self.draw(model.screen)
        self._draw_exam(exam_model.screen)

    def _draw_exam(self, screen: ExamScreen) -> None:
        self.exam.say(absent=screen.absent, gone=screen.gone, caption=screen.caption)
        self._pictures.look_at(screen.focus)
        show_when(self._measures, screen.focus is None)  # its picture wants the room

    def draw(self, screen: CallScreen) -> None:
        self._state.say(screen.state, screen.state_tone, signed=True)
        self.far.say(absent=screen.far_absent, gone=screen.far_gone, caption=screen.far_caption)
        self.own.say(absent=screen.own_absent, caption=screen.own_caption or text("call.you"))
        self._draw_measures(screen.measures, screen.more_measures)

    def _draw_measures(
        self, measures: tuple[MeasureScreen, ...], more: tuple[MeasureScreen, ...]
    ) -> None:
        parts = [f"{escape(one.name)} <b>{escape(one.value)}</b>" for one in measures]
        shown = " &nbsp;&nbsp; ".join(part.replace(" ", "&nbsp;") for part in parts)
        if self._measures.text() != shown:
            self._measures.setText(shown)
        everything = [spoken(f"{one.name} {one.value}") for one in (*measures, *more)]
        call(self._measures, ", ".join(everything))
        if self._measures.toolTip() != "\n".join(everything):
            self._measures.setToolTip("\n".join(everything))


class CallBar(QFrame):
    """Join, Hang up and Finish each keep their own place, so that no double press does two."""

    focus_freed = Signal()  # the keyboard goes elsewhere

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
        self._camera = Button("visit.camera", text("call.camera"), drawing="camera", on_dark=True)
        self._level = LevelMeter("visit.level", text("call.level"))
        self.layout_of_bar = QHBoxLayout(self)
        self.layout_of_bar.setContentsMargins(10, 4, 10, 4)
        self.setMinimumHeight(theme.CALL_BAR)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.layout_of_bar.setSpacing(theme.GAP)
        for part in (self._join, self._hang_up, self._mute, self._level, self._camera):
            self.layout_of_bar.addWidget(part)
        self._join.clicked.connect(model.join)
        self._hang_up.clicked.connect(model.hang_up)
        self._mute.clicked.connect(model.toggle_mute)
        self._camera.clicked.connect(model.toggle_camera)
        QShortcut(QKeySequence(MUTE_KEYS), self, model.toggle_mute)
        self._is_muted = False
        model.levels.connect(self._show_level)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: CallScreen) -> None:
        if self.window().focusWidget() is self._join and not screen.can_join:
            self.focus_freed.emit()  # Qt would go on to Hang up; a second press would hang up
        self._join.allow(screen.can_join)
        self._hang_up.allow(screen.can_hang_up)
        if self._is_muted != screen.is_muted:
            self._is_muted = screen.is_muted
            self._level.show_level(0.0)
        self._mute.allow(screen.can_mute)
        self._camera.allow(screen.can_show_camera)
        muted = screen.is_muted
        if muted:
            self._mute.say(text("call.muted"), text("call.unmute-name"))
        else:
            self._mute.say(text("call.mute"))
        self._mute.draw_icon("microphone-off" if muted else "microphone", inverted=muted)
        mark(self._mute, "alert", muted)
        is_off = not screen.is_camera_on
        key = "call.camera-is-off" if is_off else "call.camera"
        self._camera.say(text(key), text(f"{key}-name"))
        self._camera.draw_icon("camera-off" if is_off else "camera", inverted=is_off)
        mark(self._camera, "alert", is_off)

    def _show_level(self, own: float, _far: float) -> None:
        """Muted, nobody hears us, so nothing moves."""
        self._level.show_level(0.0 if self._is_muted else own)

    def take_focus(self) -> None:
        """To Join, or nowhere here: nobody ends a call by a key pressed too early."""
        if self._join.isEnabled():
            self._join.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.focus_freed.emit()
