"""Desks that speak without the server, and everybody who would like to: real TLS, real keys."""

import asyncio
import json
import logging
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin

from app.contract.near import NEAR_WORD, NearHello, NearPresence, NearProof, NearSide
from app.contract.sign_in import CertificateOut
from app.contract.signalling import FRAME_MAX_BYTES, Live
from app.contract.standing import StandingOut
from app.domain.access import Role
from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId, new_id
from app.domain.near_words import NearFound, NearHeard, NearLive, NearLost, NearSignal
from app.domain.standing import CLOCK_MENDED_BY as LEASE_LASTS_ON
from app.domain.standing import SignedRevocation
from app.remote import near_desks, near_door, near_line
from app.remote.near_desks import NearDesks
from app.remote.near_door import dialler_tls, listener_tls
from app.remote.near_line import tls_certificate_of
from app.remote.near_proof import (
    Meeting,
    NearIdentity,
    OwnDesk,
    checked_hello,
    make_hello,
    make_proof,
    own_desk,
)
from app.runtime.tasks import TaskOwner
from tests.fakes.near_clinic import DAY, Clinic, FixedClock, new_device
from tests.fakes.time_loop import MORNING, until

HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"  # another machine, as far as addresses go
LIMIT_S = 20.0
VISIT, LINK = VisitId(new_id()), LinkId(new_id())
ANA = NearPresence(person=new_id(), name="Ana Presenter", role=Role.PRESENTER)
SECRET = "words of a stranger"


class NoMulticast:
    """A network that carries none: desks are found by their address alone."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    async def __aenter__(self) -> None:
        raise OSError("no multicast")

    async def __aexit__(self, *_: object) -> None:
        pass


@dataclass
class Desk:
    """One under test, and what it was told."""

    identity: NearIdentity
    desks: NearDesks
    clock: FixedClock
    told: list[NearHeard]
    changed: asyncio.Event
    defects: list[BaseException]

    @property
    def id(self) -> DeviceId:
        return self.identity.device.id

    @property
    def port(self) -> int:
        assert self.desks.port is not None
        return self.desks.port

    async def listen(self) -> None:
        async for heard in self.desks.events():
            self.told.append(heard)
            self.changed.set()

    async def hears(self, holds: Callable[[list[NearHeard]], object]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds(self.told):
                self.changed.clear()
                await self.changed.wait()

    def of(self, kind: type[NearHeard]) -> list[NearHeard]:
        return [each for each in self.told if isinstance(each, kind)]

    def connections(self) -> int:
        opening = self.desks._opening
        return 0 if opening is None else len(opening.lines)


@dataclass
class Site:
    clinic: Clinic
    house: AsyncExitStack
    tasks: TaskOwner

    async def desk(
        self, identity: NearIdentity | None = None, name: str | None = None, is_heard: bool = True
    ) -> Desk:
        clock, defects = FixedClock(), list[BaseException]()
        desks = NearDesks(clock, defects.append, [HERE])
        desk = Desk(identity or self.clinic.identity(), desks, clock, [], asyncio.Event(), defects)
        await desks.open(desk.identity)
        self.house.push_async_callback(desks.close)
        self.house.callback(lambda: _nothing(defects))
        if is_heard:
            self.tasks.start(desk.listen(), "listener")
        if name is not None:
            desks.present(PersonId(new_id()), name, Role.CLINICIAN, None)
        return desk


def _nothing(defects: list[BaseException]) -> None:
    assert defects == []


@pytest.fixture
async def site(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Site]:
    """Whatever happens in it, nothing is a defect, a warning, or a stranger's word in the log."""
    monkeypatch.setattr(near_desks, "SitePresence", NoMulticast)
    caplog.set_level(logging.INFO)
    loop_defects: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: loop_defects.append(context)
    )
    async with AsyncExitStack() as house:
        tasks = await house.enter_async_context(TaskOwner("site"))
        yield Site(Clinic(), house, tasks)
    assert loop_defects == []
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
    assert SECRET not in caplog.text


# --- two desks -----------------------------------------------------------------------------------


def found(device: DeviceId, name: str, visit: VisitId | None = None) -> Callable[..., bool]:
    def holds(told: list[NearHeard]) -> bool:
        return any(
            isinstance(each, NearFound)
            and (each.device, each.name, each.visit) == (device, name, visit)
            for each in told
        )

    return holds


