"""One file as a stream of AES-GCM chunks (STREAM: Hoang, Reyhanitabar, Rogaway, Vizar, 2015).

Number and "last" stand in each chunk's nonce, the header is authenticated with each chunk: a byte
changed, chunks cut off, swapped or joined from two files are refused. No files, no key store here.

    header  4 "BDSR" | 1 version | 4 chunk size | 16 file id | 7 nonce prefix
    chunk   ciphertext | 16 tag;  nonce: 7 prefix | 4 number | 1 is last
"""

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.failures import Code, Untrusted

KEY_BYTES = 32
CHUNK_BYTES = 2**20
TAG_BYTES = 16
HEADER = struct.Struct(">4sBI16s7s")
MAGIC, VERSION = b"BDSR", 1
LARGEST_CHUNK_BYTES = 2**24


def encrypt(plain: bytes, key: bytes, chunk_bytes: int = CHUNK_BYTES) -> bytearray:
    """The whole file. A key is used for one file only."""
    prefix = os.urandom(7)
    header = HEADER.pack(MAGIC, VERSION, chunk_bytes, os.urandom(16), prefix)
    cipher, source = AESGCM(key), memoryview(plain)
    count = max(1, -(-len(plain) // chunk_bytes))
    data = bytearray(HEADER.size + len(plain) + count * TAG_BYTES)
    data[: HEADER.size] = header
    target, at = memoryview(data), HEADER.size
    for number in range(count):
        chunk = source[number * chunk_bytes : (number + 1) * chunk_bytes]
        nonce = _nonce(prefix, number, is_last=number == count - 1)
        end = at + len(chunk) + TAG_BYTES
        cipher.encrypt_into(nonce, chunk, header, target[at:end])
        at = end
    return data


def decrypt(data: bytes, key: bytes) -> bytes:
    """What was encrypted; Untrusted(HASH_MISMATCH) when anything is not as it was written."""
    try:
        return _decrypted(memoryview(data), AESGCM(key))
    except (InvalidTag, struct.error) as error:
        raise Untrusted(Code.HASH_MISMATCH, "recording file") from error


def _decrypted(data: memoryview, cipher: AESGCM) -> bytes:
    header = bytes(data[: HEADER.size])
    magic, version, chunk_bytes, _, prefix = HEADER.unpack(header)
    body = data[HEADER.size :]
    if magic != MAGIC or version != VERSION or not 0 < chunk_bytes <= LARGEST_CHUNK_BYTES:
        raise InvalidTag
    sealed_bytes = chunk_bytes + TAG_BYTES
    count = max(1, -(-len(body) // sealed_bytes))
    if len(body) < count * TAG_BYTES:
        raise InvalidTag
    plain = bytearray(len(body) - count * TAG_BYTES)
    target, at = memoryview(plain), 0
    for number in range(count):
        sealed = body[number * sealed_bytes : (number + 1) * sealed_bytes]
        if len(sealed) < TAG_BYTES:
            raise InvalidTag
        nonce = _nonce(prefix, number, is_last=number == count - 1)
        end = at + len(sealed) - TAG_BYTES
        cipher.decrypt_into(nonce, sealed, header, target[at:end])
        at = end
    return bytes(plain)


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return struct.pack(">7sIB", prefix, number, is_last)
