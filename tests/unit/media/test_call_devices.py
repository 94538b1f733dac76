"""A link's voice goes on whichever microphone speaks, and hears nothing of the one before."""

from typing import cast

import numpy as np

from media.call_devices import Voice
from media.devices.microphone import Microphone
from media.devices.sample_ring import SampleRing


class FakeMicrophone:
    """Microphone's taps, without a device."""

    def __init__(self) -> None:
        self.taps: list[SampleRing] = []

    def tap(self, ring: SampleRing) -> SampleRing:
        self.taps.append(ring)
        return ring

    def untap(self, ring: SampleRing) -> None:
        self.taps = [tap for tap in self.taps if tap is not ring]

    def speaks(self, value: int) -> None:
        for tap in self.taps:
            tap.write(np.full(4, value, dtype=np.int16))


def test_a_links_voice_goes_on_with_another_microphone() -> None:
    voice, first, second = Voice(), FakeMicrophone(), FakeMicrophone()
    early = voice.tap()
    voice.use(cast(Microphone, first))
    late = voice.tap()
    first.speaks(1)
    assert (early.filled, late.filled) == (4, 4)
    voice.use(None)  # nobody has been at the screen for long
    first.speaks(2)
    assert (early.filled, late.filled) == (0, 0)  # and what was not sent yet is not kept for later
    voice.use(cast(Microphone, second))
    first.speaks(3)
    second.speaks(4)
    assert early.read(10).tolist() == late.read(10).tolist() == [4] * 4
    voice.untap(early)
    second.speaks(5)
    assert (early.filled, late.filled) == (0, 4)
