"""Whether the pages of the store's file are what was written: their HMACs, read past the library.

SQLCipher has one check for a whole file; this one goes in steps of any size, on any thread, and
beside an open store. Layout and key: SQLCipher 4's design page (Zetetic), HMAC-SHA512, 4096 bytes.
"""

import hashlib
import hmac
import struct
from collections.abc import Iterator
from pathlib import Path

from offline_store.connection import PAGE_BYTES

SALT_BYTES = 16
TAG_BYTES = 64
HMAC_SALT_MASK = 0x3A
HMAC_KEY_ROUNDS = 2
# SQLite locks the byte at 1 GiB; the page that holds it is never written.
LOCK_PAGE = 2**30 // PAGE_BYTES + 1
STEP_PAGES = 256


class PageCheck:
    """The file is read anew with each step: it may grow meanwhile."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    def page_count(self) -> int:
        return self._path.stat().st_size // PAGE_BYTES

    def faults(self, first: int = 1, count: int | None = None) -> list[int]:
        """Numbers of those pages, counted from 1, that are not what was written."""
        with self._path.open("rb") as file:
            hmac_key = self._hmac_key(file.read(SALT_BYTES))
            file.seek((first - 1) * PAGE_BYTES)
            last = self.page_count() if count is None else first + count - 1
            pages = enumerate(iter(lambda: file.read(PAGE_BYTES), b""), start=first)
            return list(_wrong(pages, last, hmac_key))

    def is_whole(self) -> bool:
        """Every page, and nothing beside pages."""
        return self._path.stat().st_size % PAGE_BYTES == 0 and not self.faults()

    def _hmac_key(self, salt: bytes) -> bytes:
        masked = bytes(byte ^ HMAC_SALT_MASK for byte in salt)
        return hashlib.pbkdf2_hmac("sha512", self._key, masked, HMAC_KEY_ROUNDS, len(self._key))


def _wrong(pages: Iterator[tuple[int, bytes]], last: int, hmac_key: bytes) -> Iterator[int]:
    for number, page in pages:
        if number > last:
            return
        begin = SALT_BYTES if number == 1 else 0  # the salt itself is not encrypted
        signed = page[begin:-TAG_BYTES] + struct.pack("<I", number)
        tag = hmac.digest(hmac_key, signed, "sha512")
        if not hmac.compare_digest(tag, page[-TAG_BYTES:]) and number != LOCK_PAGE:
            yield number
