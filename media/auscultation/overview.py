"""A whole recording at a glance: its loudest moment in each quarter of a second, what came late.

Put in whatever order it comes; where nothing is (yet), it says so.
"""

import base64
import math

import numpy as np
import numpy.typing as npt

from app.domain.recordings import RECORDING_MAX_SECONDS, SoundSpan

PEAKS_PER_S = 4
NOTHING = 255
MOST_PEAKS = RECORDING_MAX_SECONDS * PEAKS_PER_S + 1
SPANS_MOST = 64
TOGETHER_S = 0.5  # what came late at nearly one time is one span
LEVEL_OF_S = 0.1
FULL_SCALE = 32768.0
LEAST_DB = 60.0  # below full scale: drawn as nothing


class Overview:
    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._peaks = bytearray()
        self._late: list[SoundSpan] = []

    def put(self, at_sample: int, samples: bytes) -> None:
        values = np.abs(np.frombuffer(samples, dtype="<i2").astype(np.int32))
        taken = 0
        while taken < len(values):
            place = (at_sample + taken) * PEAKS_PER_S // self._rate_hz
            end = -(-(place + 1) * self._rate_hz // PEAKS_PER_S) - at_sample
            self._raise(place, int(values[taken:end].max()))
            taken = end

    def late(self, start_s: float, end_s: float) -> None:
        """It was not here when it was to be heard."""
        for place, span in enumerate(self._late):
            if span.start_s - TOGETHER_S <= end_s and start_s <= span.end_s + TOGETHER_S:
                whole = SoundSpan(min(start_s, span.start_s), max(end_s, span.end_s))
                del self._late[place]
                self.late(whole.start_s, whole.end_s)
                return
        self._late.append(SoundSpan(start_s, end_s))
        self._late.sort(key=lambda span: span.start_s)
        if len(self._late) > SPANS_MOST:  # as many as can be drawn apart
            self._join_nearest()

    @property
    def spans(self) -> tuple[SoundSpan, ...]:
        return tuple(SoundSpan(round(span.start_s, 2), round(span.end_s, 2)) for span in self._late)

    @property
    def heights(self) -> bytes:
        """0 to 254 for each quarter of a second; 255: nothing is here."""
        return bytes(self._peaks)

    @property
    def text(self) -> str:
        """The same for a word."""
        return base64.b64encode(self._peaks).decode()

    def _raise(self, place: int, peak: int) -> None:
        if place >= MOST_PEAKS:
            return
        if place >= len(self._peaks):
            self._peaks.extend([NOTHING] * (place + 1 - len(self._peaks)))
        before, height = self._peaks[place], _height(peak)
        self._peaks[place] = height if before == NOTHING else max(before, height)

    def _join_nearest(self) -> None:
        pairs = range(len(self._late) - 1)
        near = min(pairs, key=lambda one: self._late[one + 1].start_s - self._late[one].end_s)
        first, second = self._late[near : near + 2]
        self._late[near : near + 2] = [SoundSpan(first.start_s, second.end_s)]


def _height(peak: int) -> int:
    """0 to 254, by loudness: a quiet heart is seen beside a knock on the instrument."""
    if peak <= 0:
        return 0
    below_db = -20 * math.log10(peak / FULL_SCALE)
    return max(0, round(254 * (1 - below_db / LEAST_DB)))


def level_of(samples: npt.NDArray[np.int16]) -> float:
    """Root mean square of 16 bit samples, 0..1."""
    if len(samples) == 0:
        return 0.0
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))) / FULL_SCALE)


def level_at_end(samples: bytearray, rate_hz: int) -> float:
    """Of the newest tenth of a second."""
    newest = bytes(samples[-2 * int(rate_hz * LEVEL_OF_S) :])
    return level_of(np.frombuffer(newest, dtype="<i2"))
