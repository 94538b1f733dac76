"""How loud a body sound is in the bands of the heart, a hundred times a second."""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
Loudness = npt.NDArray[np.float64]  # a row a hundredth of a second: each band, then all together
Number = npt.NDArray[np.float64]

FRAMES_PER_S = 100
WINDOW_S = 0.05
BANDS_HZ = ((20, 45), (40, 75), (70, 130), (120, 250))
STEP_HZ = 10.0  # between the tones that a band's power is taken at
COLUMNS = len(BANDS_HZ) + 1
# Of what is looked at: the mean of so many samples stands for all of them. What folds down is weak.
THIN_RATE_HZ = 2000
TOGETHER = 50  # rows at a time; with more the number library wakes threads that wait busily

# Marking.
SILENT_SHARE = 1e-3  # of the usual power: nothing comes from the instrument
SILENT_MOST = 0.35  # of the time; more is a heart's own silence, not a hole
FLOOR_PERCENT, TOP_PERCENT = 40, 98
FLOOR_LEAST = 1e-4  # of the loud
LOUDEST_SPREADS = 3.0  # a knock counts no more than this
SLOW_S = 1.0  # what swells more slowly than this is breath


class HeartLoudness:
    """Fed with blocks of any length; the rows do not depend on how it is cut."""

    def __init__(self, rate_hz: int) -> None:
        self._thin_by = max(1, rate_hz // THIN_RATE_HZ)
        self._rate_hz = rate_hz / self._thin_by
        count = round(WINDOW_S * self._rate_hz)
        window = np.hanning(count + 2)[1:-1]
        tones, self._owners = _tones(self._rate_hz)
        turns = window * np.exp(-2j * np.pi * np.outer(tones, np.arange(count) / self._rate_hz))
        self._turns = np.concatenate((turns.real, turns.imag)).T.astype(np.float32)
        self._count = count
        self._unthinned: Samples = np.zeros(0, dtype=np.int16)
        self._waiting = np.zeros(0, dtype=np.float32)
        self._first = 0  # where in the thinned sound the waiting begins
        self._row = 0

    def heard(self, samples: Samples) -> Loudness:
        """The rows that are whole now."""
        made = [np.zeros((0, COLUMNS))]
        step = TOGETHER * round(self._thin_by * self._rate_hz / FRAMES_PER_S)
        for at in range(0, len(samples), step):
            thin = self._thinned(samples[at : at + step])
            self._waiting = np.concatenate((self._waiting, thin))
            made.append(self._rows())
        return np.concatenate(made)

    def _thinned(self, samples: Samples) -> npt.NDArray[np.float32]:
        samples = np.concatenate((self._unthinned, samples))
        whole = len(samples) // self._thin_by * self._thin_by
        self._unthinned = samples[whole:]
        groups = samples[:whole].reshape(-1, self._thin_by)
        return np.asarray(groups.mean(axis=1, dtype=np.float32))

    def _rows(self) -> Loudness:
        begins: list[int] = []
        while (begin := self._begin_of(self._row + len(begins))) <= len(
            self._waiting
        ) - self._count:
            begins.append(begin)
        if not begins:
            return np.zeros((0, COLUMNS))
        view = np.lib.stride_tricks.sliding_window_view(self._waiting, self._count)
        made = self._powers(view[begins])
        self._row += len(begins)
        passed = min(self._begin_of(self._row), len(self._waiting))
        self._waiting = self._waiting[passed:]
        self._first += passed
        return made

    def _begin_of(self, row: int) -> int:
        return round(row * self._rate_hz / FRAMES_PER_S) - self._first

    def _powers(self, windows: npt.NDArray[np.float32]) -> Loudness:
        lines = (windows @ self._turns) ** 2
        half = lines.shape[1] // 2
        powers = lines[:, :half] + lines[:, half:]
        made = np.zeros((len(windows), COLUMNS))
        for band in range(len(BANDS_HZ)):
            if np.any(self._owners == band):
                made[:, band] = powers[:, self._owners == band].mean(axis=1)
        made[:, -1] = np.mean(windows.astype(np.float64) ** 2, axis=1)
        return made


def _tones(rate_hz: float) -> tuple[Number, npt.NDArray[np.int64]]:
    """The tones in hertz, and which band each belongs to."""
    tones, owners = [], []
    for band, (low_hz, high_hz) in enumerate(BANDS_HZ):
        for tone in np.arange(low_hz + STEP_HZ / 2, high_hz, STEP_HZ):
            if tone < 0.48 * rate_hz:
                tones.append(tone)
                owners.append(band)
    return np.array(tones), np.array(owners)


def marked(loudness: Loudness) -> tuple[Number, Number]:
    """What stands out, band by band, and the weight of each moment: 0 where nothing came.

    Logarithms above each band's own floor: every beat counts about as much as any other, and a
    steady noise for nothing. What swells with the breath is taken off.
    """
    power = loudness[:, -1]
    is_there = power > SILENT_SHARE * (np.median(power[power > 0]) if np.any(power > 0) else 1.0)
    if np.mean(is_there) < 1 - SILENT_MOST:
        is_there = np.ones(len(power), dtype=bool)
    weight = is_there.astype(np.float64)
    swell = np.hanning(2 * round(SLOW_S * FRAMES_PER_S) + 1)
    present = np.maximum(np.convolve(weight, swell, "same"), 1e-6)
    made = np.zeros((len(loudness), len(BANDS_HZ)))
    for band in range(len(BANDS_HZ)):
        heard = loudness[is_there, band]
        top = np.percentile(heard, TOP_PERCENT)
        if top <= 0:
            continue
        floor = max(np.percentile(heard, FLOOR_PERCENT), FLOOR_LEAST * top)
        marks = np.log(loudness[:, band] / floor + 1.0)
        marks = (marks - np.convolve(marks * weight, swell, "same") / present) * weight
        most = LOUDEST_SPREADS * marks[is_there].std()
        made[:, band] = np.clip(marks, -most, most)
    return made, weight
