"""Relays of media (TURN): where they are (RFC 7065), and with what they may be used for a while."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.failures import Code, Rejected

MOST_RELAYS = 8
PORT = {"turn": 3478, "turns": 5349}
URL = re.compile(
    r"(turns?):(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?"
)


class RelayTransport(StrEnum):
    """How we speak to the relay; the relay speaks UDP to the far side."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Way(StrEnum):
    """Which way the packets of a link go. RELAYED: by the far side's relay, not by one of ours."""

    DIRECT = "direct"
    RELAYED = "relayed"
    RELAYED_UDP = "relayed-udp"
    RELAYED_TCP = "relayed-tcp"
    RELAYED_TLS = "relayed-tls"


@dataclass(frozen=True, slots=True)
class Relay:
    host: str
    port: int
    transport: RelayTransport

    @property
    def way(self) -> Way:
        return Way(f"relayed-{self.transport}")


@dataclass(frozen=True, slots=True)
class RelayAccess:
    """What the server lends to who is signed in. `lasts_s` counts from when it was heard.

    `authority`: file of the CA that vouches for relays by TLS; None: those that the system trusts.
    """

    urls: tuple[str, ...]
    username: str = field(repr=False)
    password: str = field(repr=False)
    lasts_s: int
    authority: str | None = None


def relay_of(url: str) -> Relay:
    """Rejected(ADDRESS_INVALID) when it is none, or one that media cannot use (DTLS)."""
    found = URL.fullmatch(url)
    if found is None:
        raise Rejected(Code.ADDRESS_INVALID, "relay")
    scheme, host, port, transport = found.groups()
    number = int(port) if port else PORT[scheme]
    if not 0 < number < 65536 or (scheme == "turns" and transport == "udp"):
        raise Rejected(Code.ADDRESS_INVALID, "relay")
    if scheme == "turns":
        kind = RelayTransport.TLS
    else:
        kind = RelayTransport(transport or "udp")
    return Relay(host.strip("[]"), number, kind)