def lost(*devices: DeviceId) -> Callable[..., bool]:
    return lambda told: (
        [each for each in told if isinstance(each, NearLost)]
        == [NearLost(device) for device in devices]
    )


async def test_two_desks_prove_themselves_and_speak(site: Site) -> None:
    lin, ana = await site.desk(name="Dr Lin"), await site.desk()
    await lin.desks.dial(HERE, ana.port)
    await ana.hears(found(lin.id, "Dr Lin"))
    assert lin.told == []  # nobody works at the other yet
    ana.desks.present(PersonId(ANA.person), ANA.name, ANA.role, VISIT)
    await lin.hears(found(ana.id, ANA.name, VISIT))
    await lin.desks.signal(ana.id, VISIT, LINK, {"type": "offer", "sdp": "v=0"})
    await ana.desks.live(lin.id, VISIT, {"spo2": 97})
    offer = NearSignal(lin.id, VISIT, LINK, {"type": "offer", "sdp": "v=0"})
    await ana.hears(lambda told: told[-1] == offer)
    await lin.hears(lambda told: told[-1] == NearLive(ana.id, VISIT, {"spo2": 97}))


async def test_what_is_said_again_is_told_once_and_what_changes_anew(site: Site) -> None:
    lin, ana = await site.desk(), await site.desk()
    await lin.desks.dial(HERE, ana.port)
    person = PersonId(new_id())
    for visit in (None, None, VISIT, VISIT, None):
        lin.desks.present(person, "Dr Lin", Role.CLINICIAN, visit)
        await asyncio.sleep(0.1)
    await ana.hears(lambda told: len(told) == 3)
    assert [each.visit for each in ana.told if isinstance(each, NearFound)] == [None, VISIT, None]


async def test_who_leaves_is_lost_once_and_may_come_again(site: Site) -> None:
    lin, ana = await site.desk(name="Dr Lin"), await site.desk(name=ANA.name)
    await lin.desks.dial(HERE, ana.port)
    await lin.hears(found(ana.id, ANA.name))
    await ana.hears(found(lin.id, "Dr Lin"))
    await lin.desks.close()
    await lin.desks.close()
    await ana.hears(lost(lin.id))
    await lin.hears(lost(ana.id))
    with pytest.raises(Unavailable):
        await lin.desks.dial(HERE, ana.port)
    await lin.desks.open(lin.identity)
    port = lin.port
    await lin.desks.open(lin.identity)
    assert lin.port == port
    await ana.desks.dial(HERE, port)
    await lin.hears(lambda told: len(told) == 3)
    assert ana.connections() == lin.connections() == 1
    assert len(ana.of(NearFound)) == 1  # who worked there before was forgotten at the close


async def test_however_often_and_from_wherever_they_dial_one_connection_stays(site: Site) -> None:
    lin, ana = await site.desk(name="Dr Lin"), await site.desk(name=ANA.name)
    for _ in range(3):
        await lin.desks.dial(HERE, ana.port)
        await ana.desks.dial(HERE, lin.port)
    async with TaskOwner("at once") as tasks:
        both = [(lin, ana.port), (ana, lin.port), (lin, ana.port), (ana, lin.port)]
        dials = [tasks.start(_dials(desk, port), "dial") for desk, port in both]
        await asyncio.wait(dials)
    await lin.hears(found(ana.id, ANA.name))
    await ana.hears(found(lin.id, "Dr Lin"))
    await asyncio.sleep(0.2)
    assert lin.connections() == ana.connections() == 1
    assert lin.of(NearLost) == ana.of(NearLost) == []
    await lin.desks.live(ana.id, VISIT, {"a": 1})
    await ana.desks.live(lin.id, VISIT, {"b": 1})
    await ana.hears(lambda told: NearLive(lin.id, VISIT, {"a": 1}) in told)
    await lin.hears(lambda told: NearLive(ana.id, VISIT, {"b": 1}) in told)


async def _dials(desk: Desk, port: int) -> None:
    try:
        await desk.desks.dial(HERE, port)
    except Unavailable:
        pass  # the other direction's connection took its place


