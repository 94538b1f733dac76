"""What a stethoscope's bell and diaphragm do, for the ear only: what is stored is never filtered.

Live at once and with the least delay there is (minimum phase), on playback without moving any
sound in time (zero phase). Both have the same response.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
Number = npt.NDArray[np.float64]

ORDER = 4  # of either edge: 24 dB an octave
BLOCK_SAMPLES = 64  # computed at once
GUARD_S = 0.5  # how far a sound reaches in playback; the lowest edge has faded by then
PIECE_S = 8.0  # of a long recording at a time
LARGEST, SMALLEST = 32_767, -32_768


class Band(StrEnum):
    BELL = "bell"
    DIAPHRAGM = "diaphragm"
    LUNG = "lung"
    WIDE = "wide"


@dataclass(frozen=True, slots=True)
class Edges:
    """Where it is 3 dB weaker; `least_rate_hz`: below it the band would be a name only."""

    low_hz: float
    high_hz: float
    least_rate_hz: int


EDGES = {
    Band.BELL: Edges(20, 200, 500),
    Band.DIAPHRAGM: Edges(100, 500, 1200),
    Band.LUNG: Edges(100, 1200, 3000),
    Band.WIDE: Edges(20, 2000, 8000),
}


def bands_for(rate_hz: int) -> tuple[Band, ...]:
    """What may be offered for sound of this rate."""
    return tuple(band for band, edges in EDGES.items() if rate_hz >= edges.least_rate_hz)


class LiveFilter:
    """Fed with blocks of any length; each comes back as long as it was, at once."""

    def __init__(self, band: Band, rate_hz: int) -> None:
        self._cascade = _Cascade(sections_of(band, rate_hz))
        self._is_fresh = True

    def run(self, samples: Samples) -> Samples:
        if len(samples) == 0:
            return samples
        if self._is_fresh:  # what always lies under the sound is no knock at the beginning
            self._cascade.settle(float(samples[0]))
            self._is_fresh = False
        return _whole(self._cascade.run(samples.astype(np.float64)))


def playback(samples: Samples, rate_hz: int, band: Band) -> Samples:
    """The whole recording, filtered with zero phase; piece by piece, so that an hour fits."""
    guard, piece = round(GUARD_S * rate_hz), round(PIECE_S * rate_hz)
    size = 1 << (piece + 2 * guard - 1).bit_length()
    piece = size - 2 * guard
    gains = response(band, rate_hz, np.fft.rfftfreq(size, 1 / rate_hz).astype(np.float64))
    made = np.empty(len(samples), dtype=np.int16)
    for start in range(0, len(samples), piece):
        count = min(piece, len(samples) - start)
        around = _with_edges(samples, start - guard, start + piece + guard)
        filtered = np.fft.irfft(np.fft.rfft(around) * gains, size)
        made[start : start + count] = _whole(filtered[guard : guard + count])
    return made


def response(band: Band, rate_hz: int, at_hz: Number) -> Number:
    """The gain at each frequency, computed from the sections themselves."""
    turn = np.exp(-2j * np.pi * at_hz / rate_hz)
    whole = np.ones(len(at_hz), dtype=np.complex128)
    for section in sections_of(band, rate_hz):
        b0, b1, b2, a1, a2 = section
        whole *= (b0 + b1 * turn + b2 * turn**2) / (1 + a1 * turn + a2 * turn**2)
    return np.asarray(np.abs(whole))


# --- design --------------------------------------------------------------------------------------

Section = tuple[float, float, float, float, float]  # b0 b1 b2 a1 a2, with a0 = 1


def sections_of(band: Band, rate_hz: int) -> tuple[Section, ...]:
    """Butterworth, by the bilinear transform with both edges where they belong."""
    if band not in bands_for(rate_hz):
        raise ValueError(f"{band} is not offered at {rate_hz} Hz")
    edges = EDGES[band]
    damping = [
        1 / (2 * math.sin(math.pi * (2 * pair + 1) / (2 * ORDER))) for pair in range(ORDER // 2)
    ]
    high_pass = [_section(edges.low_hz, rate_hz, quality, is_high=True) for quality in damping]
    low_pass = [_section(edges.high_hz, rate_hz, quality, is_high=False) for quality in damping]
    return (*high_pass, *low_pass)


def _section(edge_hz: float, rate_hz: int, quality: float, *, is_high: bool) -> Section:
    """One pair of poles, and both zeros at standstill or at half the rate."""
    warped = math.tan(math.pi * edge_hz / rate_hz)
    whole = 1 + warped / quality + warped**2
    gain = (1.0 if is_high else warped**2) / whole
    a1, a2 = 2 * (warped**2 - 1) / whole, (1 - warped / quality + warped**2) / whole
    return (gain, -2 * gain if is_high else 2 * gain, gain, a1, a2)


# --- running -------------------------------------------------------------------------------------


class _Cascade:
    """All sections as one recursion; a block's output is one product with what is known of it.

    The same numbers as sample by sample, but for rounding.
    """

    def __init__(self, sections: tuple[Section, ...]) -> None:
        step, entry, look, through = _recursion(sections)
        size = len(step)
        self._state: Number = np.zeros(size)
        self._at_rest = np.linalg.solve(np.eye(size) - step, entry)
        powers = [np.eye(size)]
        for _ in range(BLOCK_SAMPLES):
            powers.append(powers[-1] @ step)
        self._powers = np.array(powers)
        self._looks = np.array([look @ power for power in powers[:BLOCK_SAMPLES]])
        answers = np.concatenate(([through], self._looks[:-1] @ entry))
        lag = np.subtract.outer(np.arange(BLOCK_SAMPLES), np.arange(BLOCK_SAMPLES))
        reached = np.where(lag >= 0, answers[np.maximum(lag, 0)], 0.0)
        self._answers = reached.astype(np.float64)
        # How the samples of a block, the oldest first, move the state.
        entries = [power @ entry for power in powers[:BLOCK_SAMPLES][::-1]]
        self._entries = np.array(entries, dtype=np.float64)

    def settle(self, level: float) -> None:
        """As if this had been heard for ever."""
        self._state = (self._at_rest * level).astype(np.float64)

    def run(self, sound: Number) -> Number:
        whole = len(sound) // BLOCK_SAMPLES * BLOCK_SAMPLES
        blocks = sound[:whole].reshape(-1, BLOCK_SAMPLES)
        states = self._states(blocks @ self._entries)
        made = (blocks @ self._answers.T + states @ self._looks.T).reshape(-1)
        return np.concatenate((made, self._rest(sound[whole:])))

    def _states(self, moves: Number) -> Number:
        """The state at the beginning of each block."""
        states = np.empty_like(moves)
        step = self._powers[BLOCK_SAMPLES]
        for place, move in enumerate(moves):
            states[place] = self._state
            self._state = step @ self._state + move
        return states

    def _rest(self, sound: Number) -> Number:
        """Fewer samples than a block."""
        count = len(sound)
        made = self._answers[:count, :count] @ sound + self._looks[:count] @ self._state
        self._state = self._powers[count] @ self._state
        self._state += sound @ self._entries[BLOCK_SAMPLES - count :]
        return np.asarray(made)


def _recursion(sections: tuple[Section, ...]) -> tuple[Number, Number, Number, float]:
    """state' = step state + entry x; y = look state + through x, over the whole cascade."""
    size = 2 * len(sections)
    step, entry, look = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    through = 1.0
    for place, (b0, b1, b2, a1, a2) in enumerate(sections):
        one, two = 2 * place, 2 * place + 1
        first, second = b1 - a1 * b0, b2 - a2 * b0
        step[one], step[two] = first * look, second * look
        entry[one], entry[two] = first * through, second * through
        step[one, one], step[one, two] = -a1, 1.0
        step[two, one] = -a2
        look = b0 * look
        look[one] += 1.0
        through *= b0
    return step, entry, look, through


def _with_edges(samples: Samples, first: int, last: int) -> Number:
    """From `first` to `last`; beyond the recording lies what its nearest sample is."""
    inside = samples[max(0, first) : min(len(samples), last)]
    before, after = max(0, -first), max(0, last - max(len(samples), first))
    return np.pad(inside.astype(np.float64), (before, after), mode="edge")


def _whole(sound: Number) -> Samples:
    return np.clip(np.rint(sound), SMALLEST, LARGEST).astype(np.int16)
