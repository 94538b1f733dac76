"""The two codecs of a picture, VP8 and H.264, as what is read of their packets before decoding."""

from collections.abc import Callable
from dataclasses import dataclass

from media.rtc import h264_words, vp8_words
from media.rtc.header_extensions import payload_at

HEAD_BYTES = 24  # of a payload: all that is read of it


@dataclass(frozen=True, slots=True)
class PictureWords:
    """Payloads are of one packet, as they came; data is of a picture, put together."""

    begins_frame: Callable[[bytes], bool]
    begins_key_packet: Callable[[bytes], bool]
    begins_key_frame: Callable[[bytes], bool]
    needs_others: Callable[[bytes], bool]


VP8 = PictureWords(
    vp8_words.begins_frame,
    vp8_words.begins_key_packet,
    vp8_words.begins_key_frame,
    vp8_words.needs_others,
)
H264 = PictureWords(
    h264_words.begins_frame,
    h264_words.begins_key_packet,
    h264_words.begins_key_frame,
    h264_words.needs_others,
)


def words_of(mime_type: str) -> PictureWords:
    return H264 if mime_type.lower() == "video/h264" else VP8


def begins_key_frame(packet: bytes) -> bool:
    """Of an RTP packet that we send: as we pack them, the two never look alike."""
    at = payload_at(packet)
    head = packet[at : at + HEAD_BYTES]
    return VP8.begins_key_packet(head) or H264.begins_key_packet(head)
