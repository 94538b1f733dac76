"""A refused certificate is told by what is wrong with it; real handshakes, nothing is sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from app.domain.failures import Code, Untrusted
from app.remote.server_api import failure_of
from demo.certificates import Certificates

HOST, OTHER = "127.0.0.1", "127.0.0.2"
LIMIT_S = 10.0


@asynccontextmanager
async def answering(certificates: Certificates) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A TLS server: its port, and whatever anybody came to say to it."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.close()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    async with await asyncio.start_server(hear, HOST, 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1], heard


@pytest.mark.parametrize(
    ("addresses", "ends_in", "is_known", "code"),
    [
        ((HOST,), timedelta(minutes=-1), True, Code.CERTIFICATE_EXPIRED),
        ((OTHER,), timedelta(days=1), True, Code.CERTIFICATE_OF_ANOTHER),
        ((HOST,), timedelta(days=1), False, Code.SERVER_UNTRUSTED),
    ],
)
async def test_what_is_wrong_with_a_certificate_has_its_own_code(
    tmp_path: Path, addresses: tuple[str, ...], ends_in: timedelta, is_known: bool, code: Code
) -> None:
    for name in ("theirs", "ours"):
        (tmp_path / name).mkdir()
    theirs = Certificates(tmp_path / "theirs", addresses, ends_in=ends_in)
    authority = (theirs if is_known else Certificates(tmp_path / "ours", (HOST,))).authority
    trusted = ssl.create_default_context(cafile=str(authority))
    async with answering(theirs) as (port, heard), asyncio.timeout(LIMIT_S):
        async with httpx.AsyncClient(verify=trusted) as client:
            with pytest.raises(httpx.ConnectError) as caught:
                await client.post(f"https://{HOST}:{port}/", content=b"secret")
    failure = failure_of(caught.value)
    assert isinstance(failure, Untrusted)
    assert failure.code is code
    assert b"secret" not in b"".join(heard)
