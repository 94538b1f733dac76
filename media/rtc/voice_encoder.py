"""Our Opus encoder in the place of stock's, which sends 96 kbit/s in stereo, and no copies."""

import aiortc.codecs
from aiortc import RTCRtpSender
from aiortc.codecs import CODECS
from aiortc.codecs.opus import OpusEncoder as StockOpusEncoder
from av import AudioFrame
from av.frame import Frame

from media.audio.opus_encoder import OpusEncoder
from media.rtc.remote_tracks import one_channel

FORMAT: dict[str, int | str | None] = {"minptime": 10, "useinbandfec": 1}  # RFC 7587, 6.1
ENCODER = "_RTCRtpSender__encoder"  # the sender makes it with its first frame and keeps it


class VoiceEncoder(StockOpusEncoder):
    def __init__(self) -> None:
        self.opus = OpusEncoder()
        self._first_pts: int | None = None

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """One frame of 20 ms, 48 kHz -> one payload and its RTP time."""
        assert isinstance(frame, AudioFrame) and frame.pts is not None
        if self._first_pts is None:
            self._first_pts = frame.pts
        return [self.opus.encode(one_channel(frame))], frame.pts - self._first_pts


def tell_loss(sender: RTCRtpSender, percent: float) -> None:
    """What the far side reports of our voice; nothing before its first frame."""
    encoder = getattr(sender, ENCODER, None)
    if isinstance(encoder, VoiceEncoder):
        encoder.opus.expected_loss(percent)


def install() -> None:
    """Ours from now on; what we can hear, copies included, is said in each description."""
    for codec in CODECS["audio"]:
        if codec.mimeType.lower() == "audio/opus":
            codec.parameters.update(FORMAT)
    vars(aiortc.codecs)["OpusEncoder"] = VoiceEncoder
