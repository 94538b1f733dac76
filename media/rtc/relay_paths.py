"""Relays as aiortc and aioice do not know them: a list instead of one, the next one asked while the
first is silent, an authority of our own behind TLS, and questions asked again soon.

One choice for all links of a process: a link that is made asks the relays as they stand then.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any

import aioice.ice
from aioice import Candidate
from aiortc import RTCIceServer, RTCPeerConnection

from app.domain.relays import Relay, RelayAccess, RelayTransport, Way
from app.runtime.tasks import TaskOwner
from media.rtc.relay_choice import RelayChoice
from media.rtc.relay_probe import round_trip_s

log = logging.getLogger(__name__)

NEXT_AFTER_S = 0.3  # the next relay is asked, too
ALLOCATE_LIMIT_S = 2.0  # a description waits no longer for a relay
PROBE_EVERY_S = 30.0
IN_TURN = 3  # so many relays are asked for one link

_stock = aioice.ice.relayed_candidate
StunProtocol = aioice.ice.StunProtocol


class RelayPaths:
    """Used on the loop. `close` ends the measuring and forgets what was lent."""

    def __init__(self) -> None:
        self._choice = RelayChoice()
        self._trust: ssl.SSLContext | None = None
        self._tasks = TaskOwner("relays")
        self._probing: asyncio.Task[None] | None = None

    def use(self, access: RelayAccess) -> None:
        self._choice.use(access, _now())
        self._trust = _trust_in(access)
        if self._probing is None:
            self._probing = self._tasks.start(self._probe_for_ever(), "probe")

    async def close(self) -> None:
        await self._tasks.close()
        self._tasks, self._probing = TaskOwner("relays"), None
        self._choice = RelayChoice()

    @property
    def ice_servers(self) -> list[RTCIceServer]:
        """What makes aiortc ask for a relay at all: which one, is decided when it does."""
        relays, access = self._choice.best_first(_now()), self._choice.access
        if not relays or access is None:
            return []
        servers = [_server(relays[0], access)]
        stun = next((each for each in relays if each.transport is RelayTransport.UDP), None)
        if stun is not None:
            servers.append(RTCIceServer(f"stun:{_host(stun)}:{stun.port}"))
        return servers

    async def probe(self) -> None:
        """Each once, side by side."""
        async with TaskOwner("probes") as tasks:
            running = [tasks.start(self._probe_one(relay), "probe") for relay in self._choice.all]
            await asyncio.gather(*running)

    async def _probe_one(self, relay: Relay) -> None:
        took_s = await round_trip_s(relay, self._trust)
        if took_s is None:
            self._choice.silent(relay, _now())
        else:
            self._choice.answered(relay, took_s)

    async def _probe_for_ever(self) -> None:
        while True:
            await self.probe()
            await asyncio.sleep(PROBE_EVERY_S)

    async def allocate(
        self,
        *,
        component: int,
        hide_related_address: bool,
        protocol_factory: Callable[[], StunProtocol],
    ) -> tuple[Candidate, StunProtocol]:
        """The first relay that lends us an address; ConnectionError when none does in time."""
        access, deadline = self._choice.access, _now() + ALLOCATE_LIMIT_S
        to_ask = self._choice.best_first(_now())[:IN_TURN]
        lent: list[tuple[Candidate, StunProtocol]] = []
        async with TaskOwner("allocate") as tasks:
            asked: dict[asyncio.Task[Any], Relay] = {}  # oldest first
            while access is not None and not lent and (to_ask or asked) and _now() < deadline:
                if to_ask:
                    relay = to_ask.pop(0)
                    work = self._ask(
                        relay, access, component, hide_related_address, protocol_factory
                    )
                    asked[tasks.start(work, "relay")] = relay
                done, _ = await asyncio.wait(
                    asked,
                    timeout=NEXT_AFTER_S if to_ask else deadline - _now(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                lent = [result for task in done if (result := task.result()) is not None]
                for task in tuple(asked):
                    if task not in done and (lent or to_ask):
                        self._choice.silent(asked[task], _now())  # others are nearer
                    if task in done:
                        del asked[task]
        for _, surplus in lent[1:]:
            surplus.transport.close()
        if not lent:
            raise ConnectionError("no relay")
        return lent[0]

    async def _ask(
        self,
        relay: Relay,
        access: RelayAccess,
        component: int,
        hide_related_address: bool,
        protocol_factory: Callable[[], StunProtocol],
    ) -> tuple[Candidate, StunProtocol] | None:
        is_tls = relay.transport is RelayTransport.TLS
        try:
            candidate, protocol = await _stock(
                component=component,
                hide_related_address=hide_related_address,
                protocol_factory=protocol_factory,
                turn_server=(relay.host, relay.port),
                turn_username=access.username,
                turn_password=access.password,
                turn_ssl=self._trust if is_tls else False,  # type: ignore[arg-type]  # handed on
                turn_transport="udp" if relay.transport is RelayTransport.UDP else "tcp",
            )
        except (OSError, aioice.stun.TransactionError) as error:
            log.info("a relay lends nothing: %s", type(error).__name__)
            self._choice.silent(relay, _now())
            return None
        vars(candidate)["relay"] = relay
        return candidate, protocol


RELAYS = RelayPaths()


async def _relayed_candidate(
    *,
    component: int,
    hide_related_address: bool,
    protocol_factory: Callable[[], StunProtocol],
    **_: object,
) -> tuple[Candidate, StunProtocol]:
    return await RELAYS.allocate(
        component=component,
        hide_related_address=hide_related_address,
        protocol_factory=protocol_factory,
    )


def way_of(connection: RTCPeerConnection) -> Way | None:
    """Which way the packets of a bundled connection go; None before ICE has found one."""
    ice = connection.getTransceivers()[0].receiver.transport.transport
    pair = vars(ice._connection)["_nominated"].get(1)
    if pair is None:
        return None
    relay = vars(pair.local_candidate).get("relay")
    if relay is not None:
        way: Way = relay.way
        return way
    return Way.RELAYED if pair.remote_candidate.type == "relay" else Way.DIRECT


def install() -> None:
    aioice.ice.relayed_candidate = _relayed_candidate


def _server(relay: Relay, access: RelayAccess) -> RTCIceServer:
    scheme = "turns" if relay.transport is RelayTransport.TLS else "turn"
    transport = "udp" if relay.transport is RelayTransport.UDP else "tcp"
    url = f"{scheme}:{_host(relay)}:{relay.port}?transport={transport}"
    return RTCIceServer(url, username=access.username, credential=access.password)


def _host(relay: Relay) -> str:
    return f"[{relay.host}]" if ":" in relay.host else relay.host


def _trust_in(access: RelayAccess) -> ssl.SSLContext | None:
    """None: no relay by TLS can be trusted."""
    try:
        trust = ssl.create_default_context(cafile=access.authority)
    except (OSError, ssl.SSLError):
        log.warning("the file of the relays' authority cannot be read")
        return None
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    return trust


def _now() -> float:
    return asyncio.get_running_loop().time()
