"""Whether somebody speaks here while the far voice is heard: then nothing may be suppressed.

By what is left when the known echo is taken off, against what was left of it in the best moments.
"""

SMOOTH = 0.4  # of the newest block of 10 ms
A_VOICE = 0.16  # what is left, as a share of the echo: less is no voice that could not wait
CLEARLY_MORE = 6.0  # in power: so much above what is usually left of the echo is a voice
USEFUL = 0.08  # what is usually left when taking off does as much as is needed
QUIET = 1e-6  # full scale is 1: nobody speaks below
LEARNS = 0.01  # of the share of one block
SURE_AFTER = 4  # blocks in a row: the first of a word of the far side is badly known, too
HOLDS = 20  # blocks after the last sign of a voice
WRONG = 1.5  # more is left than was heard: the way is another one now
WRONG_FOR = 30  # blocks


class TalkWatch:
    """Told the powers of each block."""

    def __init__(self) -> None:
        self._echo = self._left = self._heard = 0.0
        self._usually_left = 1.0
        self._holds = self._signs = 0
        self._wrong = 0

    @property
    def is_both(self) -> bool:
        """Both speak, and what is left of the echo is little enough to be sent as it is."""
        return self._holds > 0

    @property
    def has_moved(self) -> bool:
        """The way of the echo is not the one that was learned."""
        return self._wrong >= WRONG_FOR

    def see(self, echo: float, left: float, heard: float) -> None:
        self._echo += SMOOTH * (echo - self._echo)
        self._left += SMOOTH * (left - self._left)
        self._heard += SMOOTH * (heard - self._heard)
        self._wrong = self._wrong + 1 if self._left > WRONG * self._heard > QUIET else 0
        self._holds = max(0, self._holds - 1)
        if self._echo < QUIET:
            return
        share = min(1.0, self._left / self._echo)
        is_voice = share > max(A_VOICE, CLEARLY_MORE * self._usually_left) and self._left > QUIET
        is_sign = is_voice and self._usually_left < USEFUL and not self.has_moved
        self._signs = self._signs + 1 if is_sign else 0
        if self._signs >= SURE_AFTER or (is_sign and self.is_both):
            self._holds = HOLDS
        elif not self.is_both:
            self._usually_left += LEARNS * (share - self._usually_left)
