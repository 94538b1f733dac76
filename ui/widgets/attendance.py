"""Whether somebody is at this window: it has the keyboard, and was touched a short while ago.

Listens to the native window, which hears each key, touch and pointer before any widget does.
"""

import time

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QWidget

ATTENDED_S = 120.0  # a screen that nobody has touched for longer may stand in an empty room

SIGNS_OF_LIFE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)


class Attendance(QObject):
    """`came` when somebody is there again after a pause, or the window got the keyboard."""

    came = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._watched: QObject | None = None
        self._touched_at = float("-inf")

    def watch(self) -> None:
        """Once the widget is shown: before, it has no window."""
        window = self._widget.window().windowHandle()
        if window is not None and window is not self._watched:
            self._watched = window
            window.installEventFilter(self)

    @property
    def is_there(self) -> bool:
        is_active = self._widget.isVisible() and self._widget.isActiveWindow()
        return is_active and time.monotonic() - self._touched_at < ATTENDED_S

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in SIGNS_OF_LIFE:
            was_there = self.is_there
            self._touched_at = time.monotonic()
            if not was_there and self.is_there:
                self.came.emit()
        return False
