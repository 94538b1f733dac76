"""What the relay's firewall lets through, and where the browser is told of its key."""

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from app.domain.relays import RelayTransport, relay_of
from bench.call.cells import table
from bench.call.situations import Kind, quicker
from bench.call.turn_house import ADDRESS, PORT, TLS_PORT, key_digest, rules, url
from demo.certificates import Certificates


@pytest.mark.parametrize(
    ("transport", "passes"),
    [
        (RelayTransport.UDP, f"udp dport {PORT}"),
        (RelayTransport.TCP, f"tcp dport {PORT}"),
        (RelayTransport.TLS, f"tcp dport {TLS_PORT}"),
    ],
)
def test_only_the_relays_one_port_passes(transport: RelayTransport, passes: str) -> None:
    lines = [line.strip() for line in rules(transport).splitlines()]
    assert any(line.endswith("policy drop;") for line in lines)
    allowed = [line for line in lines if line.endswith("accept")]
    assert f"ip daddr {ADDRESS} {passes} accept" in allowed
    assert len(allowed) == 3  # there, back, and within
    relay = relay_of(url(transport))
    assert (relay.host, relay.transport) == (ADDRESS, transport)
    assert str(relay.port) == passes.split()[-1]


def test_the_browser_is_told_the_key_and_no_more(tmp_path: Path) -> None:
    made = Certificates(tmp_path, (ADDRESS,))
    key = x509.load_pem_x509_certificate(made.certificate.read_bytes()).public_key()
    told = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = key_digest(made.certificate.read_bytes())
    assert base64.b64decode(digest) == hashlib.sha256(told).digest()
    assert digest != key_digest(made.authority.read_bytes())


def test_half_of_the_joins_are_at_each_end_of_the_line() -> None:
    for name in ("join-turn-udp", "join-turn-tls"):
        cell = table()[name]
        assert cell.situation is not None
        assert cell.situation.kind is Kind.RELAYED
        assert cell.situation.joins * cell.seeds == 60
        assert cell.situation.joins % 2 == quicker(cell.situation).joins % 2 == 0
