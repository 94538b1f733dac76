"""How loud the room is while nobody speaks: a quiet one needs nothing taken off the voice.

libwebrtc's noise suppression costs speech from a quiet room 0.7 of PESQ-WB, its canceller and
high-pass 0.3 each.
"""

SMOOTH = 0.2  # of the newest block of 10 ms
LOOKED_AT = 1000  # blocks: whoever reads aloud may speak for six seconds without a pause
QUIET = 10**-6.5  # -65 dB of full scale: nobody hears it beside a voice
WELL_BELOW = 10**-3.5  # of the loudest voice
FORGETS = 0.999  # of the loudest, per block
PAUSE = 10**-1.2  # of the loudest voice: there 10 ms more or less are hardly heard


class RoomNoise:
    """Told the power of each block that is heard; 1 is full scale."""

    def __init__(self) -> None:
        self._level: float | None = None
        self._least = self._least_before = 1.0
        self._blocks = 0
        self._loudest = 0.0

    @property
    def is_quiet(self) -> bool:
        floor = min(self._least, self._least_before)
        return floor < max(QUIET, WELL_BELOW * self._loudest)

    @property
    def is_pause(self) -> bool:
        """Nobody speaks just now, or so softly that a leap in time is not heard."""
        return self._level is not None and self._level < max(PAUSE * self._loudest, QUIET)

    def heard(self, power: float) -> None:
        level = power if self._level is None else self._level + SMOOTH * (power - self._level)
        self._level = level
        self._loudest = max(level, self._loudest * FORGETS)
        self._blocks += 1
        if self._blocks % LOOKED_AT == 0:
            self._least_before, self._least = self._least, level
        self._least = min(self._least, level)
