"""Where the server is and how it is trusted: plain HTTP only to this machine, else TLS 1.2 or more.

The limits of every request to it stand here too.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.domain.failures import Code, Rejected, Unavailable

CONNECT_LIMIT_S = 3.0
ANSWER_LIMIT_S = 8.0


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
    """Rejected: ADDRESS_INVALID, PLAIN_HTTP_REFUSED. Unavailable: the CA cannot be read."""
    parts = urlsplit(text.strip())
    try:
        port = parts.port
    except ValueError as error:
        raise Rejected(Code.ADDRESS_INVALID) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise Rejected(Code.ADDRESS_INVALID)
    if parts.username is not None or parts.query or parts.fragment:
        raise Rejected(Code.ADDRESS_INVALID)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    url = f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")
    if parts.scheme == "http":
        if not _is_loopback(parts.hostname):
            raise Rejected(Code.PLAIN_HTTP_REFUSED)
        return ServerAddress(url, None)
    return ServerAddress(url, _tls_context(ca))


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
        raise Unavailable(Code.SERVER_UNTRUSTED, "the CA file cannot be read") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
