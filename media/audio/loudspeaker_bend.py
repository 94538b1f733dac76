"""How hard the loudspeaker is driven: small ones round off loud peaks, and no linear filter knows.

A few filters, to 3 kHz, listen at first: one for each way to bend what is played. The one that
leaves clearly less of the echo than the straight one names the bend; then all are let go.
"""

import numpy as np

from media.audio.echo_path import Block, Blocks, EchoPaths

DRIVES = (0.0, 1.5, 3.0, 6.0, 12.0)  # of full scale: 0 is straight; each twice the one before
CURVES = np.array(DRIVES[1:], np.float32)[:, None]
BINS = 61
LEARN, JUDGE = 150, 500  # blocks in which something is played
CLEARLY_LESS = 0.8
ROUNDS = 6  # where somebody spoke all the time, later again
QUIET = 1e-5


class LoudspeakerBend:
    """Told each block in which something is played."""

    def __init__(self) -> None:
        self._drive = 0.0
        self._rounds = self._blocks = 0
        self._scouts: EchoPaths | None = None
        self._left = np.zeros(len(DRIVES))
        self._begin()

    def bent(self, far: Block) -> Block:
        """What the loudspeaker makes of it, as far as is known."""
        return _bent(far, self._drive)

    def see(self, far: Block, heard: Block) -> None:
        if self._scouts is None or float(far.dot(far)) / len(far) < QUIET:
            return
        self._blocks += 1
        self._scouts.take_off(_all_bent(far), heard)
        if self._blocks > LEARN:
            self._left += self._scouts.left_powers
        if self._blocks == JUDGE:
            self._judge()

    def _judge(self) -> None:
        best = int(self._left.argmin())
        self._rounds += 1
        is_clear = self._left[best] < CLEARLY_LESS * self._left[0]
        if is_clear:
            self._drive = DRIVES[best] * 2 ** self._beside(best)
        if is_clear or self._rounds == ROUNDS:
            self._scouts = None
        else:
            self._begin()

    def _beside(self, best: int) -> float:
        """In steps of the table: the lowest point of a parabola through it and its neighbours."""
        if not 1 < best < len(DRIVES) - 1:
            return 0.0
        before, here, after = self._left[best - 1 : best + 2]
        return float(0.5 * (before - after) / max(before - 2 * here + after, 1e-12))

    def _begin(self) -> None:
        self._scouts = EchoPaths(len(DRIVES), BINS)
        self._left[:] = 0
        self._blocks = 0


def _all_bent(far: Block) -> Blocks:
    bent = np.empty((len(DRIVES), len(far)), np.float32)
    bent[0] = far
    np.tanh(CURVES * far, out=bent[1:])
    bent[1:] /= CURVES
    return bent


def _bent(far: Block, drive: float) -> Block:
    if drive == 0.0:
        return far
    bent: Block = (np.tanh(np.float32(drive) * far) / np.float32(drive)).astype(np.float32)
    return bent
