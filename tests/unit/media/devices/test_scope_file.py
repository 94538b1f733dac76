"""A WAV that stands for a stethoscope: wrong headers are refused, hours of it need a moment."""

import asyncio
import struct
import tracemalloc
from pathlib import Path

import pytest

from app.domain.failures import Code, Rejected, Unavailable
from media.auscultation.wav import wav_of
from media.devices import scope_file
from media.devices.scope_file import ScopeFile

GOOD = wav_of(bytes(range(200)) * 8, 4000)


def with_field(at: int, form: str, value: int) -> bytes:
    wav = bytearray(GOOD)
    struct.pack_into(form, wav, at, value)
    return bytes(wav)


@pytest.mark.parametrize(
    "wav",
    [
        b"",
        b"RIFF",
        GOOD[:30],
        GOOD[:44],
        b"RIFX" + GOOD[4:],
        with_field(20, "<H", 3),  # floats
        with_field(22, "<H", 2),  # two channels
        with_field(34, "<H", 24),
        with_field(24, "<I", 0),
        with_field(24, "<I", 1_000_000),
        with_field(24, "<I", 8000),  # another rate than its bytes a second
        with_field(28, "<I", 44_100),
        with_field(32, "<H", 4),  # the size of two channels
        with_field(16, "<I", 0xFFFFFFFF),  # a header without an end
        GOOD[:36] + b"LIST" + GOOD[40:],  # no samples
        b"ID3\x03" + GOOD,
    ],
)
async def test_a_wrong_header_is_refused_before_anything_is_recorded(
    tmp_path: Path, wav: bytes
) -> None:
    place = tmp_path / "heart.wav"
    place.write_bytes(wav)
    with pytest.raises(Rejected) as refused:
        await anext(ScopeFile(str(place), is_looped=False).sound())
    assert refused.value.code is Code.DEVICE_UNUSABLE


async def test_a_length_beyond_the_file_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "heart.wav"
    place.write_bytes(with_field(40, "<I", 0xFFFFFFF0))
    assert await whole(place, monkeypatch) == GOOD[44:]


async def test_what_lies_beside_the_sound_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "heart.wav"
    place.write_bytes(GOOD[:36] + b"note" + struct.pack("<I", 5) + b"12345\0" + GOOD[36:] + b"tail")
    assert await whole(place, monkeypatch) == GOOD[44:]


async def test_a_file_that_becomes_shorter_is_an_instrument_that_was_pulled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    place = tmp_path / "heart.wav"
    place.write_bytes(wav_of(bytes(200_000), 4000))
    given = ScopeFile(str(place), is_looped=False).sound()
    await anext(given)
    place.write_bytes(GOOD[:500])
    with pytest.raises(Unavailable) as gone:
        async for _ in given:
            pass
    assert gone.value.code is Code.DEVICE_PULLED


async def test_of_two_hours_only_a_moment_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    monkeypatch.setattr(scope_file, "BLOCK_S", 1.0)
    place, seconds, rate_hz = tmp_path / "long.wav", 2 * 3600, 4000
    with place.open("wb") as file:
        file.write(wav_of(b"", rate_hz)[:40] + struct.pack("<I", 2 * seconds * rate_hz))
        file.truncate(44 + 2 * seconds * rate_hz)
    tracemalloc.start()
    count = 0
    async for block in ScopeFile(str(place), is_looped=False).sound():
        count += len(block.samples)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 2 * seconds * rate_hz
    assert peak < 2_000_000


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: sleep(0))


async def whole(place: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    at_once(monkeypatch)
    sound = ScopeFile(str(place), is_looped=False).sound()
    return b"".join([block.samples async for block in sound])
