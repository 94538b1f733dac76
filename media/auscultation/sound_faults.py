"""What is wrong with a body sound: too quiet, clipping, a loud room.

While it is heard the last three seconds count, however the sound is cut; of a recording, all of it.
"""

from collections import deque

import numpy as np
import numpy.typing as npt

from app.domain.engine import SoundFault
from media.auscultation.clipping import ClippingCount

Samples = npt.NDArray[np.int16]

BLOCK_S = 0.05
OVER_S = 3.0
BLOCKS_LEAST = 20  # a second is heard before anything is said
FULL_SCALE = 32768.0
BODY_HZ = (20.0, 1000.0)
ROOM_HZ = (1200.0, 4000.0)  # no body sound reaches here, voices and machines do
ROOM_LEAST_RATE_HZ = 4000
LOUDEST_PERCENT = 95  # heart sounds are short and far apart
QUIET_BELOW_DB = -55.0
ROOM_ABOVE_DB = -60.0
ROOM_BELOW_BODY_DB = 24.0  # nearer to it than this, the room is heard among the body's sounds
SILENT_DB = -120.0


def faults_of(samples: Samples, rate_hz: int) -> frozenset[SoundFault]:
    """Of a whole recording."""
    return SoundFaults(rate_hz, len(samples) / rate_hz).heard(samples)


class SoundFaults:
    """A room is judged from 4 kHz up: below it nothing is heard of it apart from the body."""

    def __init__(self, rate_hz: int, over_s: float = OVER_S) -> None:
        count = max(8, round(BLOCK_S * rate_hz))
        places_hz = np.fft.rfftfreq(count, 1 / rate_hz)
        self._body = (places_hz >= BODY_HZ[0]) & (places_hz < BODY_HZ[1])
        self._room = (places_hz >= ROOM_HZ[0]) & (places_hz < min(ROOM_HZ[1], 0.45 * rate_hz))
        self._hears_room = rate_hz >= ROOM_LEAST_RATE_HZ
        window = np.hanning(count)
        self._window = window / FULL_SCALE / np.sqrt(np.mean(window**2)) / count * np.sqrt(2)
        self._clipping = ClippingCount(rate_hz)
        self._waiting: Samples = np.zeros(0, dtype=np.int16)
        # Of each block: decibels of the body's band and of the room's, samples that clipped.
        self._blocks: deque[tuple[float, float, int]] = deque(
            maxlen=max(1, round(over_s / BLOCK_S))
        )

    def heard(self, samples: Samples) -> frozenset[SoundFault]:
        """What is wrong now."""
        self._waiting = np.concatenate((self._waiting, samples))
        count = len(self._window)
        whole = len(self._waiting) // count
        for block in self._waiting[: whole * count].reshape(whole, count):
            self._take(block)
        self._waiting = self._waiting[whole * count :]
        return self.now

    @property
    def now(self) -> frozenset[SoundFault]:
        found = set()
        if any(clipped for _, _, clipped in self._blocks):
            found.add(SoundFault.CLIPPING)
        if len(self._blocks) >= BLOCKS_LEAST:
            body = sorted(block[0] for block in self._blocks)
            room = sorted(block[1] for block in self._blocks)[len(self._blocks) // 2]
            loudest = body[len(body) * LOUDEST_PERCENT // 100]
            if loudest < QUIET_BELOW_DB:
                found.add(SoundFault.QUIET)
            nearest = max(ROOM_ABOVE_DB, loudest - ROOM_BELOW_BODY_DB)
            if self._hears_room and room > nearest:
                found.add(SoundFault.LOUD_ROOM)
        return frozenset(found)

    def _take(self, block: Samples) -> None:
        power = np.abs(np.fft.rfft(block * self._window)) ** 2
        clipped = self._clipping.heard(block)
        self._blocks.append((_decibels(power[self._body]), _decibels(power[self._room]), clipped))


def _decibels(power: npt.NDArray[np.floating]) -> float:
    """Of full scale's power; a tone of full scale is -3."""
    return max(SILENT_DB, 10 * float(np.log10(power.sum() + 1e-15)))
