"""What a desk is lent to relay media by: its own, for a while, checked by the relay alone."""

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from app.domain.failures import Rejected
from app.domain.ids import DeviceId, new_id
from server.settings import ServerSettings
from server.signalling.relays import LASTS_S, RelayLending, read_secret
from tests.server.given import HandClock

SECRET = b"of relays and server"


def test_the_password_is_what_a_relay_computes_of_the_name() -> None:
    clock, device = HandClock(), DeviceId(new_id())
    word = RelayLending(("turn:a", "turns:b"), SECRET, clock).word_for(device)
    until, of = word.username.split(":")
    assert of == str(device)
    assert int(until) == int(clock.now().timestamp()) + LASTS_S
    digest = hmac.new(SECRET, word.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(word.password) == digest
    assert word.password not in repr(word)


def test_the_secret_is_one_long_line(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(SECRET + b"\n")
    assert read_secret(path) == SECRET
    for bad in (b"", b"short\n", b"two lines of it\nare one too many\n"):
        path.write_bytes(bad)
        with pytest.raises(Rejected):
            read_secret(path)


@pytest.mark.parametrize(
    ("relays", "has_secret"),
    [(("turn:a",), False), ((), True), (("https://a",), True), (("turn:a",) * 9, True)],
)
def test_settings_that_make_no_sense_are_refused(
    relays: tuple[str, ...], has_secret: bool, tmp_path: Path
) -> None:
    with pytest.raises(Rejected):
        ServerSettings(
            data=tmp_path, relays=relays, relay_secret=tmp_path / "s" if has_secret else None
        )