async def test_a_revoked_desk_is_cut_off_as_soon_as_a_neighbour_tells(site: Site) -> None:
    stolen = new_device()
    lin, bob = await site.desk(name="Dr Lin"), await site.desk(site.clinic.identity(stolen), "Bob")
    news: list[SignedRevocation] = []
    lin.desks.on_revocations = news.extend
    await lin.desks.dial(HERE, bob.port)
    await lin.hears(found(bob.id, "Bob"))
    ana = await site.desk(
        site.clinic.identity(revocations=[site.clinic.revocation(stolen)]), ANA.name
    )
    await ana.desks.dial(HERE, lin.port)
    await lin.hears(found(ana.id, ANA.name))
    await lin.hears(lost(bob.id))
    assert [one.revocation.device for one in news] == [bob.id]
    with pytest.raises(Unavailable):  # it is shut out before it has said anything
        await bob.desks.dial(HERE, lin.port)
    with pytest.raises(Untrusted):
        await lin.desks.dial(HERE, bob.port)
    assert lin.connections() == ana.connections() == 1


async def test_what_cannot_go_is_told(site: Site) -> None:
    lin, ana = await site.desk(), await site.desk()
    with pytest.raises(Unavailable) as told:
        await lin.desks.signal(ana.id, VISIT, LINK, {"type": "offer"})
    assert told.value.code is Code.PEER_AWAY
    await lin.desks.dial(HERE, ana.port)
    with pytest.raises(Unavailable) as told:
        await lin.desks.live(ana.id, VISIT, {"a": "x" * FRAME_MAX_BYTES})
    assert told.value.code is Code.TOO_LARGE
    await lin.desks.live(ana.id, VISIT, {"a": "x" * (FRAME_MAX_BYTES - 200)})
    await ana.hears(lambda told: len(told) == 1)
    await ana.desks.close()
    await until(lambda: not lin.connections(), LIMIT_S)
    with pytest.raises(Unavailable):
        await lin.desks.live(ana.id, VISIT, {})


@pytest.mark.parametrize("host", ["clinic.example", "", "127.0.0.1\0", "127.0.0.300", "::1%nope"])
async def test_what_is_no_address_is_not_dialled(site: Site, host: str) -> None:
    lin = await site.desk()
    with pytest.raises(Unavailable):
        await lin.desks.dial(host, 1)


async def test_a_desk_whose_lease_ends_is_let_go(site: Site) -> None:
    ana = site.clinic.identity()
    lin = await site.desk()
    lin.clock.time = MORNING + DAY + LEASE_LASTS_ON - timedelta(seconds=0.5)
    async with proven(lin.port, ana) as socket:
        await socket.send(ANA.model_dump_json())
        await lin.hears(found(ana.device.id, ANA.name))
        await ends(socket)
    await lin.hears(lost(ana.device.id))


async def test_a_renewed_lease_counts_from_the_next_connection_on(site: Site) -> None:
    device = new_device()
    ended = site.clinic.lease(device, issued_at=MORNING - 2 * DAY)
    lin = await site.desk(site.clinic.identity(device, lease=ended))
    ana = await site.desk()
    port = lin.port
    with pytest.raises((Untrusted, Unavailable)):
        await lin.desks.dial(HERE, ana.port)
    await lin.desks.open(site.clinic.identity(device))
    assert lin.port == port
    await lin.desks.dial(HERE, ana.port)


# --- strangers -----------------------------------------------------------------------------------


@asynccontextmanager
async def guest(port: int, host: str | None = None) -> AsyncIterator[ClientConnection]:
    """A connection as anybody can make one."""
    socket = await connect(
        f"wss://{HERE}:{port}/",
        ssl=dialler_tls(),
        proxy=None,
        compression=None,
        max_size=None,
        ping_interval=None,
        local_addr=None if host is None else (host, 0),
    )
    try:
        yield socket
    finally:
        socket.transport.abort()
        await socket.wait_closed()


async def ends(socket: ClientConnection | ServerConnection) -> None:
    """What still comes is read; that the other side closed is what is waited for."""
    async with asyncio.timeout(LIMIT_S):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            pass


async def hello_from(socket: ClientConnection | ServerConnection) -> NearHello:
    word = NEAR_WORD.validate_json(await socket.recv())
    assert isinstance(word, NearHello)
    return word


