"""A block of sound for the line and back, bit for bit: as FLAC where that is fewer bytes.

Each coded block stands for itself: lost ones take nothing else with them.
"""

import struct

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError

from app.domain.failures import Code, Rejected
from media.auscultation.wav import SAMPLE_BYTES

PLAIN, FLAC = 0, 1
LEAST_FLAC_SAMPLES = 16  # what FLAC calls a frame
LEVEL = "5"


class BlockCoder:
    def __init__(self, rate_hz: int, block_samples: int) -> None:
        self._rate_hz = rate_hz
        self._block_samples = block_samples
        self._encoder = self._new_encoder() if block_samples >= LEAST_FLAC_SAMPLES else None
        self._decoder: AudioCodecContext | None = None

    def coded(self, samples: bytes) -> bytes:
        """A block of another length than ours goes as it is: only the last one is."""
        if self._encoder is not None and len(samples) == self._block_samples * SAMPLE_BYTES:
            block = np.frombuffer(samples, dtype="<i2").reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate = self._rate_hz
            (packet,) = self._encoder.encode(frame)
            if packet.size < len(samples):
                return bytes([FLAC]) + bytes(packet)
        return bytes([PLAIN]) + samples

    def plain(self, coded: bytes) -> bytes:
        """Rejected(MALFORMED) when it is no coded block."""
        if coded[:1] == bytes([PLAIN]) and len(coded) % SAMPLE_BYTES and len(coded) > 1:
            return coded[1:]
        if coded[:1] != bytes([FLAC]):
            raise Rejected(Code.MALFORMED, "coded block")
        try:
            if self._decoder is None:
                self._decoder = self._new_decoder()
            (frame,) = self._decoder.decode(av.Packet(coded[1:]))
        except (FFmpegError, ValueError) as error:
            self._decoder = None  # it may stand in the middle of something
            raise Rejected(Code.MALFORMED, "coded block") from error
        if frame.samples != self._block_samples or frame.format.name != "s16":
            raise Rejected(Code.MALFORMED, "coded block")
        return frame.to_ndarray().astype("<i2").tobytes()

    def _new_encoder(self) -> AudioCodecContext:
        encoder = av.CodecContext.create("flac", "w")
        assert isinstance(encoder, AudioCodecContext)
        encoder.sample_rate, encoder.layout, encoder.format = self._rate_hz, "mono", "s16"
        encoder.options = {"frame_size": str(self._block_samples), "compression_level": LEVEL}
        encoder.open()
        return encoder

    def _new_decoder(self) -> AudioCodecContext:
        decoder = av.CodecContext.create("flac", "r")
        assert isinstance(decoder, AudioCodecContext)
        decoder.extradata = stream_info(self._rate_hz, self._block_samples)
        decoder.options = {"err_detect": "crccheck+explode"}
        decoder.open()
        return decoder


def stream_info(rate_hz: int, block_samples: int) -> bytes:
    """FLAC's STREAMINFO (RFC 9639, 8.2) of one channel of 16 bit, its length and hash unknown."""
    words = rate_hz << 44 | (1 - 1) << 41 | (16 - 1) << 36
    return struct.pack("!HH6xQ16x", block_samples, block_samples, words)
