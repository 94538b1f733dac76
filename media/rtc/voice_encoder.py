"""Our Opus encoder in the place of stock's, which sends 96 kbit/s in stereo, and no copies.

The track brings 10 ms at a time; a packet carries one to six of them, as the shape says.
"""

from collections import deque

import aiortc.codecs
import numpy as np
from aiortc import RTCRtpSender
from aiortc.codecs import CODECS
from aiortc.codecs.opus import OpusEncoder as StockOpusEncoder

from media.audio.opus_encoder import OpusEncoder
from media.audio.red_packets import Copy, packed
from media.audio.voice_shape import FIRST, MOST_COPIES, VoiceRule, VoiceShape
from media.devices.sample_ring import Samples
from media.rtc.local_tracks import VoiceBlock

FORMAT: dict[str, int | str | None] = {"minptime": 10, "useinbandfec": 1}  # RFC 7587, 6.1
ENCODER = "_RTCRtpSender__encoder"  # the sender makes it with its first frame and keeps it
NO_REPORT_FOR_S = 2.0  # they come about once a second


class VoiceEncoder(StockOpusEncoder):
    """`opus_type`: the payload type of Opus within RFC 2198; None: the far side knows no copies.

    Shape and loss are seen at the next packet. On the loop's thread: a packet takes less than
    handing it to another one would.
    """

    def __init__(self, opus_type: int | None = None) -> None:
        self.opus = OpusEncoder()
        self.shape, self.loss_percent = FIRST, 0.0
        self._set, self._set_loss = FIRST, 0.0
        self._opus_type = opus_type
        self._first_position: int | None = None
        self._begun_at = 0  # RTP time of the first sample in hand
        self._in_hand: list[Samples] = []
        self._said: deque[tuple[int, bytes]] = deque(maxlen=MOST_COPIES)

    def pack(self, block: VoiceBlock) -> tuple[list[bytes], int]:  # type: ignore[override]  # see VoiceTrack
        """10 ms of 48 kHz -> a payload and its RTP time, or none while a packet is not full."""
        if self._first_position is None:
            self._first_position = block.position
        if not self._in_hand:
            self._begun_at = block.position - self._first_position
            self._obey(self.shape, self.loss_percent)
        self._in_hand.append(block.samples)
        if sum(map(len, self._in_hand)) < self._set.frame:
            return [], self._begun_at
        samples, self._in_hand = np.concatenate(self._in_hand), []
        return [self._payload(self.opus.encode(samples))], self._begun_at

    def _obey(self, shape: VoiceShape, loss_percent: float) -> None:
        if shape.bit_s != self._set.bit_s:
            self.opus.bit_s(shape.bit_s)
        if shape.leaves_silence_out != self._set.leaves_silence_out:
            self.opus.leave_silence_out(shape.leaves_silence_out)
        if (shape.copies, loss_percent) != (self._set.copies, self._set_loss):
            self.opus.expected_loss(loss_percent, is_copied_whole=shape.copies > 0)
        self._set, self._set_loss = shape, loss_percent

    def _payload(self, packet: bytes) -> bytes:
        if self._opus_type is None:
            return packet
        most = self._set.copies * self._set.frame
        ages = [(self._begun_at - at, said) for at, said in self._said]
        copies = [Copy(ago, said) for ago, said in ages if 0 < ago <= most]
        self._said.append((self._begun_at, packet))
        return packed(self._opus_type, packet, copies)


class VoiceOut:
    """What is known of the way of our voice, told to its encoder.

    The first words go out at their best whatever the line is guessed to carry: until the far side
    reports, or has not done so for a while.
    """

    def __init__(self) -> None:
        self.sender: RTCRtpSender | None = None  # of our voice, once there is one
        self._rule = VoiceRule()
        self._percent = 0.0
        self._first_at: float | None = None
        self._is_begun = False

    def carries(self, bit_s: int | None) -> None:
        """Of the whole line, all bytes on the wire; None: not known."""
        self._rule.carries(bit_s)
        self._tell()

    def loses(self, percent: float | None, now: float) -> None:
        """What the far side reports of our voice, None when it does not; told every second."""
        if self._encoder is None:
            return
        self._first_at = now if self._first_at is None else self._first_at
        if percent is not None:
            self._percent = percent
            self._rule.loses(percent, now)
        self._is_begun |= percent is not None or now - self._first_at >= NO_REPORT_FOR_S
        self._tell()

    @property
    def _encoder(self) -> VoiceEncoder | None:
        encoder = getattr(self.sender, ENCODER, None)
        return encoder if isinstance(encoder, VoiceEncoder) else None

    def _tell(self) -> None:
        if self._is_begun and (encoder := self._encoder) is not None:
            encoder.shape, encoder.loss_percent = self._rule.shape, self._percent


def install() -> None:
    """Ours from now on; what we can hear, copies included, is said in each description."""
    for codec in CODECS["audio"]:
        if codec.mimeType.lower() == "audio/opus":
            codec.parameters.update(FORMAT)
    vars(aiortc.codecs)["OpusEncoder"] = VoiceEncoder
