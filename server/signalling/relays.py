"""Lends relays to who is signed in: their addresses, and a name and a password that end by
themselves. The relay knows the secret and can check them alone (TURN REST: HMAC-SHA1 of the name).
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from app.contract.signalling import Relays
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected
from app.domain.ids import DeviceId

LASTS_S = 8 * 3600  # a shift; a call outlives no relay's refresh
SECRET_LEAST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class RelayLending:
    """`urls` in the order of the settings; the desks measure by themselves which is near."""

    urls: tuple[str, ...]
    secret: bytes = field(repr=False)
    clock: Clock
    lasts_s: int = LASTS_S

    def word_for(self, device: DeviceId) -> Relays:
        """The name tells until when, and which device; of the person the relay learns nothing."""
        until = int(self.clock.now().timestamp()) + self.lasts_s
        username = f"{until}:{device}"
        digest = hmac.new(self.secret, username.encode(), hashlib.sha1).digest()
        return Relays(
            urls=list(self.urls),
            username=username,
            password=base64.b64encode(digest).decode(),
            lasts_s=self.lasts_s,
        )


def read_secret(path: Path) -> bytes:
    """The line in the file that the relays have as `static-auth-secret`; OSError, Rejected."""
    secret = path.read_bytes().strip()
    if len(secret) < SECRET_LEAST_CHARACTERS or b"\n" in secret:
        raise Rejected(
            Code.ADDRESS_INVALID,
            f"{path}: one line of {SECRET_LEAST_CHARACTERS} or more characters",
        )
    return secret
