"""Where the server is and how it is trusted: plain HTTP only to this machine, else TLS 1.2 or more.

The limits of every request to it stand here too.
"""

import ipaddress
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.domain.failures import Code, Rejected, Unavailable

CONNECT_LIMIT_S = 3.0
ANSWER_LIMIT_S = 8.0
NAME_MAX_CHARACTERS = 253  # RFC 1035
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """`url` has no path and no slash at its end; `tls` is None for plain HTTP to loopback."""

    url: str
    tls: ssl.SSLContext | None

    @property
    def socket_url(self) -> str:
        """The same place for WebSockets."""
        return "ws" + self.url.removeprefix("http")


def server_address(text: str, ca: Path | None = None) -> ServerAddress:
    """Rejected: ADDRESS_INVALID, PLAIN_HTTP_REFUSED. Unavailable: CA_UNREADABLE."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise Rejected(Code.ADDRESS_INVALID) from error
    if not text.isprintable() or parts.scheme not in ("http", "https") or port == 0:
        raise Rejected(Code.ADDRESS_INVALID)
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise Rejected(Code.ADDRESS_INVALID)
    in_url = f"[{host}]" if ":" in host else host
    url = f"{parts.scheme}://{in_url}" + ("" if port is None else f":{port}")
    if parts.scheme == "http":
        if not _is_loopback(host):
            raise Rejected(Code.PLAIN_HTTP_REFUSED)
        return ServerAddress(url, None)
    return ServerAddress(url, _tls_context(ca))


def _host(said: str) -> str:
    """An IP address, or a name as the name service writes it; ValueError when it is neither."""
    if ":" in said:
        if "%" in said:
            raise ValueError("a zone means something on this machine only")
        return str(ipaddress.IPv6Address(said))
    # UnicodeError is a ValueError; an empty label or one that is too long is refused here, too.
    name = said.encode("idna").decode("ascii").lower()
    labels = name.removesuffix(".").split(".")
    if len(name) > NAME_MAX_CHARACTERS or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError("host name")
    return name


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls_context(ca: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(Code.CA_UNREADABLE) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
