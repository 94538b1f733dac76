"""A wrapping key made of a PIN (Argon2id, RFC 9106): what opens the store where no key ring does.

The cost is written beside each wrapping, so that a later release may raise it.
"""

import os
import unicodedata
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from app.domain.failures import Code, Rejected

PIN_LEAST = 6
KEY_BYTES = 32
TRIES = 5


@dataclass(frozen=True, slots=True)
class PinCost:
    """64 MiB and three passes: about a third of a second, and each guess costs the same."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4


def new_salt() -> bytes:
    return os.urandom(16)


def refuse_short(pin: str) -> None:
    if len(pin) < PIN_LEAST:
        raise Rejected(Code.PIN_TOO_SHORT)


def key_of_pin(pin: str, salt: bytes, cost: PinCost) -> bytes:
    """Of one form of the PIN, however the keyboard composed it. Takes its time: on a thread."""
    text = unicodedata.normalize("NFC", pin).encode("utf-8", "surrogatepass")
    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return kdf.derive(text)
