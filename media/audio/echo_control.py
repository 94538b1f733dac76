"""Between microphone and voice: a thread that cleans each 10 ms of what is heard of its echo.

The callbacks of both sound devices only leave their blocks here. Without livekit's library, or
where it is not wanted, blocks go on as they are; a stethoscope's sound never comes here.
"""

import logging
import threading
from collections.abc import Callable

import numpy as np

from media.audio import speech_cleaner
from media.audio.echo_path import BLOCK
from media.audio.speech_cleaner import RATE_HZ, SpeechCleaner
from media.devices.sample_ring import SampleRing, Samples

log = logging.getLogger(__name__)

WAITS_FOR_FAR = 3 * BLOCK  # a block waits so long for what was played meanwhile
MOST_FAR = 8 * BLOCK  # beyond this the loudspeaker's clock runs faster: catch up
RING_SAMPLES = RATE_HZ // 2
LOOK_EVERY_S = 0.5
CLOSE_LIMIT_S = 1.0


class EchoControl:
    """`give` gets what is heard, cleaned, on a thread of ours or of the microphone."""

    def __init__(
        self,
        give: Callable[[Samples], None],
        delay_s: Callable[[], float],
        is_wanted: Callable[[], bool],
    ) -> None:
        """`delay_s`: of both devices together, as they know it now. While nothing `is_wanted`,
        nothing is cleaned nor given: a microphone is open long before a call is.
        """
        self._give = give
        self._delay_s = delay_s
        self._is_wanted = is_wanted
        self._far = SampleRing(RING_SAMPLES)
        self._heard = SampleRing(RING_SAMPLES)
        self._wakes = threading.Event()
        self._is_ended = False
        self._thread: threading.Thread | None = None

    @property
    def is_working(self) -> bool:
        return self._thread is not None

    def open(self) -> None:
        """Once. Where it cannot work the voice goes on as it is heard."""
        if speech_cleaner.WHY_NOT:
            log.warning("no echo control: %s", speech_cleaner.WHY_NOT)
            return
        self._thread = threading.Thread(target=self._run, name="echo control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """What was heard last may be lost; short, and not for ever."""
        self._is_ended = True
        self._wakes.set()
        if (thread := self._thread) is not None:
            thread.join(CLOSE_LIMIT_S)

    def forget(self) -> None:
        """What was heard and not yet given on is never heard: somebody muted."""
        self._heard.clear()

    def played(self, samples: Samples) -> None:
        """On the loudspeaker's callback thread: the block that it really plays."""
        if self._thread is not None:
            self._far.write(samples)
            self._wakes.set()

    def heard(self, samples: Samples) -> None:
        """On the microphone's callback thread."""
        if self._thread is None:
            self._give(samples)
            return
        self._heard.write(samples)
        self._wakes.set()

    # --- the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            cleaner = SpeechCleaner()
            while not self._is_ended:
                self._wakes.wait(LOOK_EVERY_S)
                self._wakes.clear()
                cleaner.delay_is(self._delay_s())
                self.work(cleaner)
        except speech_cleaner.FAULTS as error:
            log.warning("no echo control: %s", type(error).__name__)
        finally:
            self._thread = None  # whatever it was: from now on blocks go on as they are

    def work(self, cleaner: SpeechCleaner) -> None:
        """All blocks whose counterpart is here, or will not come."""
        if self._far.filled > MOST_FAR:
            self._far.skip(self._far.filled - BLOCK)
        while self._heard.filled >= BLOCK:
            if self._far.filled < BLOCK and self._heard.filled < WAITS_FOR_FAR:
                return
            far, heard = self._far.read(BLOCK), self._heard.read(BLOCK)
            if not self._is_wanted():
                cleaner.listen(heard)
                continue
            if len(far) < BLOCK:  # nothing is played
                far = np.concatenate((far, np.zeros(BLOCK - len(far), dtype=np.int16)))
            self._give(cleaner.clean(far, heard))
