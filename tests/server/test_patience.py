"""What the wait for a request's head does to a connection that has become a WebSocket."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from demo.certificates import Certificates
from server.patience import PatientProtocol
from tests.server.given import Clinic

LIMIT_S = 10.0


async def test_a_socket_over_tls_that_was_broken_off_is_not_looked_after_any_more(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Python 3.11 forgets who spoke on a TLS connection that was closed from both sides."""
    certificates = Certificates(tmp_path, ("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    looked, defects = asyncio.Event(), list[Any]()
    give_up = PatientProtocol._give_up

    def seen(protocol: PatientProtocol) -> None:
        looked.set()
        give_up(protocol)

    monkeypatch.setattr(PatientProtocol, "head_limit_s", 0.5)
    monkeypatch.setattr(PatientProtocol, "_give_up", seen)
    asyncio.get_running_loop().set_exception_handler(lambda _, what: defects.append(what))
    doctor = await clinic.doctor()
    token = doctor.http.headers["authorization"]
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    async with clinic.on_a_socket(context) as address, asyncio.timeout(LIMIT_S):
        async with connect(
            f"wss://{address}/v1/signalling",
            ssl=trust,
            additional_headers={"authorization": token},
            proxy=None,
        ) as socket:
            socket.transport.abort()
        await looked.wait()
    assert defects == []