def shown(identity: NearIdentity) -> OwnDesk:
    """Though its own program would not show it: nobody would believe it."""
    return replace(
        own_desk(Clinic().identity(identity.device)),
        certificate=CertificateOut.model_validate_json(identity.certificate),
        lease=StandingOut.model_validate_json(identity.lease),
    )


async def greeted(
    socket: ClientConnection, identity: NearIdentity, host: NearIdentity | None = None
) -> tuple[str, str]:
    """The dialler's half of the greeting, with whatever it has; what it said."""
    nonce = secrets.token_bytes(32)
    own = shown(identity)
    hello = make_hello(own, nonce).model_dump_json()
    await socket.send(hello)
    listener = await hello_from(socket)
    far = checked_hello(listener, own_desk(host or identity), MORNING)
    meeting = Meeting(NearSide.DIALLER, identity.device.id, nonce, far, tls_certificate_of(socket))
    proof = make_proof(own, meeting).model_dump_json()
    await socket.send(proof)
    return hello, proof


@asynccontextmanager
async def proven(
    port: int, identity: NearIdentity, host: str | None = None
) -> AsyncIterator[ClientConnection]:
    """A desk with a sound identity whose program does what the test says."""
    async with guest(port, host) as socket:
        await greeted(socket, identity)
        assert isinstance(NEAR_WORD.validate_json(await socket.recv()), NearProof)
        yield socket


Stranger = Callable[[ClientConnection, Site], Awaitable[None]]


def says(*frames: str | bytes) -> Stranger:
    async def act(socket: ClientConnection, site: Site) -> None:
        for frame in frames:
            await socket.send(frame)

    return act


def shows(identity: Callable[[Clinic], NearIdentity]) -> Stranger:
    async def act(socket: ClientConnection, site: Site) -> None:
        await greeted(socket, identity(site.clinic), host=site.clinic.identity())

    return act


async def shows_a_proof_of_another_key(socket: ClientConnection, site: Site) -> None:
    """Certificate and lease of a desk are no secret: it says them to whoever dials."""
    desk = site.clinic.identity()
    await socket.send(make_hello(own_desk(desk), bytes(32)).model_dump_json())
    await socket.recv()
    forged = make_proof(own_desk(Clinic().identity()), _meeting_of_nobody())
    await socket.send(forged.model_dump_json())


def _meeting_of_nobody() -> Meeting:
    clinic = Clinic()
    far = checked_hello(
        make_hello(own_desk(clinic.identity()), bytes(32)), own_desk(clinic.identity()), MORNING
    )
    return Meeting(NearSide.DIALLER, DeviceId(new_id()), bytes(32), far, b"")


async def says_what_we_said(socket: ClientConnection, site: Site) -> None:
    while True:
        try:
            await socket.send(await socket.recv())
        except ConnectionClosed:
            return


async def signals_before_the_proof(socket: ClientConnection, site: Site) -> None:
    await socket.send(make_hello(own_desk(site.clinic.identity()), bytes(32)).model_dump_json())
    await socket.send(Live(visit=VISIT, payload={"a": SECRET}).model_dump_json())


async def says_hello_twice(socket: ClientConnection, site: Site) -> None:
    for _ in range(2):
        await socket.send(make_hello(own_desk(site.clinic.identity()), bytes(32)).model_dump_json())


