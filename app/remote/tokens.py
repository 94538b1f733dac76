"""Access tokens, in memory only. The refresh token lies in the store; no keyring is used here."""

import time
from collections.abc import Callable


class Tokens:
    """The one access token of this process and when it stops being good."""

    EARLY_S = 30.0  # renewed a little before it ends, so that no request is lost on the way

    def __init__(self) -> None:
        self._access: str | None = None
        self._good_until = 0.0
        self.on_forgotten: Callable[[], None] = lambda: None

    def keep(self, access: str, expires_in_s: int) -> None:
        self._access = access
        self._good_until = time.monotonic() + expires_in_s

    def forget(self) -> None:
        self._access = None
        self.on_forgotten()

    @property
    def access(self) -> str | None:
        return self._access

    @property
    def is_fresh(self) -> bool:
        return self._access is not None and time.monotonic() < self._good_until - self.EARLY_S
