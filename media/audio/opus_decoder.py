"""Opus packets of a voice into samples, and what can be said in place of a lost one.

A lost packet is made of the copy in its successor where there is one, else guessed from what came
before; the decoder itself joins what is guessed to what is heard.
"""

import ctypes

import numpy as np

from app.domain.failures import Code, Rejected
from media.audio import opus_library as opus
from media.devices.sample_ring import Samples


class OpusDecoder:
    """One channel at 48 kHz, whatever the far side sends. Use in one thread at a time."""

    def __init__(self) -> None:
        self._library = opus.library()
        error = ctypes.c_int32()
        self._handle = self._library.opus_decoder_create(opus.RATE_HZ, 1, ctypes.byref(error))
        if error.value or not self._handle:
            raise RuntimeError(f"opus decoder: {error.value}")
        self._out = np.zeros(opus.FRAME_MAX_SAMPLES, dtype=np.int16)

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle:
            self._library.opus_decoder_destroy(handle)

    def decode(self, packet: bytes) -> Samples:
        """Rejected(MALFORMED) when it is no Opus packet; the decoder goes on as before."""
        return self._decode(packet, opus.FRAME_MAX_SAMPLES, is_copy=False)

    def recover(self, successor: bytes, samples: int) -> Samples:
        """What the packet before `successor` said; `samples` is how long it was."""
        return self._decode(successor, samples, is_copy=True)

    def conceal(self, samples: int) -> Samples:
        """Something like what was said last, fading; a multiple of 2.5 ms."""
        return self._decode(None, samples, is_copy=False)

    def _decode(self, packet: bytes | None, room: int, *, is_copy: bool) -> Samples:
        if packet is not None and not packet:
            raise Rejected(Code.MALFORMED, "empty voice packet")
        made = self._library.opus_decode(
            self._handle,
            packet,
            0 if packet is None else len(packet),
            self._out.ctypes.data_as(ctypes.POINTER(ctypes.c_int16)),
            room,
            int(is_copy),
        )
        if made < 0:
            raise Rejected(Code.MALFORMED, f"voice packet: {made}")
        return self._out[:made].copy()
