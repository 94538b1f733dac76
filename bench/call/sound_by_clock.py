"""Sound devices in place of PortAudio's: a block of 10 ms at its exact instant, as hardware asks.

What is spoken and what is heard is known to the sample, with the instant of each.
"""

import threading
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bench.call.kept import Kept
from media.devices import sound_library
from media.devices.sound_library import Stream, Wish

RATE_HZ = 48_000
BLOCK = 480
BLOCK_S = BLOCK / RATE_HZ

Samples = npt.NDArray[np.int16]


class Pace:
    """A thread that calls once a block; late by the machine's doing, it catches up."""

    def __init__(self, each: Callable[[], None]) -> None:
        self._each = each
        self._is_over = threading.Event()
        self.began_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def latency(self) -> float:
        """No device: a block is heard when it is asked for."""
        return 0.0

    def stop(self) -> None:
        self._is_over.set()

    def close(self) -> None:
        self._thread.join(1.0)

    def _run(self) -> None:
        blocks = 0
        while not self._is_over.is_set():
            blocks += 1
            time.sleep(max(0.0, self.began_at + blocks * BLOCK_S - time.monotonic()))
            self._each()


class SoundByClock:
    """One microphone that speaks `said` round and round (None: silence), and one loudspeaker.

    `said_at` is when the speech's first sample was said, or would have been: it begins at `from_s`.
    """

    def __init__(self, said: Samples | None, from_s: float = 0.0) -> None:
        self._said = np.zeros(BLOCK, np.int16) if said is None else said
        self._spoken = round(from_s * RATE_HZ)  # samples
        self._from_s = from_s
        self.said_at: float | None = None  # monotonic
        self.heard_at: float | None = None
        self._heard = Kept()

    def heard(self) -> bytes:
        """All that was played so far, from the first block asked for on."""
        return self._heard.all()

    def install(self) -> None:
        """From now on the product's devices are these."""
        vars(sound_library)["open_input"] = self._open_input
        vars(sound_library)["open_output"] = self._open_output

    async def _open_input(
        self, wish: Wish, on_samples: Callable[[Samples], None]
    ) -> tuple[Stream, int]:
        def each() -> None:
            at = self._spoken % len(self._said)
            block = self._said[at : at + BLOCK]
            self._spoken += BLOCK
            on_samples(block)

        pace = Pace(each)
        self.said_at = pace.began_at - self._from_s
        return pace, RATE_HZ

    async def _open_output(
        self, wish: Wish, on_wanted: Callable[[Samples], None]
    ) -> tuple[Stream, int]:
        def each() -> None:
            block = np.zeros(BLOCK, np.int16)
            on_wanted(block)
            self._heard.add(block.tobytes())

        pace = Pace(each)
        self.heard_at = pace.began_at + BLOCK_S  # a block is asked for when it is due
        return pace, RATE_HZ
