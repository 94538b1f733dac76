"""Our voice without the far one's echo, rumble and noise: 10 ms in, 10 ms out. Speech only.

Echo goes two ways: libwebrtc's canceller is best while only the far side speaks, but cuts whole
words out when both do. Then what our own filter leaves is sent, which suppresses nothing. Where no
echo can be, nothing is taken off for one; from a quiet room, too, the voice goes as it is, at once.
"""

import numpy as np

from media.audio.echo_path import BLOCK, Block, EchoPath
from media.audio.echo_sign import EchoSign
from media.audio.loudspeaker_bend import LoudspeakerBend
from media.audio.room_noise import RoomNoise
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
RISING = np.linspace(0, 1, BLOCK, dtype=np.float32)
FALLING = RISING[::-1]
# By how much libwebrtc's canceller, and its noise suppression, hold a voice back.
CANCELLER_SAMPLES, SUPPRESSION_SAMPLES = 473, 535
WAKING_BLOCKS = 5  # after a rest; what they held back before it is through by then


class SpeechCleaner:
    """RuntimeError where livekit's library is not; look at `WHY_NOT` before. One thread."""

    def __init__(self) -> None:
        if WHY_NOT:
            raise RuntimeError(f"livekit: {WHY_NOT}")
        self._canceller = AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._noise = AudioProcessingModule(noise_suppression=True)
        self._path = EchoPath()
        self._bend = LoudspeakerBend()
        self._watch = TalkWatch()
        self._told_ms = -1
        self._left = np.zeros(CANCELLER_SAMPLES, np.float32)
        self._noisy = np.zeros(SUPPRESSION_SAMPLES, np.float32)
        self._sign = EchoSign()
        self._room = RoomNoise()
        self._mix = self._natural = self._plain = 0.0
        self._waking = 0  # blocks for which libwebrtc's parts must work before they are of use

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
        voice = heard.astype(np.float32)
        left = self._without_known_echo(far, voice)
        before, goes_as_it_is = self._plain, self._goes_as_it_is()
        if goes_as_it_is and before == 1.0 and self._sign.is_none:
            self._waking = WAKING_BLOCKS  # nobody needs them; they are half of the work
            return heard
        sent = self._by_libwebrtc(far, heard, left)
        self._waking = max(0, self._waking - 1)
        self._plain = float(goes_as_it_is or self._waking > 0)
        if before == self._plain == 1.0:
            return heard
        _fade(sent, voice, before, self._plain)
        whole: Samples = np.rint(np.clip(sent, -32_768, 32_767)).astype(np.int16)
        return whole

    def listen(self, heard: Samples) -> None:
        """Nobody is to get it: only the room is learned."""
        self._room.heard(_power(heard.astype(np.float32) / FULL_SCALE))

    def _by_libwebrtc(self, far: Samples, heard: Samples, left: Block) -> Block:
        self._canceller.process_reverse_stream(_frame(far))
        cancelled = _processed(self._canceller, heard).astype(np.float32)
        self._left = np.concatenate((self._left, left))
        held, self._left = self._left[:BLOCK], self._left[BLOCK:]
        is_whole = self._watch.is_both or not self._sign.is_possible
        before, self._mix = self._mix, float(is_whole)
        _fade(cancelled, held, before, self._mix)
        return self._without_noise(cancelled, is_whole=is_whole)

    def _without_noise(self, voice: Block, *, is_whole: bool) -> Block:
        """From a quiet room what is whole stays so: what suppression takes is of the voice."""
        suppressed = _processed(self._noise, np.rint(np.clip(voice, -32_768, 32_767)))
        self._noisy = np.concatenate((self._noisy, voice))
        held, self._noisy = self._noisy[:BLOCK], self._noisy[BLOCK:]
        sent = suppressed.astype(np.float32)
        before, self._natural = self._natural, float(is_whole and self._room.is_quiet)
        _fade(sent, held, before, self._natural)
        return sent

    def _goes_as_it_is(self) -> bool:
        """Begun in a pause only: 10 ms are left out then."""
        if self._sign.is_possible or not self._room.is_quiet:
            return False
        return self._plain == 1.0 or self._room.is_pause

    def _without_known_echo(self, far: Samples, voice: Block) -> Block:
        played, heard = far.astype(np.float32) / FULL_SCALE, voice / FULL_SCALE
        power = _power(heard)
        self._room.heard(power)
        self._sign.played(_power(played))
        if not self._sign.is_playing:
            return voice
        if self._sign.is_possible:
            self._bend.see(played, heard)
        path = self._path
        left = path.take_off(self._bend.bent(played), heard, is_both=self._watch.is_both)
        self._watch.see(path.echo_power, path.left_power, path.heard_power)
        self._sign.heard(power, path.left_power, path.echo_power, path.along)
        if self._watch.has_moved:
            path.forget()
        return left * FULL_SCALE if self._sign.is_possible else voice


def _fade(sound: Block, into: Block, before: float, after: float) -> None:
    """From a share of 0 or 1 to one of 0 or 1, within the block."""
    if before != after:
        sound += (RISING if after else FALLING) * (into - sound)
    elif after:
        sound[:] = into


def _power(block: Block) -> float:
    return float(block.dot(block)) / BLOCK


def _frame(samples: object) -> "AudioFrame":
    data = np.asarray(samples, dtype=np.int16).tobytes()
    return AudioFrame(bytearray(data), RATE_HZ, 1, BLOCK)


def _processed(module: "AudioProcessingModule", samples: object) -> Samples:
    frame = _frame(samples)
    module.process_stream(frame)
    return np.frombuffer(frame.data, dtype=np.int16)
