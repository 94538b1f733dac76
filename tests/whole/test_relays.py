"""Calls through real relays (coturn) where the direct way is barred, by UDP, TCP and TLS."""

import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aioice.ice
import pytest

from app.domain.clock import SystemClock
from app.domain.engine import Measures
from app.domain.engine import Path as LinkPath
from app.domain.ids import DeviceId, new_id
from app.domain.relays import Relay, RelayAccess, RelayTransport, Way, relay_of
from demo.certificates import Certificates
from media.rtc import upstream
from media.rtc.link_events import LinkLost
from media.rtc.peer_link import PeerLink
from media.rtc.relay_paths import RELAYS
from media.rtc.relay_probe import round_trip_s
from server.signalling.relays import RelayLending
from tests.fakes.two_links import Side, two_links
from tests.unproven import unproven

SECRET = "a secret of these tests only"
HOST = "127.0.0.1"
WAYS = {
    RelayTransport.UDP: Way.RELAYED_UDP,
    RelayTransport.TCP: Way.RELAYED_TCP,
    RelayTransport.TLS: Way.RELAYED_TLS,
}


def free_port() -> int:
    with socket.socket() as asking:
        asking.bind((HOST, 0))
        return int(asking.getsockname()[1])


class Coturn:
    def __init__(self, folder: Path) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self._certificates = Certificates(folder, (HOST,))
        self.authority = str(self._certificates.authority)
        self.process = subprocess.Popen(
            [
                *("turnserver", "-n", "--no-cli", "--log-file=stdout", "--simple-log"),
                *("--listening-ip", HOST, "--relay-ip", HOST, "--allow-loopback-peers"),
                *("--listening-port", str(self.port), "--tls-listening-port", str(self.tls_port)),
                *("--use-auth-secret", "--static-auth-secret", SECRET, "--realm", "bedside"),
                *("--cert", str(self._certificates.certificate)),
                *("--pkey", str(self._certificates.key), "--fingerprint", "--no-dtls"),
                *("--pidfile", str(folder / "pid"), "--userdb", str(folder / "users")),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        self._answers()

    def url(self, transport: RelayTransport) -> str:
        if transport is RelayTransport.TLS:
            return f"turns:{HOST}:{self.tls_port}?transport=tcp"
        return f"turn:{HOST}:{self.port}?transport={transport}"

    def _answers(self) -> None:
        began = time.monotonic()
        for port in (self.port, self.tls_port):
            while True:
                assert time.monotonic() - began < 10, "coturn does not listen"
                with socket.socket() as asking:
                    if asking.connect_ex((HOST, port)) == 0:
                        break
                time.sleep(0.05)

    def ends(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def coturn(tmp_path: Path) -> Iterator[Coturn]:
    if shutil.which("turnserver") is None:
        unproven("the Debian package coturn is missing")
    made = Coturn(tmp_path)
    yield made
    made.ends()


@pytest.fixture
async def barred(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """No direct way: neither side has an address of its own to offer."""
    upstream.fit()
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    yield
    await RELAYS.close()


class SlowClock(SystemClock):
    """Of a server whose names have ended when the relay looks at them."""

    def now(self) -> datetime:
        return super().now() - timedelta(hours=2)


def access(*urls: str, authority: str, clock: SystemClock | None = None) -> RelayAccess:
    lending = RelayLending(urls, SECRET.encode(), clock or SystemClock(), 3600)
    word = lending.word_for(DeviceId(new_id()))
    return RelayAccess(tuple(word.urls), word.username, word.password, 3600, authority)


def relay_of_link(link: PeerLink) -> Relay:
    ice: Any = upstream.transport_of(link._pc).transport
    relay: Relay = ice._connection._nominated[1].local_candidate.relay
    return relay


def nobody() -> Any:
    raise AssertionError("an address was lent")


def says(side: Side, path: LinkPath) -> bool:
    return any(measures.path is path for _, measures in side.of(Measures))


async def call(way: Way) -> float:
    """Seconds to both pictures, over that way."""
    async with two_links(7, is_small=True) as pair:
        began = time.monotonic()
        await pair.open()
        for side in (pair.clinician, pair.cart):
            await side.up()
            await side.first_picture()
        took_s = time.monotonic() - began
        assert (pair.clinician.link.way, pair.cart.link.way) == (way, way)
        path = LinkPath.DIRECT if way is Way.DIRECT else LinkPath.RELAY
        for side in (pair.clinician, pair.cart):
            await side.until(partial(says, side, path), 3.0, "the path among the measures")
        return took_s


@pytest.mark.parametrize("transport", list(RelayTransport))
async def test_a_call_goes_over_a_relay(
    barred: None, coturn: Coturn, transport: RelayTransport
) -> None:
    RELAYS.use(access(coturn.url(transport), authority=coturn.authority))
    print(f"over {transport}: {await call(WAYS[transport]):.2f} s to both pictures")


async def test_where_datagrams_are_barred_the_relay_by_tls_is_found_soon(
    barred: None, coturn: Coturn
) -> None:
    dead = f"turn:{HOST}:{free_port()}"
    urls = dead, coturn.url(RelayTransport.TLS)
    RELAYS.use(access(*urls, authority=coturn.authority))
    took_s = await call(Way.RELAYED_TLS)
    print(f"past a dead relay: {took_s:.2f} s to both pictures")
    assert took_s < 2.5


async def test_the_direct_way_is_taken_where_there_is_one(coturn: Coturn) -> None:
    RELAYS.use(access(coturn.url(RelayTransport.UDP), authority=coturn.authority))
    try:
        await call(Way.DIRECT)
    finally:
        await RELAYS.close()


async def test_a_name_that_has_ended_is_refused_until_another_is_lent(
    barred: None, coturn: Coturn
) -> None:
    url = coturn.url(RelayTransport.UDP)
    RELAYS.use(access(url, authority=coturn.authority, clock=SlowClock()))
    async with two_links(7, is_small=True) as pair:
        await pair.open()
        sdp = str(pair.clinician.link._pc.localDescription.sdp)
        assert "a=candidate" not in sdp
    RELAYS.use(access(url, authority=coturn.authority))
    await call(Way.RELAYED_UDP)


async def test_a_relay_by_tls_that_nobody_vouches_for_is_not_used(
    barred: None, coturn: Coturn
) -> None:
    relay = relay_of(coturn.url(RelayTransport.TLS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("media.rtc.relay_paths.PROBE_EVERY_S", 3600)
        given = access(coturn.url(RelayTransport.TLS), authority=coturn.authority)
        RELAYS.use(RelayAccess(given.urls, given.username, given.password, 3600, None))
        assert await round_trip_s(relay, RELAYS._trust) is None
        with pytest.raises(ConnectionError):
            await RELAYS.allocate(component=1, hide_related_address=False, protocol_factory=nobody)


async def test_a_relay_that_dies_in_mid_call_is_replaced_by_the_other(
    barred: None, coturn: Coturn, tmp_path: Path
) -> None:
    """The new link for the same visit, as the services make it once the loss is told."""
    (tmp_path / "other").mkdir()
    other = Coturn(tmp_path / "other")
    try:
        urls = coturn.url(RelayTransport.UDP), other.url(RelayTransport.UDP)
        RELAYS.use(access(*urls, authority=coturn.authority))
        await RELAYS.probe()
        async with two_links(7, is_small=True) as pair:
            await pair.open()
            for side in (pair.clinician, pair.cart):
                await side.first_picture()
            used = relay_of_link(pair.clinician.link)
            dying = next(each for each in (coturn, other) if each.port == used.port)
            dying.process.kill()
            died_at = time.monotonic()
            await pair.clinician.until(lambda: bool(pair.clinician.of(LinkLost)), 3, "the loss")
            await call(Way.RELAYED_UDP)
            took_s = time.monotonic() - died_at
        print(f"a relay died: pictures over the other after {took_s:.2f} s, without signalling")
        assert took_s < 4.0
    finally:
        other.ends()


async def test_near_and_far_and_dead_are_measured(coturn: Coturn) -> None:
    for transport in (RelayTransport.UDP, RelayTransport.TCP):
        took_s = await round_trip_s(relay_of(coturn.url(transport)), None)
        assert took_s is not None and took_s < 0.5
    dead = Relay(HOST, free_port(), RelayTransport.UDP)
    assert await round_trip_s(dead, None) is None
