"""The way from our loudspeaker to our microphone, learned while it is heard, and taken off.

A Kalman filter for each frequency, in parts of 10 ms (Enzner and Vary, 2006; in parts: Kuech,
Mabande and Enzner, 2014): it knows how sure it is of each, and learns little while somebody
speaks here. Up to 8 kHz, where speech is; nothing is suppressed, so the near voice stays whole.
"""

import numpy as np
import numpy.typing as npt

Block = npt.NDArray[np.float32]  # 10 ms of 48 kHz, 1.0 is full scale

BLOCK = 480
BINS = 161  # of 961: to 8 kHz; they are those of a 16 kHz signal in blocks of 160
PARTS = 24  # 240 ms of delay and room
DOUBT_AT_FIRST = 0.01  # of each part's gain, squared
STAYS = np.float32(0.9995**2)  # how much of what is known holds for the next block
OTHERS_KEPT = np.float32(0.9)  # of the estimate of what else is heard
OTHERS_WHEN_BOTH = np.float32(30)
QUIETEST = np.float32(1e-6)


class EchoPath:
    """`take_off` is called once for each 10 ms of both streams."""

    def __init__(self, bins: int = BINS) -> None:
        """`bins`: fewer, of 50 Hz, are cheaper and know less."""
        self._bins = bins
        self._way = np.zeros((PARTS, bins), np.complex64)
        self._doubt = np.full((PARTS, bins), DOUBT_AT_FIRST, np.float32)
        self._far = np.zeros((PARTS, bins), np.complex64)  # newest first
        self._others: Block = np.full(bins, 1e-2, np.float32)
        self._before: Block = np.zeros(BLOCK, np.float32)
        self.echo_power = self.left_power = self.heard_power = 0.0  # of the last block
        self.along = 0.0  # how much of the echo, as it was foretold, was in what was heard

    def take_off(self, far: Block, heard: Block, *, is_both: bool = False) -> Block:
        """What is left of `heard` without the echo of `far` and of what came before it.

        `is_both`: somebody is known to speak here, so nearly nothing of what is left is echo.
        """
        spectrum = np.fft.rfft(np.concatenate((self._before, far)))[: self._bins]
        self._before = far
        self._far[1:] = self._far[:-1]
        self._far[0] = spectrum
        echo = self._echo()
        left = heard - echo
        self.echo_power, self.heard_power = _power(echo), _power(heard)
        self.along = float(echo.dot(heard)) / BLOCK
        self._learn(left, OTHERS_WHEN_BOTH if is_both else np.float32(1))
        return left

    def forget(self) -> None:
        """The way has changed: all is in doubt, and learned quickly."""
        self._doubt[:] = DOUBT_AT_FIRST

    def _echo(self) -> Block:
        wide = np.zeros(BLOCK + 1, np.complex64)
        wide[: self._bins] = (self._far * self._way).sum(0)
        echo: Block = np.fft.irfft(wide)[BLOCK:].astype(np.float32)
        return echo

    def _learn(self, left: Block, others: np.float32) -> None:
        wrong = np.fft.rfft(np.concatenate((np.zeros(BLOCK, np.float32), left)))[: self._bins]
        power = (wrong.real**2 + wrong.imag**2).astype(np.float32)
        self.left_power = float(power.sum()) / BLOCK**2
        self._others = OTHERS_KEPT * self._others + (1 - OTHERS_KEPT) * power
        loudness = self._far.real**2 + self._far.imag**2
        expected = (self._doubt * loudness).sum(0) + others * self._others + QUIETEST
        gain = self._doubt / expected
        self._way += gain * np.conj(self._far) * wrong
        changes = (1 - STAYS) * (self._way.real**2 + self._way.imag**2)
        self._doubt = STAYS * (1 - gain * loudness) * self._doubt + changes
        in_time = np.fft.irfft(self._way)
        in_time[:, self._bins - 1 :] = (
            0  # a part is 10 ms long: what lies behind belongs to the next
        )
        self._way = np.fft.rfft(in_time).astype(np.complex64)


def _power(block: Block) -> float:
    return float(block.dot(block)) / BLOCK
