"""The WAV that a recording's hash is taken of: a 44-byte header, PCM, 16 bit, one channel.

Also finds the sound in what a file stands in for a stethoscope with; other kinds are refused.
"""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

from app.domain.failures import Code, Rejected

HEADER_BYTES = 44
SAMPLE_BYTES = 2
RATE_LEAST_HZ, RATE_MOST_HZ = 1_000, 48_000
PCM, EXTENSIBLE = 1, 0xFFFE
CHUNKS_MOST = 256
LONGEST_FORMAT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SoundPlace:
    """Where in a file its samples lie, in bytes; whole samples."""

    begin: int
    end: int
    rate_hz: int


def wav_of(samples: bytes | bytearray, sample_rate_hz: int) -> bytes:
    """The canonical file: the same samples always give the same bytes."""
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        HEADER_BYTES - 8 + len(samples),
        b"WAVE",
        b"fmt ",
        16,
        PCM,
        1,
        sample_rate_hz,
        sample_rate_hz * SAMPLE_BYTES,
        SAMPLE_BYTES,
        8 * SAMPLE_BYTES,
        b"data",
        len(samples),
    )
    return header + samples


def samples_of(wav: bytes) -> tuple[bytes, int]:
    """(samples, rate) of a PCM 16 bit one-channel WAV; else Rejected(DEVICE_UNUSABLE)."""
    place = place_of_sound(io.BytesIO(wav), len(wav))
    return wav[place.begin : place.end], place.rate_hz


def place_of_sound(file: BinaryIO, size: int) -> SoundPlace:
    """Where the sound lies; what a header says beyond the file's own end is not believed."""
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise Rejected(Code.DEVICE_UNUSABLE, "not a WAV file")
    rate: int | None = None
    at = 12
    for _ in range(CHUNKS_MOST):
        file.seek(at)
        chunk = file.read(8)
        if len(chunk) < 8:
            break
        name, length = struct.unpack("<4sI", chunk)
        begin = at + 8
        if name == b"fmt ":
            rate = _rate_of(file.read(min(length, LONGEST_FORMAT_BYTES)))
        elif name == b"data":
            count = min(length, size - begin) // SAMPLE_BYTES
            if rate is None or count < 1:
                raise Rejected(Code.DEVICE_UNUSABLE, "WAV file cut short")
            return SoundPlace(begin, begin + count * SAMPLE_BYTES, rate)
        at = begin + length + length % 2
    raise Rejected(Code.DEVICE_UNUSABLE, "WAV file without samples")


def _rate_of(body: bytes) -> int:
    if len(body) < 16:
        raise Rejected(Code.DEVICE_UNUSABLE, "WAV header cut short")
    kind, channels, rate, byte_rate, frame_bytes, bits = struct.unpack_from("<HHIIHH", body)
    if kind == EXTENSIBLE and len(body) >= 26:
        kind = struct.unpack_from("<H", body, 24)[0]
    if (kind, channels, bits) != (PCM, 1, 8 * SAMPLE_BYTES):
        raise Rejected(Code.DEVICE_UNUSABLE, "only one channel of 16 bit PCM is a body sound")
    if not RATE_LEAST_HZ <= rate <= RATE_MOST_HZ:
        raise Rejected(Code.DEVICE_UNUSABLE, "sample rate")
    if (frame_bytes, byte_rate) != (SAMPLE_BYTES, rate * SAMPLE_BYTES):
        # One of them is wrong, and at a wrong rate the heart beats at another.
        raise Rejected(Code.DEVICE_UNUSABLE, "WAV header contradicts itself")
    return int(rate)
