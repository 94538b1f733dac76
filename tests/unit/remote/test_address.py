"""Which server addresses are taken, and in which words the others are refused."""

from pathlib import Path

import pytest

from app.domain.failures import Code, Failure
from app.remote.address import server_address


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "clinic.example", "ftp://clinic.example", "http://", "https://:8470"),
        *("http://127.0.0.1/path", "http://127.0.0.1?a=1", "http://127.0.0.1#x"),
        *("http://user:word@127.0.0.1", "http://@127.0.0.1", "https://clinic.example:99999"),
        *("https://clinic.example:-1", "https://clinic.example:0", "https://clinic.example:x"),
        *("http://[::1", "http://[clinic]:1", "https://exa mple.org", "https://a%00b"),
        *("https://☃..example", "https://-", "https://a..b", "https://h\nost", "https://h\x00ost"),
        *("https://" + "a" * 64 + ".example", "https://" + "a." * 200 + "example"),
        *("https://[fe80::1%25eth0]:1", "https://\ud800"),
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(text: str) -> None:
    with pytest.raises(Failure) as refused:
        server_address(text)
    assert refused.value.code is Code.ADDRESS_INVALID


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
        (" http://localhost:8470/ ", "http://localhost:8470"),
        ("http://[::1]:8470", "http://[::1]:8470"),
        ("https://clinic-2.example", "https://clinic-2.example"),
        ("https://CLINIC.example.:443", "https://clinic.example.:443"),
        ("https://klinik-münchen.example", "https://xn--klinik-mnchen-3ob.example"),
        ("https://192.168.7.7:8470", "https://192.168.7.7:8470"),
    ],
)
def test_an_address_is_taken(text: str, url: str) -> None:
    assert server_address(text).url == url


@pytest.mark.parametrize("host", ["10.0.0.1", "clinic.example", "127.1", "0.0.0.0", "[::]"])
def test_without_encryption_only_this_machine(host: str) -> None:
    with pytest.raises(Failure) as refused:
        server_address(f"http://{host}:8470")
    assert refused.value.code is Code.PLAIN_HTTP_REFUSED


def test_a_ca_that_cannot_be_read_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "garbage.pem").write_bytes(b"\x00 no certificate")
    (tmp_path / "empty.pem").write_bytes(b"")
    for ca in ("missing.pem", "garbage.pem", "empty.pem", "."):
        with pytest.raises(Failure) as refused:
            server_address("https://clinic.example", tmp_path / ca)
        assert refused.value.code is Code.CA_UNREADABLE
