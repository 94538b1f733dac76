"""Hands new strips of a curve to whoever draws, at most 30 times a second, while anybody looks."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.domain.curve import STRIPS_PER_S, Strip

StripSource = Callable[[], list[Strip]]


def no_strips() -> list[Strip]:
    return []


class CurveFeed(QObject):
    """`strips` carries a list of Strip. What came while nobody looked is not drawn afterwards."""

    strips = Signal(object)

    def __init__(self, source: StripSource = no_strips) -> None:
        super().__init__()
        self._source = source
        self._lookers: set[QObject] = set()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)  # a coarse one misses every twentieth
        self._timer.setInterval(1000 // STRIPS_PER_S)
        self._timer.timeout.connect(self.look)

    def look_for(self, looker: QObject, is_looking: bool) -> None:
        """Said by each curve when it is shown and hidden."""
        if is_looking:
            if not self._lookers:
                self._source()  # of before: a sweep begins now
            self._lookers.add(looker)
            self._timer.start()
        else:
            self._lookers.discard(looker)
            if not self._lookers:
                self._timer.stop()

    def look(self) -> None:
        strips = self._source()
        if strips:
            self.strips.emit(strips)
