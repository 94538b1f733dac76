"""What one server is told at its start: one frozen value, checked once, never global."""

import ipaddress
import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from app.contract.signalling import LOST_AFTER_S, SEAT_KEPT_S
from app.domain.failures import Code, Rejected
from app.domain.relays import MOST_RELAYS, relay_of
from app.domain.standing import LEASE_LEAST, LEASE_MOST

JSON_MAX_BYTES = 1024 * 1024
FILE_MAX_BYTES = 256 * 1024 * 1024


def default_data_folder() -> Path:
    """XDG Base Directory: state that should outlive a restart."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "bedside-server"


@dataclass(frozen=True, slots=True)
class HashCost:
    """Argon2id; the defaults are RFC 9106's second recommendation with 64 MiB."""

    memory_kib: int = 64 * 1024
    rounds: int = 3
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class ServerSettings:
    data: Path
    host: str = "127.0.0.1"
    port: int = 8470
    tls_cert: Path | None = None
    tls_key: Path | None = None
    is_demonstration: bool = False
    hash_cost: HashCost = field(default_factory=HashCost)
    access_token_s: float = 600
    refresh_token_s: float = 16 * 3600  # one long shift; after it the password is asked again
    previous_refresh_s: float = 60  # an answer that was lost on the way may be asked for again
    lease_hours: float = 72  # so long a device may work without the server
    lost_after_s: float = LOST_AFTER_S
    seat_kept_s: float = SEAT_KEPT_S
    relays: tuple[str, ...] = ()
    relay_secret: Path | None = None

    def __post_init__(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise Rejected(Code.ADDRESS_INVALID, "--tls-cert and --tls-key belong together")
        if self.tls_cert is None and not is_loopback(self.host):
            raise Rejected(
                Code.PLAIN_HTTP_REFUSED,
                "without --tls-cert and --tls-key the server listens on loopback only",
            )

        if not LEASE_LEAST <= timedelta(hours=self.lease_hours) <= LEASE_MOST:
            raise Rejected(Code.NOT_ALLOWED, "--lease-hours: from 1 to 72")
        if bool(self.relays) != (self.relay_secret is not None):
            raise Rejected(Code.ADDRESS_INVALID, "--relay and --relay-secret belong together")
        if len(self.relays) > MOST_RELAYS:
            raise Rejected(Code.ADDRESS_INVALID, f"more than {MOST_RELAYS} relays")
        for url in self.relays:
            relay_of(url)

    @property
    def database(self) -> Path:
        return self.data / "bedside.db"

    @property
    def files(self) -> Path:
        return self.data / "files"

    @property
    def uploads(self) -> Path:
        return self.files / "uploads"


def is_loopback(host: str) -> bool:
    """`localhost` by name, 127.0.0.0/8 and ::1; any other name may resolve to anything."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
