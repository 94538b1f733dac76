"""A relay (coturn) in a namespace of its own beside one side; it is the only way between the two.

Everything else is barred as by a firewall: packets vanish, unanswered. Its names and passwords are
made by the server's own code, its certificate by an authority of this run.
"""

import asyncio
import base64
import hashlib
import os
import secrets
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from app.domain.clock import SystemClock
from app.domain.ids import DeviceId, new_id
from app.domain.relays import RelayTransport
from bench.call.link import MTU, PREFIX, Link, ip
from bench.call.peer_setting import RelaySetting
from bench.call.processes import end
from demo.certificates import Certificates
from server.signalling.relays import RelayLending

PROGRAM = "turnserver"
ADDRESS = "10.99.1.2"
PORT, TLS_PORT = 3478, 5349
LASTS_S = 3600
ASKS, ASK_AGAIN_S, COMMAND_LIMIT_S = 100, 0.1, 10.0


class TurnHouse:
    """Stands at side 0 first: who is there reaches it at once, the other over the line."""

    def __init__(self, link: Link, transport: RelayTransport) -> None:
        self._link, self._transport = link, transport
        self._name = f"{PREFIX}{os.getpid()}r"
        self._folder = tempfile.TemporaryDirectory(prefix="bedside-bench-relay-")
        self._secret = secrets.token_hex(16)
        self._process: asyncio.subprocess.Process | None = None
        self._is_made = False
        self._barred: list[str] = []

    async def __aenter__(self) -> Self:
        try:
            self._lay_ways()
            certificates = Certificates(Path(self._folder.name), (ADDRESS,))
            self.setting = self._setting(certificates)
            await self._open(certificates)
        except BaseException:
            await self._take_away()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._take_away()

    def stand_at(self, side: int) -> None:
        here, there = self._link.names[side], self._link.names[1 - side]
        own = self._link.addresses[side]
        ip("-n", here, "route", "replace", ADDRESS, "dev", "relay", "src", own)
        ip("-n", there, "route", "flush", ADDRESS)
        back = ("via", own, "dev", f"side{side}", "onlink")
        ip("-n", self._name, "route", "replace", "10.99.0.0/24", *back)

    # --- inside ------------------------------------------------------------------------------

    def _lay_ways(self) -> None:
        ip("netns", "add", self._name)
        self._is_made = True
        ip("-n", self._name, "link", "set", "lo", "up")
        ip("-n", self._name, "address", "add", f"{ADDRESS}/32", "dev", "lo")
        for side, name in enumerate(self._link.names):
            far = ("peer", "name", f"side{side}", "netns", self._name)
            ip("-n", name, "link", "add", "relay", "type", "veth", *far)
            for where, device in ((name, "relay"), (self._name, f"side{side}")):
                # No address of its own: no candidate that the other cells have not.
                ip("-n", where, "link", "set", device, "mtu", str(MTU), "addrgenmode", "none")
                ip("-n", where, "link", "set", device, "up")
            _in(name, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        _in(self._name, "nft", "-f", "-", told=rules(self._transport))
        for name in self._link.names:
            _in(name, "nft", "-f", "-", told=rules(self._transport))
            self._barred.append(name)
        self.stand_at(0)

    def _setting(self, certificates: Certificates) -> RelaySetting:
        word = RelayLending(
            (url(self._transport),), self._secret.encode(), SystemClock(), LASTS_S
        ).word_for(DeviceId(new_id()))
        return RelaySetting(
            urls=tuple(word.urls),
            username=word.username,
            password=word.password,
            lasts_s=word.lasts_s,
            authority=str(certificates.authority),
            key_digest=key_digest(certificates.certificate.read_bytes()),
        )

    async def _open(self, certificates: Certificates) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", self._name, PROGRAM, "-n", "--no-cli", "--no-dtls"),
            *("--log-file=stdout", "--simple-log", "--fingerprint", "--realm", "bedside"),
            *("--listening-ip", ADDRESS, "--relay-ip", ADDRESS),
            *("--listening-port", str(PORT), "--tls-listening-port", str(TLS_PORT)),
            *("--use-auth-secret", "--static-auth-secret", self._secret),
            *("--cert", str(certificates.certificate), "--pkey", str(certificates.key)),
            *("--pidfile", f"{self._folder.name}/pid", "--userdb", f"{self._folder.name}/users"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._folder.name,
        )
        await self._until_it_listens()

    async def _until_it_listens(self) -> None:
        for _ in range(ASKS):
            asking = await asyncio.create_subprocess_exec(
                *("ip", "netns", "exec", self._name, "bash", "-c"),
                f"exec 3<>/dev/tcp/{ADDRESS}/{TLS_PORT}",
                stderr=asyncio.subprocess.DEVNULL,
            )
            if await asking.wait() == 0:
                return
            await asyncio.sleep(ASK_AGAIN_S)
        raise OSError(f"{PROGRAM} does not listen")

    async def _take_away(self) -> None:
        if self._process is not None:
            await end(self._process)
        self._open_ways()
        self._folder.cleanup()

    def _open_ways(self) -> None:
        for name in self._barred:
            _in(name, "nft", "delete", "table", "inet", "bar")
            _in(name, "sysctl", "-qw", "net.ipv4.ip_forward=0")
        if self._is_made:
            ip("netns", "del", self._name)  # the ways to it go with it


def url(transport: RelayTransport) -> str:
    if transport is RelayTransport.TLS:
        return f"turns:{ADDRESS}:{TLS_PORT}?transport=tcp"
    return f"turn:{ADDRESS}:{PORT}?transport={transport}"


def rules(transport: RelayTransport) -> str:
    """For nft: what comes in passes only to and from the relay's one port, or within."""
    kind = "udp" if transport is RelayTransport.UDP else "tcp"
    port = TLS_PORT if transport is RelayTransport.TLS else PORT
    return f"""table inet bar {{
        chain came {{
            type filter hook prerouting priority 0; policy drop;
            iif "lo" accept
            ip saddr {ADDRESS} {kind} sport {port} accept
            ip daddr {ADDRESS} {kind} dport {port} accept
        }}
    }}
    """


def key_digest(certificate: bytes) -> str:
    """SHA-256 of the public key, as a browser is told of one to be trusted."""
    key = x509.load_pem_x509_certificate(certificate).public_key()
    told = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(told).digest()).decode()


def _in(namespace: str, *words: str, told: str | None = None) -> None:
    subprocess.run(
        ("ip", "netns", "exec", namespace, *words),
        input=told,
        text=True,
        check=True,
        timeout=COMMAND_LIMIT_S,
    )
