"""Addresses of relays as RFC 7065 writes them, and nothing else."""

import pytest

from app.domain.failures import Rejected
from app.domain.relays import Relay, RelayAccess, RelayTransport, Way, relay_of


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("turn:relay.example", Relay("relay.example", 3478, RelayTransport.UDP)),
        ("turn:192.0.2.7:443?transport=tcp", Relay("192.0.2.7", 443, RelayTransport.TCP)),
        ("turns:relay.example", Relay("relay.example", 5349, RelayTransport.TLS)),
        ("turns:[2001:db8::7]:443?transport=tcp", Relay("2001:db8::7", 443, RelayTransport.TLS)),
    ],
)
def test_what_is_a_relay(url: str, relay: Relay) -> None:
    assert relay_of(url) == relay
    assert relay.way in Way


@pytest.mark.parametrize(
    "url",
    [
        *("", "stun:x", "turn:", "turn:x:0", "turn:x:65536", "turn:x?transport=sctp"),
        *("turns:x?transport=udp", "turn:a b", "turn:x\n", "https://x", "turn:x/../y"),
    ],
)
def test_what_is_none(url: str) -> None:
    with pytest.raises(Rejected):
        relay_of(url)


def test_what_was_lent_is_in_no_log() -> None:
    said = repr(RelayAccess(("turn:x",), "17:desk", "of nobody's business", 60))
    assert "nobody" not in said and "17:" not in said
