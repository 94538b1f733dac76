"""Paints the newest picture it is given. A picture that stands still is said to be frozen.

Knows no codec: a source hands over pictures in BGRA, already of the size that `wanted` told.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout

from app.domain.picture import Layout, Picture
from ui import theme
from ui.widgets.dress import call, identify, show_when
from ui.widgets.words import Words
from ui.wording import text, time_of_day

FROZEN_AFTER_S = 1.0
LOOK_EVERY_MS = 250
WORDS_INSET = 6
PictureSource = Callable[[], Picture | None]


@dataclass(frozen=True, slots=True)
class PictureSources:
    """Where the pictures of a call come from: the far face, our own, the exam camera's."""

    far: PictureSource
    own: PictureSource
    exam: PictureSource


def _utc_now() -> datetime:
    return datetime.now(UTC)


class VideoSurface(QLabel):
    """`painted(sequence)` comes after the paint of a new picture, `wanted(w, h)` in device pixels.

    The source answers None when the picture is over, the same picture again when none is newer.

    A QLabel with a pixmap by descent, so that a screen reader meets a graphic.
    """

    painted = Signal(int)
    wanted = Signal(int, int)

    def __init__(
        self,
        identifier: str,
        name: str,
        source: PictureSource,
        *,
        is_small: bool = False,
        is_overlaid: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        super().__init__()
        identify(self, identifier, name)
        self.setPixmap(QPixmap(1, 1))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._name = name
        self._source = source
        self._is_small = is_small  # it lies on a larger one: with an edge, and few words
        self._may_caption = True
        self._monotonic = monotonic
        self._now = now
        self._image = QImage()
        self._sequence: int | None = None
        self._taken: tuple[int, float] | None = None  # outlives the picture itself
        self._new_at = monotonic()
        self._is_frozen = False
        self._frozen_since = now()
        self._frozen_said = ""
        self._absent = self._gone = ""
        self._told = QSize()
        self._build(identifier, is_overlaid=is_overlaid)
        self._watch = QTimer(self)
        self._watch.setInterval(LOOK_EVERY_MS)
        self._watch.timeout.connect(self.look)
        self._watch.start()

    def _build(self, identifier: str, *, is_overlaid: bool) -> None:
        """Where smaller pictures lie on its right side, words stand on its left."""
        self._frozen_words = Words("frozen", identifier=f"{identifier}-frozen")
        self._absent_words = Words("on-dark", wraps=True, identifier=f"{identifier}-absent")
        centre, left = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignLeft
        self._absent_words.setAlignment(left if is_overlaid else centre)
        self._caption = Words("caption", identifier=f"{identifier}-caption")
        layout = QVBoxLayout(self)
        layout.addWidget(self._frozen_words, 0, left)  # another picture may lie on its right side
        layout.addStretch(1)
        layout.addWidget(self._absent_words)
        layout.addStretch(1)
        layout.addWidget(self._caption, 0, left)
        for words in (self._frozen_words, self._caption):
            words.setVisible(False)
        self.say(absent=text("picture.none"))

    def sizeHint(self) -> QSize:
        return QSize(480, 270)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 68)

    @property
    def is_frozen(self) -> bool:
        return self._is_frozen

    @property
    def has_picture(self) -> bool:
        return not self._image.isNull()

    @property
    def shown_as(self) -> float | None:
        """The capture time of the picture that stands here; None: none does."""
        return self._taken[1] if self.has_picture and self._taken is not None else None

    def be_small(self, is_small: bool) -> None:
        """It lies on a larger one from now on, or no more: small it has no room for a caption."""
        if is_small != self._is_small:
            self._is_small = is_small
            show_when(self._caption, bool(self._caption.text()) and not is_small)
            self._may_caption = not is_small
            self._place_words()
            self._tell()
            self.update()

    def say(self, *, absent: str, gone: str = "", caption: str = "") -> None:
        """`absent` is said instead of a picture; not empty, it also removes the last picture.

        `gone` tells why none comes any more: it removes the last one once, and a new one is shown.
        """
        is_newly_gone = bool(gone) and not self._gone
        self._absent, self._gone = absent, gone
        if (absent or is_newly_gone) and self.has_picture:
            self._forget()
        self._caption.say(caption)
        show_when(self._caption, bool(caption) and self._may_caption)
        self._tell()

    def notify(self) -> None:
        """A newer picture may be there; however often this is asked, it is painted once."""
        self.update()

    def look(self) -> None:
        """Is the picture still alive? Asked by our timer, because a stopped stream says nothing."""
        silent_s = self._monotonic() - self._new_at
        is_frozen = self.has_picture and silent_s > FROZEN_AFTER_S
        if is_frozen == self._is_frozen:
            return
        self._is_frozen = is_frozen
        if is_frozen:
            self._frozen_since = self._now() - timedelta(seconds=silent_s)
            self._say_frozen()
        self._tell()
        self.update()

    def _say_frozen(self) -> None:
        """Since when, where the picture is wide enough for it; a screen reader has the room."""
        short, since = text("picture.frozen-short"), time_of_day(self._frozen_since)
        self._frozen_said = short if self._is_small else text("picture.frozen", time=since)
        self._frozen_words.say(self._frozen_said)
        if self._frozen_words.sizeHint().width() > self._fitted().width() - 2 * WORDS_INSET:
            self._frozen_words.say(short)

    def _tell(self) -> None:
        show_when(self._frozen_words, self._is_frozen)
        waiting = text("picture.waiting-short" if self._is_small else "picture.waiting")
        words = "" if self.has_picture else self._absent or self._gone or waiting
        self._absent_words.say_or_hide(words)
        state = self._frozen_said if self._is_frozen else words
        caption = self._caption.text()
        call(self, ", ".join(part for part in (self._name, caption, state) if part))

    def _forget(self) -> None:
        self._image = QImage()
        self._sequence = None
        self._is_frozen = False
        self.update()

    def _take(self) -> bool:
        """Copy a new picture: what the source hands over lives only until its next one."""
        if self._absent:
            return False
        picture = self._source()
        if picture is None:
            if self.has_picture:
                self._forget()
                QTimer.singleShot(0, self, self._tell)
            return False
        if (picture.sequence, picture.captured_at) == self._taken:
            return False
        had_picture, before = self.has_picture, self._image.size()
        age_s = self._monotonic() - picture.captured_at
        if not had_picture and age_s > FROZEN_AFTER_S:
            return False  # left over from an earlier call: never shown as if it were live
        assert picture.layout is Layout.BGRA
        self._taken = (picture.sequence, picture.captured_at)
        self._image = QImage(
            picture.data,
            picture.width,
            picture.height,
            picture.width * 4,
            QImage.Format.Format_RGB32,
        ).copy()
        self._sequence = picture.sequence
        self._new_at = min(self._monotonic(), picture.captured_at)
        if self._is_frozen or not had_picture:
            self._is_frozen = False
            QTimer.singleShot(0, self, self._tell)  # labels are not moved in the middle of a paint
        if self._image.size() != before:
            QTimer.singleShot(0, self, self._place_words)
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        is_new = self._take()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.DARK))
        if self.has_picture:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._fitted(), self._shown_image())
        if self._is_small:
            painter.setPen(QColor(theme.DARK_EDGE))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
        if is_new and self._sequence is not None:
            self.painted.emit(self._sequence)

    def _shown_image(self) -> QImage:
        if not self._is_frozen:
            return self._image
        return self._image.convertToFormat(QImage.Format.Format_Grayscale8)

    def _fitted(self) -> QRect:
        """As large as it goes without cutting or stretching."""
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        where = QRect(0, 0, size.width(), size.height())
        where.moveCenter(self.rect().center())
        return where

    def _place_words(self) -> None:
        """Words lie on the picture, not on the dark edges beside it; a small one has no room."""
        is_on_picture = self.has_picture and not self._is_small
        picture = self._fitted() if is_on_picture else self.rect()
        layout = self.layout()
        if layout is not None:
            right = self.width() - picture.right() - 1
            bottom = self.height() - picture.bottom() - 1
            inset = WORDS_INSET
            layout.setContentsMargins(
                picture.left() + inset, picture.top() + inset, right + inset, bottom + inset
            )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_words()
        if self._is_frozen:
            self._say_frozen()
        self._tell_size()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_size()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nobody needs to scale pictures for us."""
        super().hideEvent(event)
        self._told = QSize()
        self.wanted.emit(0, 0)

    def _tell_size(self) -> None:
        if not self.isVisible():
            return
        size = self.size() * self.devicePixelRatioF()
        if size != self._told and not size.isEmpty():
            self._told = size
            self.wanted.emit(size.width(), size.height())
