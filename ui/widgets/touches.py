"""Tells that somebody is at a window: at each key, touch or pointer, at most once a second.

Listens to the native window, which hears them before any widget does, and nothing else.
"""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from ui.widgets.attendance import SIGNS_OF_LIFE

TOLD_EVERY_S = 1.0


class Touches(QObject):
    def __init__(self, widget: QWidget, touched: Callable[[], None]) -> None:
        """Once the widget is shown: before, it has no window."""
        super().__init__(widget)
        self._touched = touched
        self._told_at = float("-inf")
        window = widget.window().windowHandle()
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in SIGNS_OF_LIFE and time.monotonic() - self._told_at >= TOLD_EVERY_S:
            self._told_at = time.monotonic()
            self._touched()
        return False
