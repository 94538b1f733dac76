"""How hard the loudspeaker is driven: small ones round off loud peaks, and no linear filter knows.

A few filters, to 3 kHz, listen at first: one for each way to bend what is played. The one that
leaves clearly less of the echo than the straight one names the bend; then all are let go.
"""

import numpy as np

from media.audio.echo_path import Block, EchoPath

DRIVES = (0.0, 1.5, 3.0, 6.0, 12.0)  # of full scale: 0 is straight; each twice the one before
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
        self._scouts: list[EchoPath] = []
        self._left: list[float] = []
        self._begin()

    def bent(self, far: Block) -> Block:
        """What the loudspeaker makes of it, as far as is known."""
        return _bent(far, self._drive)

    def see(self, far: Block, heard: Block) -> None:
        if not self._scouts or float(far.dot(far)) / len(far) < QUIET:
            return
        self._blocks += 1
        for place, (drive, scout) in enumerate(zip(DRIVES, self._scouts, strict=True)):
            scout.take_off(_bent(far, drive), heard)
            if self._blocks > LEARN:
                self._left[place] += scout.left_power
        if self._blocks == JUDGE:
            self._judge()

    def _judge(self) -> None:
        best = min(range(len(DRIVES)), key=self._left.__getitem__)
        self._rounds += 1
        is_clear = self._left[best] < CLEARLY_LESS * self._left[0]
        if is_clear:
            self._drive = DRIVES[best] * 2 ** self._beside(best)
        if is_clear or self._rounds == ROUNDS:
            self._scouts = []
        else:
            self._begin()

    def _beside(self, best: int) -> float:
        """In steps of the table: the lowest point of a parabola through it and its neighbours."""
        if not 1 < best < len(DRIVES) - 1:
            return 0.0
        before, here, after = self._left[best - 1 : best + 2]
        return 0.5 * (before - after) / max(before - 2 * here + after, 1e-12)

    def _begin(self) -> None:
        self._scouts = [EchoPath(BINS) for _ in DRIVES]
        self._left = [0.0] * len(DRIVES)
        self._blocks = 0


def _bent(far: Block, drive: float) -> Block:
    if drive == 0.0:
        return far
    bent: Block = (np.tanh(np.float32(drive) * far) / np.float32(drive)).astype(np.float32)
    return bent
