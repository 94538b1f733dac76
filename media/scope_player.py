"""Kept recordings, opened and heard: at most two side by side, one heard at a time.

What they cost is done in a worker, not on the loop. Nothing of them touches the disk here.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from app.domain.engine import SoundPlaying, SoundRefused, SoundStopped
from app.domain.failures import Code, Failure, Untrusted
from app.domain.ids import RecordId
from app.domain.listening import Playing, Slot
from app.runtime.tasks import TaskOwner
from media.auscultation.listener import Listener
from media.auscultation.slow_playback import SlowPlayback
from media.ear_output import EarOutput
from media.link.messages import News
from media.link.sealed_memory import contents, new_sealed
from media.link.sound_words import OpenSound, SoundShown
from media.opened_sound import OpenedSound, opened, prepared

log = logging.getLogger(__name__)

WAV_MAX_BYTES = 64 * 1024 * 1024
STEP_S = 0.04
IN_HAND_SAMPLES = 48 * 80  # at 48 kHz: 80 ms are put ahead
TELL_EVERY_S = 0.1

Tell = Callable[[News, int | None], bool]


class ScopePlayer:
    def __init__(self, tell: Tell, output: EarOutput) -> None:
        self._tell = tell
        self._output = output
        self._opened: dict[Slot, OpenedSound] = {}
        self._wanted: dict[Slot, RecordId] = {}
        self._playing: asyncio.Task[None] | None = None
        self._worker = ThreadPoolExecutor(1, "kept sounds")
        self._tasks = TaskOwner("scope player")

    async def close(self) -> None:
        await self._tasks.close()
        self._worker.shutdown(cancel_futures=True)

    def screen_left(self) -> None:
        """Whoever listened is gone."""
        for slot in Slot:
            self.close_slot(slot)

    # --- wishes ------------------------------------------------------------------------------

    def open_slot(self, wish: OpenSound, descriptor: int) -> None:
        """SoundShown or SoundRefused is told."""
        try:
            if not 0 < wish.wav_bytes <= WAV_MAX_BYTES:
                raise Untrusted(Code.TOO_LARGE, "recording")
            wav = contents(descriptor, wish.wav_bytes)
        finally:
            os.close(descriptor)
        self.close_slot(wish.slot)
        self._wanted[wish.slot] = wish.recording
        self._tasks.start(self._open(wish.slot, wish.recording, wav), "open sound")

    def close_slot(self, slot: Slot) -> None:
        if slot in self._opened:
            self.stop()
        self._opened.pop(slot, None)
        self._wanted.pop(slot, None)

    def play(self, playing: Playing) -> None:
        self.stop()
        sound = self._opened.get(playing.slot)
        if sound is not None:
            self._playing = self._tasks.start(self._play(sound, playing), "play sound")

    def stop(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None
            self._output.silence()

    # --- inside ------------------------------------------------------------------------------

    async def _open(self, slot: Slot, recording: RecordId, wav: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            sound = await loop.run_in_executor(self._worker, opened, recording, wav)
            if self._wanted.get(slot) != recording:
                return  # another was chosen meanwhile
            self._opened[slot] = sound
            self._show(slot, sound)
        except Failure as failure:
            log.warning("a recording cannot be opened: %s", failure.code)
            self._tell(SoundRefused(slot, recording, failure.code), None)

    def _show(self, slot: Slot, sound: OpenedSound) -> None:
        shape = sound.shape
        curves = shape.peaks + shape.pairs + shape.columns
        descriptor = new_sealed(curves, "curves of a recording")
        word = SoundShown(
            slot=slot,
            recording=sound.recording,
            sample_rate_hz=sound.rate_hz,
            seconds=shape.seconds,
            bands=sound.bands,
            peaks_bytes=len(shape.peaks),
            pairs_bytes=len(shape.pairs),
            columns_bytes=len(shape.columns),
            column_bytes=shape.column_bytes,
            columns_per_s=shape.columns_per_s,
            peak=sound.peak,
            heart_rate_bpm=sound.heart_rate_bpm,
            heart_confidence=sound.heart_confidence,
            faults=sound.faults,
        )
        try:
            self._tell(word, descriptor)
        finally:
            os.close(descriptor)

    async def _play(self, sound: OpenedSound, playing: Playing) -> None:
        loop = asyncio.get_running_loop()
        other = Slot.SECOND if playing.slot is Slot.FIRST else Slot.FIRST
        beside = self._opened.get(other)
        slow = await loop.run_in_executor(self._worker, prepared, sound, playing, beside)
        await self._output.ready()
        ears = Listener(sound.rate_hz, None, 0)
        step = max(1, round(STEP_S * sound.rate_hz))
        told_at = 0.0
        while not slow.is_ended:
            if self._output.in_hand < IN_HAND_SAMPLES:
                self._output.put(ears.run(slow.read(step)))
                await asyncio.sleep(0)  # an output that takes all at once holds nobody up
            else:
                await asyncio.sleep(STEP_S / 2)
            if loop.time() - told_at >= TELL_EVERY_S:
                told_at = loop.time()
                self._tell(self._where(playing, slow), None)
        self._playing = None
        self._tell(SoundStopped(playing.slot, playing.end_s), None)

    def _where(self, playing: Playing, slow: SlowPlayback) -> SoundPlaying:
        at_s = playing.start_s + slow.position_s
        return SoundPlaying(playing.slot, at_s, self._output.is_heard)
