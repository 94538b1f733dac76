"""The canonical WAV, and what is refused as a stethoscope's file."""

import io
import random
import struct
import wave

import pytest

from app.domain.failures import Code, Rejected
from media.auscultation.wav import HEADER_BYTES, samples_of, wav_of


def test_the_standard_library_reads_what_we_write() -> None:
    samples = random.Random(1).randbytes(2000)
    wav = wav_of(samples, 4000)
    assert len(wav) == HEADER_BYTES + 2000
    with wave.open(io.BytesIO(wav)) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, 4000)
        assert read.readframes(1000) == samples


def test_we_read_what_the_standard_library_writes() -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(44_100)
        written.writeframes(b"\x01\x02" * 500)
    assert samples_of(buffer.getvalue()) == (b"\x01\x02" * 500, 44_100)


def test_other_chunks_are_passed_over() -> None:
    wav = wav_of(b"\x05\x06" * 10, 8000)
    extra = struct.pack("<4sI3sx", b"LIST", 3, b"abc")
    assert samples_of(wav[:36] + extra + wav[36:]) == (b"\x05\x06" * 10, 8000)


def of(channels: int = 1, bits: int = 16, rate: int = 4000, kind: int = 1) -> bytes:
    wav = bytearray(wav_of(bytes(100), rate))
    struct.pack_into("<HH", wav, 20, kind, channels)
    struct.pack_into("<H", wav, 34, bits)
    return bytes(wav)


def contradicting(at: int, form: str, value: int) -> bytes:
    wav = bytearray(wav_of(bytes(100), 4000))
    struct.pack_into(form, wav, at, value)
    return bytes(wav)


@pytest.mark.parametrize(
    "wav",
    [
        b"",
        b"RIFF",
        b"not a wav file at all, but long enough to be one",
        of(channels=2),
        of(bits=24),
        of(kind=3),
        of(rate=0),
        of(rate=96_000),
        contradicting(24, "<I", 8000),  # it would be heard at twice its rate
        contradicting(28, "<I", 4000),
        contradicting(32, "<H", 4),
        wav_of(b"", 4000),  # nothing to hear in it
        wav_of(bytes(100), 4000)[:30],
        wav_of(bytes(100), 4000)[:40],
        wav_of(bytes(100), 4000)[:44],
    ],
)
def test_other_files_are_refused(wav: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        samples_of(wav)
    assert refused.value.code is Code.DEVICE_UNUSABLE


def test_noise_is_refused_never_a_crash() -> None:
    chance = random.Random(3)
    good = wav_of(bytes(64), 4000)
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(44)] = chance.randrange(256)
        try:
            samples_of(bytes(data[: chance.randrange(len(data) + 1)]))
        except Rejected:
            pass
