"""Times for an encoder that takes each uneven pause between two frames for a new frame rate.

Every second and third picture of a camera (20 of 30 a second) made libvpx send a third too much.
The times made here follow the true ones, but two neighbours differ by little.
"""

SLOWNESS = 16  # frames after which a new distance is believed
NUDGE = 0.08  # of the distance; libvpx averages what changes by less than a tenth
LONGEST = 3.0  # distances; one pause does not move the mean by more than that


class EvenTime:
    """Grows from call to call; stays within about one distance of the true time."""

    def __init__(self, ticks_per_s: int) -> None:
        self._ticks_per_s = ticks_per_s
        self._frames_per_s = 0.0
        self._distance = ticks_per_s / 30
        self._true_at: int | None = None
        self._even_at = 0.0

    def expect(self, frames_per_s: float) -> None:
        """What distance will be usual from now on."""
        if frames_per_s != self._frames_per_s:
            self._frames_per_s = frames_per_s
            self._distance = self._ticks_per_s / frames_per_s

    def even(self, at: int) -> int:
        """The time to tell for a frame of that true time, in ticks."""
        if self._true_at is None:
            self._true_at, self._even_at = at, float(at)
            return at
        pause, self._true_at = at - self._true_at, at
        self._distance += (min(pause, LONGEST * self._distance) - self._distance) / SLOWNESS
        behind = at - self._even_at - self._distance
        if behind > self._distance:  # frames were passed over
            step = self._distance + behind
        else:
            most = NUDGE * self._distance
            step = self._distance + min(max(behind / 8, -most), most)
        told = int(self._even_at)
        self._even_at = max(self._even_at + step, told + 1)
        return int(self._even_at)
