"""The WAV that a recording's hash is taken of: a 44-byte header, PCM, 16 bit, one channel.

Also reads what a file stands in for a stethoscope with; other kinds of WAV are refused.
"""

import struct

from app.domain.failures import Code, Rejected

HEADER_BYTES = 44
SAMPLE_BYTES = 2
RATE_LEAST_HZ, RATE_MOST_HZ = 1_000, 48_000
PCM, EXTENSIBLE = 1, 0xFFFE


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
    if len(wav) < 12 or wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
        raise Rejected(Code.DEVICE_UNUSABLE, "not a WAV file")
    rate: int | None = None
    at = 12
    while at + 8 <= len(wav):
        name, length = struct.unpack_from("<4sI", wav, at)
        body = wav[at + 8 : at + 8 + length]
        if name == b"fmt ":
            rate = _rate_of(body)
        elif name == b"data":
            if rate is None or len(body) < SAMPLE_BYTES:
                raise Rejected(Code.DEVICE_UNUSABLE, "WAV file cut short")
            return body[: len(body) // SAMPLE_BYTES * SAMPLE_BYTES], rate
        at += 8 + length + length % 2
    raise Rejected(Code.DEVICE_UNUSABLE, "WAV file without samples")


def _rate_of(body: bytes) -> int:
    if len(body) < 16:
        raise Rejected(Code.DEVICE_UNUSABLE, "WAV header cut short")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if kind == EXTENSIBLE and len(body) >= 26:
        kind = struct.unpack_from("<H", body, 24)[0]
    if (kind, channels, bits) != (PCM, 1, 8 * SAMPLE_BYTES):
        raise Rejected(Code.DEVICE_UNUSABLE, "only one channel of 16 bit PCM is a body sound")
    if not RATE_LEAST_HZ <= rate <= RATE_MOST_HZ:
        raise Rejected(Code.DEVICE_UNUSABLE, "sample rate")
    return int(rate)
