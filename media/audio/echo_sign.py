"""Whether what is played can be heard here at all: with a headset it cannot.

Then nobody's words may be cut for an echo that is none. In doubt there is one.
"""

LINGERS = 30  # blocks of 10 ms: no room answers later
PLAYED = 1e-7  # full scale is 1: less is silence
LOUD = 1e-4  # of the far voice, smoothed: its echo would be heard
SMOOTH = 0.2
LOUD_LONG = 25  # blocks: its echo would have come by now, whatever the delay
FAR_BELOW = 10**-4.5  # of what is played: such an echo is none
SILENT_FOR = 30  # blocks of a loud far voice and of silence here
JUDGED_AFTER = 400  # blocks of a loud far voice in which the filter could have learned
SLOW, QUICK = 0.005, 0.1  # of the powers that are compared, per block
FORETOLD = 0.4  # of the echo that the filter foretells is in what is heard: less is chance
TOO_LITTLE = 1e-3  # of what is heard: such an echo is not heard beside it
FOUND = 0.5  # no more is left: there is an echo
HEARD = 1e-6


class EchoSign:
    """Told the powers of each block: played, heard here, left when the known echo is taken off."""

    def __init__(self) -> None:
        self._since_played = LINGERS
        self._far = self._here = 0.0
        self._loud = self._silent = self._judged = 0
        self._slow = [0.0, 0.0, 0.0]  # heard, foretold, foretold and there
        self._quick = [0.0, 0.0]  # heard, left
        self._is_none = False

    @property
    def is_possible(self) -> bool:
        """An echo may be in the next block."""
        return self._since_played < LINGERS and not self._is_none

    @property
    def is_none(self) -> bool:
        """What was played was not heard here, so nothing that is played next will be."""
        return self._is_none

    @property
    def is_playing(self) -> bool:
        """Something is played, or was just now."""
        return self._since_played < LINGERS

    def played(self, far: float) -> None:
        """Of the block that comes next; before it is filtered."""
        self._since_played = 0 if far > PLAYED else self._since_played + 1
        self._far += SMOOTH * (far - self._far)
        self._loud = self._loud + 1 if self._far > LOUD else 0

    def heard(self, here: float, left: float, foretold: float, along: float) -> None:
        """Of the same block; `along`: how much of what was foretold of its echo is in it."""
        self._here += SMOOTH * (here - self._here)
        _smooth(self._quick, QUICK, (here, left))
        if self._quick[0] > HEARD and self._quick[1] < FOUND * self._quick[0]:
            self._is_none, self._silent, self._judged = False, 0, 0
            return
        if self._loud == 0:
            return
        _smooth(self._slow, SLOW, (here, foretold, along))
        self._judged += 1
        if self._loud > LOUD_LONG and self._here < FAR_BELOW * self._far:
            self._silent += 1
        heard, foretold, there = self._slow
        is_unfound = there < max(FORETOLD * foretold, TOO_LITTLE * heard)
        if self._silent >= SILENT_FOR or (self._judged >= JUDGED_AFTER and is_unfound):
            self._is_none = True


def _smooth(powers: list[float], share: float, newest: tuple[float, ...]) -> None:
    for place, power in enumerate(newest):
        powers[place] += share * (power - powers[place])
