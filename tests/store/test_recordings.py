"""Chunk files: what was heard comes back bit for bit, and nothing else passes for it."""

import base64
import hashlib
import os
import random
from pathlib import Path

import pytest

from app.domain.failures import Code, Unavailable, Untrusted
from offline_store.chunk_stream import CHUNK_BYTES, HEADER, TAG_BYTES, decrypt, encrypt
from offline_store.database import OfflineStore
from offline_store.recordings import RecordingFolder

KEY = bytes(range(32))
CHUNK = 64
SEALED = CHUNK + TAG_BYTES


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1000])
def test_every_length_comes_back(size: int) -> None:
    plain = os.urandom(size)
    assert decrypt(bytes(encrypt(plain, KEY, CHUNK)), KEY) == plain


def test_the_standard_chunk_comes_back() -> None:
    plain = os.urandom(2 * CHUNK_BYTES + 7)
    data = bytes(encrypt(plain, KEY))
    assert len(data) == HEADER.size + len(plain) + 3 * TAG_BYTES
    assert decrypt(data, KEY) == plain


def chunks(data: bytes) -> list[bytes]:
    body = data[HEADER.size :]
    return [body[at : at + SEALED] for at in range(0, len(body), SEALED)]


def joined(data: bytes, *parts: bytes) -> bytes:
    return data[: HEADER.size] + b"".join(parts)


def test_nothing_else_passes() -> None:
    data = bytes(encrypt(os.urandom(3 * CHUNK + 10), KEY, CHUNK))
    other = bytes(encrypt(os.urandom(3 * CHUNK + 10), KEY, CHUNK))
    one, two, three, last = chunks(data)
    forgeries = {
        "cut at a chunk": joined(data, one, two, three),
        "cut inside a chunk": data[:-5],
        "cut to one chunk": joined(data, one),
        "cut to the header": data[: HEADER.size],
        "cut inside the header": data[: HEADER.size - 1],
        "nothing": b"",
        "swapped": joined(data, two, one, three, last),
        "left out": joined(data, one, three, last),
        "doubled": joined(data, one, one, two, three, last),
        "more behind it": data + last,
        "joined from two files": joined(data, one, *chunks(other)[1:]),
        "another header": other[: HEADER.size] + data[HEADER.size :],
    }
    for what, forgery in forgeries.items():
        with pytest.raises(Untrusted) as caught:
            decrypt(forgery, KEY)
        assert caught.value.code is Code.HASH_MISMATCH, what
    for at in range(len(data)):
        with pytest.raises(Untrusted):
            decrypt(data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :], KEY)
    with pytest.raises(Untrusted):
        decrypt(data, bytes(32))
    assert len(decrypt(data, KEY)) == 3 * CHUNK + 10


async def test_a_recording_is_named_by_its_ciphertext(either_store: OfflineStore) -> None:
    files, wav = either_store.recordings, b"RIFF" + os.urandom(3_000_000)
    name, key, size = await files.save(wav)
    data = await files.ciphertext(name)
    assert hashlib.sha256(data).hexdigest() == name
    assert len(data) == size and len(base64.b64decode(key)) == 32
    assert await files.has(name)
    assert await files.load(name, key) == wav
    again, other_key, _ = await files.save(wav)
    assert again != name and other_key != key


async def test_a_file_that_is_not_here_is_said_to_be_missing(either_store: OfflineStore) -> None:
    files, name = either_store.recordings, hashlib.sha256(b"of another device").hexdigest()
    assert not await files.has(name)
    with pytest.raises(Unavailable) as away:
        await files.load(name, base64.b64encode(KEY).decode())
    assert away.value.code is Code.NOT_FOUND


@pytest.mark.parametrize("name", ["../keys.json", "", "a" * 63, "A" * 64, "a" * 64 + "/", "/etc"])
async def test_a_name_is_a_digest_or_nothing(either_store: OfflineStore, name: str) -> None:
    files = either_store.recordings
    for asked in (files.ciphertext(name), files.has(name)):
        with pytest.raises(Untrusted) as caught:
            await asked
        assert caught.value.code is Code.MALFORMED


@pytest.mark.parametrize("key", ["", "no base64", base64.b64encode(bytes(16)).decode()])
async def test_a_key_is_32_bytes_or_nothing(store: OfflineStore, key: str) -> None:
    name, _, _ = await store.recordings.save(b"RIFF")
    with pytest.raises(Untrusted) as caught:
        await store.recordings.load(name, key)
    assert caught.value.code is Code.MALFORMED


async def test_a_byte_changed_on_the_disk_is_heard_of(store: OfflineStore, folder: Path) -> None:
    name, key, size = await store.recordings.save(os.urandom(100_000))
    path = folder / "recordings" / name
    damaged = bytearray(path.read_bytes())
    damaged[random.randrange(size)] ^= 4
    path.write_bytes(damaged)
    with pytest.raises(Untrusted) as caught:
        await store.recordings.load(name, key)
    assert caught.value.code is Code.HASH_MISMATCH


def test_what_a_crash_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".partial-x").write_bytes(b"half")
    whole = tmp_path / ("a" * 64)
    whole.write_bytes(b"whole")
    RecordingFolder(tmp_path)
    assert list(tmp_path.iterdir()) == [whole]
