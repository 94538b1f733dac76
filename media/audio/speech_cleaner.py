"""Our voice without the far one's echo, rumble and noise: 10 ms in, 10 ms out. Speech only.

Echo goes two ways: libwebrtc's canceller is best while only the far side speaks, but cuts whole
words out when both do. Then what our own filter leaves is sent, which suppresses nothing.
"""

import numpy as np

from media.audio.echo_path import BLOCK, PARTS, Block, EchoPath
from media.audio.talk_watch import TalkWatch
from media.devices.sample_ring import Samples

try:
    from livekit.rtc.apm import AudioProcessingModule
    from livekit.rtc.audio_frame import AudioFrame

    WHY_NOT = ""
except ImportError as error:  # no library for this machine: the voice goes on without
    WHY_NOT = type(error).__name__

# The library itself is loaded with the first cleaner; a module of it may refuse a block.
FAULTS = (ImportError, OSError, RuntimeError)
RATE_HZ = 48_000
FULL_SCALE = np.float32(32_768)
CANCELLER_SAMPLES = 473  # by how much libwebrtc's canceller holds a voice back
SILENT = 2  # of 32 768: nothing is played


class SpeechCleaner:
    """RuntimeError where livekit's library is not; look at `WHY_NOT` before. One thread."""

    def __init__(self) -> None:
        if WHY_NOT:
            raise RuntimeError(f"livekit: {WHY_NOT}")
        self._canceller = AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._noise = AudioProcessingModule(noise_suppression=True)
        self._path = EchoPath()
        self._watch = TalkWatch()
        self._told_ms = -1
        self._left = np.zeros(CANCELLER_SAMPLES, np.float32)
        self._mix = 0.0
        self._silent_blocks = 0

    @property
    def is_both(self) -> bool:
        return self._watch.is_both

    def delay_is(self, delay_s: float) -> None:
        """From a sample given here to its echo given here, as the devices tell it."""
        delay_ms = min(500, max(0, round(delay_s * 1000)))
        if delay_ms != self._told_ms:
            self._told_ms = delay_ms
            self._canceller.set_stream_delay_ms(delay_ms)

    def clean(self, far: Samples, heard: Samples) -> Samples:
        """`far`: what the loudspeaker plays; `heard`: what the microphone brings; 480 each."""
        left = self._without_known_echo(far, heard)
        self._canceller.process_reverse_stream(_frame(far))
        cancelled = _processed(self._canceller, heard).astype(np.float32)
        self._left = np.concatenate((self._left, left))
        held, self._left = self._left[:BLOCK], self._left[BLOCK:]
        before, self._mix = self._mix, float(self._watch.is_both)
        if before or self._mix:
            share = np.linspace(before, self._mix, BLOCK, dtype=np.float32)
            cancelled += share * (held - cancelled)
        return _processed(self._noise, np.rint(np.clip(cancelled, -32_768, 32_767)))

    def _without_known_echo(self, far: Samples, heard: Samples) -> Block:
        voice = heard.astype(np.float32)
        self._silent_blocks = 0 if np.abs(far).max() > SILENT else self._silent_blocks + 1
        if self._silent_blocks > PARTS:
            return voice  # nothing was played for longer than any echo lasts
        left = self._path.take_off(
            far.astype(np.float32) / FULL_SCALE, voice / FULL_SCALE, is_both=self._watch.is_both
        )
        self._watch.see(self._path.echo_power, self._path.left_power, self._path.heard_power)
        if self._watch.has_moved:
            self._path.forget()
        return left * FULL_SCALE


def _frame(samples: object) -> "AudioFrame":
    data = np.asarray(samples, dtype=np.int16).tobytes()
    return AudioFrame(bytearray(data), RATE_HZ, 1, BLOCK)


def _processed(module: "AudioProcessingModule", samples: object) -> Samples:
    frame = _frame(samples)
    module.process_stream(frame)
    return np.frombuffer(frame.data, dtype=np.int16)
