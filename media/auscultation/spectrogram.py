"""Sound as columns for a screen: how loud it is from 0 to 1000 Hz, 30 times a second.

A byte for each band, the lowest first, against a fixed reference: the same sound looks the same in
every recording. Computes; draws nothing.
"""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

COLUMNS_PER_S = 30
BANDS = 128
TOP_HZ = 1000.0
WINDOW_S = 0.1
QUIETEST_DB, LOUDEST_DB = -90.0, -10.0  # bytes 0 and 255; a tone of full scale is 0 dB
FULL_SCALE = 32768.0
TOGETHER = 256  # columns at a time: an hour in one piece needs no more memory


class Spectrogram:
    """Fed with blocks of any length; the columns do not depend on how it is cut.

    Column n shows the sound around n / 30 s, and comes half a window later; band k the tones around
    k / 128 of 1000 Hz. Bands that a low rate cannot hold stay 0.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        length = 2 * round(WINDOW_S * rate_hz / 2)
        window = np.hanning(length + 1)[:length]
        self._window = (window / window.sum() * 2 / FULL_SCALE).astype(np.float32)
        # So many points that every band has a line of its own, or several.
        self._size = _quick_size(max(length, round(rate_hz * BANDS / TOP_HZ)))
        lower_hz = (np.arange(BANDS + 1) - 0.5) * TOP_HZ / BANDS
        lines = np.maximum(0, np.ceil(lower_hz * self._size / rate_hz)).astype(np.int64)
        self._held = int(np.sum(lower_hz[:-1] < rate_hz / 2))
        self._lines = lines[: self._held]
        self._end = min(int(lines[self._held]), self._size // 2 + 1)
        self._waiting: Samples = np.zeros(length // 2, dtype=np.int16)
        self._first = -(length // 2)  # where in the sound the waiting begins
        self._column = 0

    def heard(self, samples: Samples) -> list[bytes]:
        """The columns that are whole now; about 30 for each second that was given."""
        made: list[bytes] = []
        step = max(1, TOGETHER * self._rate_hz // COLUMNS_PER_S)
        for at in range(0, len(samples), step):
            self._waiting = np.concatenate((self._waiting, samples[at : at + step]))
            made += self._columns()
        return made

    def _columns(self) -> list[bytes]:
        length = len(self._window)
        begins: list[int] = []
        while (begin := self._begin_of(self._column + len(begins))) + length <= len(self._waiting):
            begins.append(begin)
        if not begins:
            return []
        windows = np.lib.stride_tricks.sliding_window_view(self._waiting, length)[begins]
        lines = np.abs(np.fft.rfft(windows * self._window, self._size))
        self._column += len(begins)
        self._forget(self._begin_of(self._column))
        return [bytes(column) for column in self._loudness(lines)]

    def _begin_of(self, column: int) -> int:
        """Where its window begins, in the waiting."""
        middle = column * self._rate_hz // COLUMNS_PER_S
        return middle - len(self._window) // 2 - self._first

    def _forget(self, count: int) -> None:
        count = min(count, len(self._waiting))
        self._waiting = self._waiting[count:]
        self._first += count

    def _loudness(self, lines: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
        shown = np.zeros((len(lines), BANDS))
        shown[:, : self._held] = np.maximum.reduceat(lines[:, : self._end], self._lines, axis=1)
        decibels = 20 * np.log10(np.maximum(shown, 1e-9))
        scaled = (decibels - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB) * 255
        return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _quick_size(least: int) -> int:
    """Not less, and without a large factor: with one the transform takes five times as long."""
    return min(odd << max(0, (-(-least // odd) - 1).bit_length()) for odd in (1, 3, 5))
