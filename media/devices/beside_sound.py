"""Body sounds on the loudspeaker, beside the voice: a small buffer that is mixed into its blocks.

So the echo canceller knows of them, too, and no second stream claims the device.
"""

import numpy as np

from media.devices.sample_ring import SampleRing, Samples

RATE_HZ = 48_000
IN_HAND = RATE_HZ * 40 // 1000  # before it begins, and after a hole
MOST_IN_HAND = RATE_HZ * 200 // 1000  # above this we are behind the present
LARGEST, SMALLEST = 32_767, -32_768


class BesideSound:
    """One side puts, on the loop; the other mixes, on the loudspeaker's callback thread."""

    def __init__(self) -> None:
        self._ring = SampleRing(RATE_HZ)
        self._is_playing = False

    @property
    def in_hand(self) -> int:
        return self._ring.filled

    def put(self, samples: Samples) -> None:
        """One channel, 48 kHz. Never waits; what makes it late is left out at the old end."""
        if self._ring.filled > MOST_IN_HAND:
            self._ring.skip(self._ring.filled - IN_HAND)
        self._ring.write(samples)

    def clear(self) -> None:
        self._ring.clear()

    def mix_into(self, block: Samples) -> None:
        if not self._is_playing:
            self._is_playing = self._ring.filled >= IN_HAND
        if not self._is_playing:
            return
        sound = self._ring.read(len(block))
        self._is_playing = len(sound) == len(block)
        mixed = block[: len(sound)].astype(np.int32) + sound
        block[: len(sound)] = np.clip(mixed, SMALLEST, LARGEST).astype(np.int16)
