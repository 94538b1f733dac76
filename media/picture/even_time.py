"""Times for an encoder that takes each uneven pause between two frames for a new frame rate.

Every second and third picture of a camera (20 of 30 a second) made libvpx send a third too much,
and after a pause its next key frame would spend all the bits that were not sent in it.
"""

SLOWNESS = 16  # frames after which a new distance is believed
NUDGE = 0.08  # of the distance; libvpx averages what changes by less than a tenth
LONGEST = 1.5  # distances: more of a pause is not told


class EvenTime:
    """Grows from call to call, as fast as the true time but for pauses; neighbours are alike."""

    def __init__(self, ticks_per_s: int) -> None:
        self._ticks_per_s = ticks_per_s
        self._frames_per_s = 0.0
        self._distance = ticks_per_s / 30
        self._true_at: int | None = None
        self._behind = 0.0
        self._told_at = 0

    def expect(self, frames_per_s: float) -> None:
        """What distance will be usual from now on."""
        if frames_per_s != self._frames_per_s:
            self._frames_per_s = frames_per_s
            self._distance = self._ticks_per_s / frames_per_s
            self._behind = 0.0

    def even(self, at: int) -> int:
        """The time to tell for a frame of that true time, in ticks."""
        if self._true_at is None:
            self._true_at = at
            return self._told_at
        pause = min(at - self._true_at, LONGEST * self._distance)
        self._true_at = at
        self._distance += (pause - self._distance) / SLOWNESS
        self._behind += pause - self._distance
        most = NUDGE * self._distance
        nudge = min(max(self._behind / 8, -most), most)
        self._behind -= nudge
        self._told_at += max(1, round(self._distance + nudge))
        return self._told_at
