"""The way from our loudspeaker to our microphone, learned while it is heard, and taken off.

A Kalman filter for each frequency, in parts of 10 ms (Enzner and Vary, 2006; in parts: Kuech,
Mabande and Enzner, 2014): it knows how sure it is of each, and learns little while somebody
speaks here. Up to 8 kHz, where speech is; nothing is suppressed, so the near voice stays whole.
"""

import numpy as np
import numpy.typing as npt

Block = npt.NDArray[np.float32]  # 10 ms of 48 kHz, 1.0 is full scale
Blocks = npt.NDArray[np.float32]  # (paths, 480)
Powers = npt.NDArray[np.float32]  # (paths,)

BLOCK = 480
BINS = 161  # of 961: to 8 kHz; they are those of a 16 kHz signal in blocks of 160
PARTS = 24  # 240 ms of delay and room
TRIM_EVERY = 4  # blocks: each time would cost a third of the whole, and leaves as much echo
DOUBT_AT_FIRST = 0.01  # of each part's gain, squared
STAYS = np.float32(0.9995**2)  # how much of what is known holds for the next block
OTHERS_KEPT = np.float32(0.9)  # of the estimate of what else is heard
OTHERS_WHEN_BOTH = np.float32(30)
QUIETEST = np.float32(1e-6)


class EchoPaths:
    """Some paths to one microphone, each from something else that may be played."""

    def __init__(self, paths: int, bins: int = BINS) -> None:
        """`bins`: fewer, of 50 Hz, are cheaper and know less."""
        self._bins = bins
        self._way = np.zeros((paths, PARTS, bins), np.complex64)
        self._doubt = np.full((paths, PARTS, bins), DOUBT_AT_FIRST, np.float32)
        self._far = np.zeros((paths, PARTS, bins), np.complex64)  # newest first
        self._loudness = np.zeros((paths, PARTS, bins), np.float32)  # of the same, squared
        self._others = np.full((paths, bins), 1e-2, np.float32)
        self._played = np.zeros((paths, 2 * BLOCK), np.float32)
        self._wrong = np.zeros((paths, 2 * BLOCK), np.float32)
        self._wide = np.zeros((paths, BLOCK + 1), np.complex64)
        self._blocks = 0
        self.left_powers: Powers = np.zeros(paths, np.float32)  # of the last block

    def take_off(self, far: Blocks, heard: Block, *, is_both: bool = False) -> Blocks:
        """What is left of `heard` without the echo of `far` and of what came before it, for each.

        `is_both`: somebody is known to speak here, so nearly nothing of what is left is echo.
        """
        left: Blocks = heard - self._echo(far)
        self._learn(left, OTHERS_WHEN_BOTH if is_both else np.float32(1))
        return left

    def forget(self) -> None:
        """The way has changed: all is in doubt, and learned quickly."""
        self._doubt[:] = DOUBT_AT_FIRST

    def _echo(self, far: Blocks) -> Blocks:
        self._played[:, :BLOCK] = self._played[:, BLOCK:]
        self._played[:, BLOCK:] = far
        newest = _spectrum(self._played)[:, : self._bins]
        self._far[:, 1:] = self._far[:, :-1]
        self._far[:, 0] = newest
        self._loudness[:, 1:] = self._loudness[:, :-1]
        self._loudness[:, 0] = _squared(newest)
        self._wide[:, : self._bins] = (self._far * self._way).sum(1)
        return _in_time(self._wide)[:, BLOCK:]

    def _learn(self, left: Blocks, others: np.float32) -> None:
        self._wrong[:, BLOCK:] = left
        wrong = _spectrum(self._wrong)[:, : self._bins]
        power = _squared(wrong)
        self.left_powers = power.sum(1) / BLOCK**2
        self._others += (1 - OTHERS_KEPT) * (power - self._others)
        doubtful = self._doubt * self._loudness
        gain = self._doubt / (doubtful.sum(1) + others * self._others + QUIETEST)[:, None]
        self._way += gain * (self._far.conj() * wrong[:, None])
        self._doubt -= gain * doubtful
        self._doubt *= STAYS
        self._doubt += (1 - STAYS) * _squared(self._way)
        self._blocks += 1
        if self._blocks % TRIM_EVERY == 0:
            self._trim()

    def _trim(self) -> None:
        """A part is 10 ms long: what it has learned of later belongs to the next."""
        in_time = _in_time(self._way)
        in_time[..., self._bins - 1 :] = 0
        self._way[:] = _spectrum(in_time)


class EchoPath:
    """One of them, and what it makes of each block. `take_off` is called once for each 10 ms."""

    def __init__(self) -> None:
        self._path = EchoPaths(1)
        self.echo_power = self.left_power = self.heard_power = 0.0  # of the last block
        self.along = 0.0  # how much of the echo, as it was foretold, was in what was heard

    def take_off(self, far: Block, heard: Block, *, is_both: bool = False) -> Block:
        left: Block = self._path.take_off(far[None], heard, is_both=is_both)[0]
        echo = heard - left
        self.echo_power, self.heard_power = _power(echo), _power(heard)
        self.left_power = float(self._path.left_powers[0])
        self.along = float(echo.dot(heard)) / BLOCK
        return left

    def forget(self) -> None:
        self._path.forget()


def _spectrum(in_time: Blocks) -> npt.NDArray[np.complex64]:
    return np.fft.rfft(in_time).astype(np.complex64, copy=False)


def _in_time(spectrum: npt.NDArray[np.complex64]) -> Blocks:
    return np.fft.irfft(spectrum).astype(np.float32, copy=False)


def _squared(spectrum: npt.NDArray[np.complex64]) -> npt.NDArray[np.float32]:
    squared: npt.NDArray[np.float32] = spectrum.real**2 + spectrum.imag**2
    return squared


def _power(block: Block) -> float:
    return float(block.dot(block)) / BLOCK
