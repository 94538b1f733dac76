"""Argon2id off the loop, a bounded number at once, and as slow for a name that nobody has."""

import asyncio
import secrets
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from server.settings import HashCost
from server.workers import Workers

HASHED_AT_ONCE = 2  # each takes its memory for as long as it runs
HASHES_WAITING = 16


class Passwords:
    def __init__(self, cost: HashCost) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.rounds,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            type=Type.ID,
        )
        self._workers = Workers("bedside-passwords", HASHED_AT_ONCE, HASHES_WAITING)
        self._nobodys: str | None = None
        self._making = asyncio.Lock()

    async def prepare(self) -> None:
        """Make the hash that unknown names are compared with, so that they take as long."""
        async with self._making:
            if self._nobodys is None:
                self._nobodys = await self.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        return await self._workers.run(lambda: self.hash_now(password))

    def hash_now(self, password: str) -> str:
        """For commands, which have no loop to hold."""
        return self._hasher.hash(_normal(password))

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """None: there is no such person; the same work is done and the answer is no."""
        if password_hash is None:
            await self.prepare()
        compared = password_hash or self._nobodys
        assert compared is not None
        is_right = await self._workers.run(lambda: self._verify(password, compared))
        return is_right and password_hash is not None

    def _verify(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        self._workers.close()


def _normal(password: str) -> bytes:
    """One form for one password, however the keyboard composed it (RFC 8265, 4.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
