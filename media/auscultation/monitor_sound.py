"""The monitor of a body sound: the same sound with 8000 samples a second, for a line too narrow.

Never the record. Blocks of 40 ms, coded each for itself.
"""

import av
import numpy as np

from media.auscultation.block_coder import BlockCoder
from media.auscultation.live_plan import MONITOR_RATE_HZ
from media.auscultation.live_words import Piece
from media.auscultation.sound_blocks import BLOCK_MS
from media.auscultation.wav import SAMPLE_BYTES

MONITOR_SAMPLES = MONITOR_RATE_HZ * BLOCK_MS // 1000


class MonitorSound:
    """Begins at `start_ms` of the recording and goes on from there."""

    def __init__(self, rate_hz: int, start_ms: int) -> None:
        self._rate_hz = rate_hz
        self._at_ms = start_ms
        self._coder = BlockCoder(MONITOR_RATE_HZ, MONITOR_SAMPLES)
        self._fewer = av.AudioResampler(format="s16", layout="mono", rate=MONITOR_RATE_HZ)
        self._waiting = bytearray()

    def made(self, samples: bytes) -> list[Piece]:
        """Those that are whole now."""
        block = np.frombuffer(samples, dtype="<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate = self._rate_hz
        for fewer in self._fewer.resample(frame):
            self._waiting += fewer.to_ndarray().astype("<i2").tobytes()
        pieces = []
        size = MONITOR_SAMPLES * SAMPLE_BYTES
        while len(self._waiting) >= size:
            coded = self._coder.coded(bytes(self._waiting[:size]))
            pieces.append(Piece(self._at_ms, coded))
            del self._waiting[:size]
            self._at_ms += BLOCK_MS
        return pieces
