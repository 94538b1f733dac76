"""Body sounds on the screen's side: asked for, drawn, and what comes of them told.

Survives every media process; with one that ends, what stood open there is gone.
"""

import os
from collections.abc import Callable

from app.domain.curve import SoundShape, Strip
from app.domain.engine import EngineEvent, SoundOpened
from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.ids import RecordId
from app.domain.listening import Listening, Playing, Slot
from media.link.curve_share import STRIPS, CurveReader
from media.link.messages import Wish
from media.link.sealed_memory import contents, new_sealed
from media.link.sound_words import (
    CloseSound,
    CurveMemory,
    Listen,
    OpenSound,
    PlaySound,
    SoundShown,
    StopSound,
)

SHAPE_MAX_BYTES = 8 * 1024 * 1024

Say = Callable[[Wish, int | None], bool]


class SoundDesk:
    """Fulfils ports.SoundRoom. `say` answers whether a media process was there to hear it."""

    def __init__(self, say: Say, tell: Callable[[EngineEvent], None]) -> None:
        self._say = say
        self._tell = tell
        self._listening = Listening()
        self._curves: CurveReader | None = None

    def strips(self) -> list[Strip]:
        """What is new on the curves; to be asked some thirty times a second by who draws them."""
        return [] if self._curves is None else self._curves.taken()

    # --- ports.SoundRoom ---------------------------------------------------------------------

    async def listen(self, listening: Listening) -> None:
        """Remembered for a media process that is started anew."""
        self._listening = listening
        self._say(Listen(listening), None)

    async def open_sound(self, slot: Slot, recording: RecordId, wav: bytes) -> None:
        descriptor = new_sealed(wav, "recording")
        try:
            self._must_say(OpenSound(slot, recording, len(wav)), descriptor)
        finally:
            os.close(descriptor)

    async def close_sound(self, slot: Slot) -> None:
        self._say(CloseSound(slot), None)

    async def play_sound(self, playing: Playing) -> None:
        self._must_say(PlaySound(playing))

    async def stop_sound(self) -> None:
        self._say(StopSound(), None)

    # --- what the remote control tells --------------------------------------------------------

    def attached(self) -> None:
        if self._listening != Listening():
            self._say(Listen(self._listening), None)

    def gone(self) -> None:
        if self._curves is not None:
            self._curves.close()
            self._curves = None

    def heard(self, word: CurveMemory | SoundShown, descriptor: int) -> None:
        """Untrusted when it is not what it says."""
        if isinstance(word, CurveMemory):
            self.gone()
            if word.strips != STRIPS:
                os.close(descriptor)
                raise Untrusted(Code.MALFORMED, "curves")
            self._curves = CurveReader(descriptor)
            return
        try:
            self._tell(_opened(word, descriptor))
        finally:
            os.close(descriptor)

    def _must_say(self, wish: Wish, descriptor: int | None = None) -> None:
        if not self._say(wish, descriptor):
            raise Unavailable(Code.MEDIA_PROCESS_ENDED, "media process")


def _opened(word: SoundShown, descriptor: int) -> SoundOpened:
    sizes = (word.peaks_bytes, word.pairs_bytes, word.columns_bytes)
    size = sum(sizes)
    if min(sizes) < 0 or size > SHAPE_MAX_BYTES:
        raise Untrusted(Code.TOO_LARGE, "curves of a recording")
    if word.column_bytes < 1 or word.columns_bytes % word.column_bytes:
        raise Untrusted(Code.MALFORMED, "curves of a recording")
    data = contents(descriptor, size) if size else b""
    columns_at = word.peaks_bytes + word.pairs_bytes
    shape = SoundShape(
        word.seconds,
        data[: word.peaks_bytes],
        data[word.peaks_bytes : columns_at],
        data[columns_at:],
        word.column_bytes,
        word.columns_per_s,
    )
    return SoundOpened(
        slot=word.slot,
        recording=word.recording,
        sample_rate_hz=word.sample_rate_hz,
        bands=word.bands,
        shape=shape,
        peak=word.peak,
        heart_rate_bpm=word.heart_rate_bpm,
        heart_confidence=word.heart_confidence,
        faults=word.faults,
    )
