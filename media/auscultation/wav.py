"""The WAV that a recording's hash is taken of: a 44-byte header, PCM, 16 bit, one channel.

Also finds the sound in what a file stands in for a stethoscope with; other kinds are refused.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.domain.failures import Code, Rejected

HEADER_BYTES = 44
SAMPLE_BYTES = 2
RATE_LEAST_HZ, RATE_MOST_HZ = 1_000, 48_000
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
WRITTEN_ON_THE_WAY = (0, 0xFFFFFFFF)  # a length that was to be filled in at the end, and was not
CHUNKS_MOST = 256
LONGEST_FORMAT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SoundPlace:
    """Where in a file its samples lie, in bytes; whole samples."""

    begin: int
    end: int
    rate_hz: int


@dataclass(frozen=True, slots=True)
class WavForm:
    """What a header says of how the samples lie."""

    kind: int
    channels: int
    rate_hz: int
    bytes_per_s: int
    frame_bytes: int
    bits: int

    @property
    def contradicts_itself(self) -> bool:
        """Then its rate may be wrong, and a heart would be told too fast or too slow.

        Of other codings than plain samples nothing is known here.
        """
        if self.kind not in (PCM, FLOAT):
            return False
        frame_bytes = self.channels * -(-self.bits // 8)
        return (self.frame_bytes, self.bytes_per_s) != (frame_bytes, frame_bytes * self.rate_hz)


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
    rate: int | None = None
    for name, begin, length in _chunks(file, (b"RIFF",)):
        if name == b"fmt ":
            rate = _rate_of(_form_in(file, length))
        elif name == b"data":
            count = min(length, size - begin) // SAMPLE_BYTES
            if rate is None or count < 1:
                raise Rejected(Code.DEVICE_UNUSABLE, "WAV file cut short")
            return SoundPlace(begin, begin + count * SAMPLE_BYTES, rate)
    raise Rejected(Code.DEVICE_UNUSABLE, "WAV file without samples")


def form_and_missing(file: BinaryIO, size: int) -> tuple[WavForm | None, int]:
    """What the header says, None without one, and how many bytes of sound it promises too many."""
    form: WavForm | None = None
    for name, begin, length in _chunks(file, (b"RIFF", b"RF64")):
        if name == b"fmt ":
            form = _form_in(file, length)
        elif name == b"data":
            promised = 0 if length in WRITTEN_ON_THE_WAY else length
            return form, max(0, begin + promised - size)
    return form, 0


def _chunks(file: BinaryIO, heads: tuple[bytes, ...]) -> Iterator[tuple[bytes, int, int]]:
    """(name, where it begins, how many bytes it says it has)."""
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] not in heads or head[8:12] != b"WAVE":
        raise Rejected(Code.DEVICE_UNUSABLE, "not a WAV file")
    at = 12
    for _ in range(CHUNKS_MOST):
        file.seek(at)
        chunk = file.read(8)
        if len(chunk) < 8:
            return
        name, length = struct.unpack("<4sI", chunk)
        yield name, at + 8, length
        at += 8 + length + length % 2


def _form_in(file: BinaryIO, length: int) -> WavForm | None:
    """Of the format chunk that begins here."""
    body = file.read(min(length, LONGEST_FORMAT_BYTES))
    if len(body) < 16:
        return None
    kind, channels, rate_hz, bytes_per_s, frame_bytes, bits = struct.unpack_from("<HHIIHH", body)
    if kind == EXTENSIBLE and len(body) >= 26:
        kind = struct.unpack_from("<H", body, 24)[0]
    return WavForm(kind, channels, rate_hz, bytes_per_s, frame_bytes, bits)


def _rate_of(form: WavForm | None) -> int:
    if form is None:
        raise Rejected(Code.DEVICE_UNUSABLE, "WAV header cut short")
    if (form.kind, form.channels, form.bits) != (PCM, 1, 8 * SAMPLE_BYTES):
        raise Rejected(Code.DEVICE_UNUSABLE, "only one channel of 16 bit PCM is a body sound")
    if not RATE_LEAST_HZ <= form.rate_hz <= RATE_MOST_HZ:
        raise Rejected(Code.DEVICE_UNUSABLE, "sample rate")
    if form.contradicts_itself:
        raise Rejected(Code.DEVICE_UNUSABLE, "WAV header that contradicts itself")
    return form.rate_hz