STRANGERS: dict[str, Stranger] = {
    "not JSON": says(SECRET),
    "JSON": says(json.dumps({"kind": "hello", "nonce": SECRET})),
    "another kind": says(json.dumps({"kind": SECRET})),
    "bytes": says(SECRET.encode()),
    "depth": says('{"kind":' + "[" * 60_000),
    "a large frame": says("x" * (FRAME_MAX_BYTES + 1)),
    "a very large frame": says("x" * 20_000_000),
    "a presence first": says(ANA.model_dump_json()),
    "a signal before the proof": signals_before_the_proof,
    "two hellos": says_hello_twice,
    "our own words": says_what_we_said,
    "another clinic": shows(lambda clinic: Clinic().identity()),
    "a certificate of another clinic": shows(
        lambda clinic: clinic.identity(
            device := new_device(), certificate=Clinic().certificate(device)
        )
    ),
    "a lease of another clinic": shows(
        lambda clinic: clinic.identity(device := new_device(), lease=Clinic().lease(device))
    ),
    "a lease that has ended": shows(
        lambda clinic: clinic.identity(
            device := new_device(), lease=clinic.lease(device, issued_at=MORNING - 2 * DAY)
        )
    ),
    "a lease of another desk": shows(
        lambda clinic: clinic.identity(lease=clinic.lease(new_device()))
    ),
    "withdrawn": shows(
        lambda clinic: clinic.identity(device := new_device(), lease=clinic.revocation(device))
    ),
    "no key": shows_a_proof_of_another_key,
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
async def test_a_stranger_is_sent_away_and_a_desk_comes_in_after_it(
    site: Site, stranger: Stranger
) -> None:
    lin = await site.desk(name="Dr Lin")
    async with guest(lin.port) as socket:
        try:
            await stranger(socket, site)
        except ConnectionClosed:
            pass
        said = await all_that_comes(socket)
    assert not any("presence" in word or "Dr Lin" in word for word in said)
    assert lin.told == []
    await a_desk_is_welcome(site, lin)


async def all_that_comes(socket: ClientConnection | ServerConnection) -> list[str]:
    said: list[str] = []
    async with asyncio.timeout(LIMIT_S):
        try:
            while True:
                said.append(str(await socket.recv()))
        except ConnectionClosed:
            return said


async def a_desk_is_welcome(site: Site, lin: Desk) -> None:
    ana = await site.desk(name=ANA.name)
    await ana.desks.dial(HERE, lin.port)
    await lin.hears(found(ana.id, ANA.name))


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        secrets.token_bytes(4000),
        b"\x16\x03\x01\x40\x00" + bytes(200_000),
        b"",
    ],
    ids=["HTTP without TLS", "noise", "a hello without end", "nothing"],
)
async def test_what_is_no_tls_is_let_go(
    site: Site, garbage: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(near_line.SOCKET_WORDS, "open_timeout", 0.5)
    lin = await site.desk()
    reader, writer = await asyncio.open_connection(HERE, lin.port)
    try:
        writer.write(garbage)
        async with asyncio.timeout(LIMIT_S):
            while await reader.read(1000):
                pass
    except ConnectionError:
        pass
    finally:
        writer.close()
    await a_desk_is_welcome(site, lin)


@pytest.mark.parametrize("stage", ["TLS", "HTTP", "WebSocket", "hello"])
async def test_who_says_nothing_is_let_go(
    site: Site, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(near_line.SOCKET_WORDS, "open_timeout", 0.5)
    monkeypatch.setattr(near_line, "HANDSHAKE_LIMIT_S", 0.5)
    lin = await site.desk()
    if stage in ("TLS", "HTTP"):
        reader, writer = await asyncio.open_connection(HERE, lin.port, ssl=dialler_tls())
        if stage == "HTTP":
            writer.write(b"GET / HTTP/1.1\r\n")
        async with asyncio.timeout(LIMIT_S):
            try:
                assert await reader.read() == b""
            except (ConnectionError, ssl.SSLError):
                pass
        writer.close()
    else:
        async with guest(lin.port) as socket:
            if stage == "hello":
                hello = make_hello(own_desk(site.clinic.identity()), bytes(32))
                await socket.send(hello.model_dump_json())
            await ends(socket)
    monkeypatch.undo()
    monkeypatch.setattr(near_desks, "SitePresence", NoMulticast)
    await a_desk_is_welcome(site, lin)


async def test_a_web_page_is_no_desk(site: Site) -> None:
    lin = await site.desk()
    with pytest.raises(WebSocketException):
        async with connect(
            f"wss://{HERE}:{lin.port}/",
            ssl=dialler_tls(),
            proxy=None,
            origin=Origin("https://page"),
        ):
            pass


async def test_a_proof_that_was_heard_before_proves_nothing(site: Site) -> None:
    lin, ana = await site.desk(), site.clinic.identity()
    async with guest(lin.port) as socket:
        hello, proof = await greeted(socket, ana)
        await socket.send(ANA.model_dump_json())
        await lin.hears(found(ana.device.id, ANA.name))
    await lin.hears(lost(ana.device.id))
    told = list(lin.told)
    async with guest(lin.port) as socket:
        await socket.send(hello)
        await socket.send(proof)
        await ends(socket)
    assert lin.told == told


@asynccontextmanager
async def relay(
    port: int,
    ours: ssl.SSLContext | None,
    theirs: ssl.SSLContext | None,
    passed: list[bytes],
) -> AsyncIterator[int]:
    """Somebody in the middle, with or without TLS of their own; passes on what both say."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                passed.append(data)
                writer.write(data)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        writer.transport.abort()

    async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HERE, port, ssl=theirs)
        async with TaskOwner("relay") as tasks:
            ways = ((reader, far_writer), (far_reader, writer))
            await asyncio.wait([tasks.start(pump(*way), "pump") for way in ways])

    server = await asyncio.start_server(between, HERE, 0, ssl=ours)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()  # nobody is waited for: who speaks through it still does


async def test_who_stands_between_two_desks_gets_nothing_through(site: Site) -> None:
    lin, ana = await site.desk(name="Dr Lin"), await site.desk(name=ANA.name)
    heard: list[bytes] = []
    own_tls, _ = listener_tls(lin.clock)
    async with relay(ana.port, own_tls, dialler_tls(), heard) as port:
        with pytest.raises(Untrusted) as told:
            await lin.desks.dial(HERE, port)
    assert told.value.code is Code.PEER_UNTRUSTED
    assert lin.told == ana.told == []
    assert b"hello" in b"".join(heard)  # it did read what both said before their proofs
    assert b"presence" not in b"".join(heard)


async def test_a_line_that_only_carries_is_no_man_in_the_middle(site: Site) -> None:
    """The same relay without TLS of its own: otherwise the row above would prove nothing."""
    lin, ana = await site.desk(name="Dr Lin"), await site.desk(name=ANA.name)
    async with relay(ana.port, None, None, []) as port:
        await lin.desks.dial(HERE, port)
        await lin.hears(found(ana.id, ANA.name))
        await ana.hears(found(lin.id, "Dr Lin"))


# --- a false desk is dialled ---------------------------------------------------------------------

Host = Callable[[ServerConnection, Site], Awaitable[None]]


async def host_says_nothing(socket: ServerConnection, site: Site) -> None:
    await socket.wait_closed()


async def host_says_noise(socket: ServerConnection, site: Site) -> None:
    await socket.send(SECRET)


async def host_hangs_up(socket: ServerConnection, site: Site) -> None:
    await socket.close(1011, SECRET)


async def host_of_another_clinic(socket: ServerConnection, site: Site) -> None:
    await socket.send(make_hello(own_desk(Clinic().identity()), bytes(32)).model_dump_json())


async def host_without_a_key(socket: ServerConnection, site: Site) -> None:
    await socket.send(make_hello(own_desk(site.clinic.identity()), bytes(32)).model_dump_json())
    forged = make_proof(own_desk(Clinic().identity()), _meeting_of_nobody())
    await socket.send(forged.model_dump_json())


async def host_like_a_mirror(socket: ServerConnection, site: Site) -> None:
    async for word in socket:
        await socket.send(word)


@pytest.mark.parametrize(
    "host",
    [
        host_says_nothing,
        host_says_noise,
        host_hangs_up,
        host_of_another_clinic,
        host_without_a_key,
        host_like_a_mirror,
    ],
)
async def test_a_false_desk_that_is_dialled_learns_no_name(
    site: Site, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_line, "HANDSHAKE_LIMIT_S", 1.0)
    lin = await site.desk(name="Dr Lin")
    said: list[str] = []

    async def hosts(socket: ServerConnection) -> None:
        try:
            await host(socket, site)
            said.extend(await all_that_comes(socket))
        except ConnectionClosed:
            pass

    tls, _ = listener_tls(lin.clock)
    async with serve(hosts, HERE, 0, ssl=tls) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises((Untrusted, Unavailable)):
            await lin.desks.dial(HERE, port)
    assert not any("proof" in word or "presence" in word for word in said)
    assert lin.told == []
    assert lin.connections() == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nlocation: wss://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: \xff\xfe://[\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000,
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"",
    ],
    ids=["leads elsewhere", "leads nowhere", "a page", "another program", "nothing"],
)
async def test_another_program_that_is_dialled_is_no_desk(site: Site, answer: bytes) -> None:
    lin = await site.desk(name="Dr Lin")

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    tls, _ = listener_tls(lin.clock)
    server = await asyncio.start_server(answers, HERE, 0, ssl=tls)
    async with server:
        with pytest.raises(Unavailable):
            await lin.desks.dial(HERE, server.sockets[0].getsockname()[1])


async def test_a_way_without_tls_is_not_taken(site: Site) -> None:
    lin = await site.desk(name="Dr Lin")
    async with serve(lambda socket: socket.wait_closed(), HERE, 0) as server:
        with pytest.raises(Unavailable):
            await lin.desks.dial(HERE, next(iter(server.sockets)).getsockname()[1])


# --- a crowd -------------------------------------------------------------------------------------


async def test_strangers_that_only_stand_there_leave_room_for_a_desk(site: Site) -> None:
    lin = await site.desk()
    async with AsyncExitStack() as crowd:
        stood = 0
        for _ in range(12):
            reader, writer = await asyncio.open_connection(
                HERE, lin.port, local_addr=(ELSEWHERE, 0)
            )
            crowd.callback(writer.close)
            try:
                async with asyncio.timeout(0.1):
                    await reader.read(1)
            except TimeoutError:
                stood += 1
            except ConnectionError:
                pass
        assert stood == near_door.MOST_UNPROVEN_OF_ONE
        await a_desk_is_welcome(site, lin)


async def test_who_fails_again_and_again_is_not_heard_for_a_while(site: Site) -> None:
    lin = await site.desk()

    async def is_heard() -> bool:
        try:
            async with guest(lin.port, ELSEWHERE) as socket:
                await socket.send(SECRET)
                await ends(socket)
        except OSError:
            return False
        return True

    assert [await is_heard() for _ in range(12)] == [True] * 10 + [False] * 2
    await a_desk_is_welcome(site, lin)  # from another address
    lin.clock.seconds += near_door.FAILURES_WITHIN_S
    assert await is_heard()


async def test_there_is_room_for_sixteen_and_not_for_more(site: Site) -> None:
    lin = await site.desk()
    async with AsyncExitStack() as house:
        for _ in range(near_door.MOST_CONNECTIONS):
            await house.enter_async_context(proven(lin.port, site.clinic.identity()))
        await until(lambda: lin.connections() == near_door.MOST_CONNECTIONS, LIMIT_S)
        with pytest.raises((OSError, WebSocketException)):
            await house.enter_async_context(proven(lin.port, site.clinic.identity()))
        other = await site.desk()
        with pytest.raises(Unavailable):
            await lin.desks.dial(HERE, other.port)
    await until(lambda: not lin.connections(), LIMIT_S)
    await a_desk_is_welcome(site, lin)


# --- a desk of ours that has gone wrong ----------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        SECRET,
        SECRET.encode(),
        "[" * 60_000,
        "x" * (FRAME_MAX_BYTES + 1),
        json.dumps({**json.loads(ANA.model_dump_json()), "role": SECRET}),
        json.dumps({**json.loads(ANA.model_dump_json()), "name": f"\n{SECRET}"}),
        json.dumps({**json.loads(ANA.model_dump_json()), "name": " "}),
        json.dumps({**json.loads(ANA.model_dump_json()), "name": "n" * 201}),
        json.dumps({**json.loads(ANA.model_dump_json()), "person": SECRET}),
        json.dumps({"kind": "proof", "signature": "AAAA"}),
        json.dumps({"kind": "signal", "visit": str(VISIT), "link": str(LINK), "payload": {"a": 1}}),
        json.dumps({"kind": "join", "visit": str(VISIT)}),
    ],
)
async def test_a_word_that_is_none_ends_the_connection_of_a_desk(
    site: Site, word: str | bytes
) -> None:
    lin, ana = await site.desk(), site.clinic.identity()
    async with proven(lin.port, ana) as socket:
        await socket.send(ANA.model_dump_json())
        await lin.hears(found(ana.device.id, ANA.name))
        await socket.send(word)
        await ends(socket)
    await lin.hears(lost(ana.device.id))
    assert len(lin.told) == 2


async def test_a_flood_waits_until_it_is_read_and_nothing_of_it_is_lost(site: Site) -> None:
    lin, ana = await site.desk(is_heard=False), site.clinic.identity()
    most = 3 * near_desks.MOST_WAITING
    async with proven(lin.port, ana) as socket:

        async def floods() -> None:
            for number in range(most):
                await socket.send(Live(visit=VISIT, payload={"n": number}).model_dump_json())

        async with TaskOwner("flood") as tasks:
            tasks.start(floods(), "flood")
            await asyncio.sleep(0.5)
            assert len(lin.desks._waiting) == near_desks.MOST_WAITING
            site.tasks.start(lin.listen(), "listener")
            await lin.hears(lambda told: len(told) == most)
    numbers = [each.payload["n"] for each in lin.told if isinstance(each, NearLive)]
    assert numbers == list(range(most))


async def test_who_asks_for_answers_and_reads_none_is_cut_off(site: Site) -> None:
    lin, ana = await site.desk(), site.clinic.identity()
    async with proven(lin.port, ana) as socket:
        await socket.send(ANA.model_dump_json())
        await lin.hears(found(ana.device.id, ANA.name))
        socket.transport.pause_reading()
        ping = b"\x89\xfd\x00\x00\x00\x00" + bytes(125)
        async with asyncio.timeout(LIMIT_S):
            while lin.connections() and not socket.transport.is_closing():
                socket.transport.write(ping * 2000)
                await asyncio.sleep(0.01)
                for line in lin.desks._opening.lines.values():  # type: ignore[union-attr]  # open
                    unread = line.socket.transport.get_write_buffer_size()
                    assert unread < 2 * near_line.MOST_UNREAD_BYTES
    await lin.hears(lost(ana.device.id))


@pytest.mark.parametrize("how", ["it is asked", "the network changed"])
async def test_a_desk_that_froze_is_lost_in_seconds(
    site: Site, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "it is asked":
        monkeypatch.setitem(near_line.SOCKET_WORDS, "ping_interval", 0.2)
        monkeypatch.setitem(near_line.SOCKET_WORDS, "ping_timeout", 0.3)
    lin, ana = await site.desk(), site.clinic.identity()
    async with proven(lin.port, ana) as socket:
        await socket.send(ANA.model_dump_json())
        await lin.hears(found(ana.device.id, ANA.name))
        socket.transport.pause_reading()
        if how == "the network changed":
            lin.desks.network_changed()
        async with asyncio.timeout(3.0):
            await lin.hears(lost(ana.device.id))


async def test_a_desk_that_began_anew_takes_the_place_of_the_one_before(site: Site) -> None:
    lin, ana = await site.desk(), site.clinic.identity()
    async with proven(lin.port, ana) as frozen:
        await frozen.send(ANA.model_dump_json())
        await lin.hears(found(ana.device.id, ANA.name))
        frozen.transport.pause_reading()
        async with proven(lin.port, ana) as again:
            await again.send(ANA.model_dump_json())
            await lin.hears(lambda told: len(told) == 2)
            assert lin.of(NearLost) == []
            assert lin.connections() == 1
            await lin.desks.live(ana.device.id, VISIT, {"a": 1})
            async with asyncio.timeout(LIMIT_S):
                assert "live" in str(await again.recv())
    await lin.hears(lost(ana.device.id))


# --- with multicast ------------------------------------------------------------------------------


async def test_desks_of_a_site_find_each_other_and_meet_again_after_a_cut(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    lin, ana = await site.desk(name="Dr Lin"), await site.desk(name=ANA.name)
    other = await site.desk(Clinic().identity(), name="Of another clinic")
    await lin.hears(found(ana.id, ANA.name))
    await ana.hears(found(lin.id, "Dr Lin"))
    assert lin.connections() == ana.connections() == 1
    assert lin.desks._opening is not None
    for line in lin.desks._opening.lines.values():
        line.abort()
    await lin.hears(lambda told: len(told) == 3)
    await ana.hears(lambda told: len(told) == 3)
    for desk, far in ((lin, ana), (ana, lin)):
        kinds = [type(each) for each in desk.told]
        assert kinds == [NearFound, NearLost, NearFound]
        assert {each.device for each in desk.told} == {far.id}
    assert other.told == []
