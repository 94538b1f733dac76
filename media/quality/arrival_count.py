"""What one link's picture had to put up with: asked again, recovered, given up, frozen.

Counted since the beginning of the link; whoever wants a rate takes the difference of two.
"""

from dataclasses import dataclass

FREEZE_S = 0.2  # a gap longer than this between two pictures is one


@dataclass(slots=True)
class ArrivalCount:
    """Packets where nothing else is said."""

    asked_again: int = 0  # every asking, also the second for the same packet
    recovered: int = 0  # came because they were asked for
    needless: int = 0  # were asked for and came by themselves: reordered, not lost
    late: int = 0  # came after their picture was given up, or twice
    malformed: int = 0
    given_up: int = 0  # gaps of which a part never came in time
    keys_asked: int = 0  # key frames asked of the far side
    shown: int = 0  # pictures
    skipped: int = 0  # pictures for which a newer one was due already
    freezes: int = 0
    frozen_s: float = 0.0
    delay_s: float = 0.0  # at present: how much later than the fastest way pictures are shown
    lip_offset_s: float | None = None  # at present: how far the picture is behind the voice


class FreezeWatch:
    """Tells the gaps between pictures shown to the count."""

    def __init__(self, count: ArrivalCount) -> None:
        self._count = count
        self._shown_at: float | None = None
        self._is_moving = True

    def shown(self, now: float) -> None:
        self._count.shown += 1
        if self._shown_at is not None and now - self._shown_at > FREEZE_S:
            self._count.freezes += 1
            self._count.frozen_s += now - self._shown_at
        self._shown_at = now if self._is_moving else None

    def far_camera_is(self, is_on: bool) -> None:
        """While the far side has stopped its camera nothing can freeze."""
        self._is_moving = is_on
        self._shown_at = None
