"""A desk without a window in a namespace of its own: real sign-in, signalling, services and links.

`python -m tests.whole.called_desk ROLE SERVER USERNAME VISIT CA [on-site] [looks-on]`, the password
on standard input. One on site opens to other desks there while the server is away. Who looks on has
the chart open, and joins when another line is there. Tells a JSON line for each change of the call,
and ten times a second when media were last heard.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.domain.access import Role
from app.domain.clock import SystemClock
from app.domain.engine import (
    CallSetup,
    EngineAttached,
    LinkChanged,
    LinkPhase,
    SignalMade,
)
from app.domain.ids import DeviceId, LinkId, VisitId, new_id
from app.domain.server_words import DeviceCredentials
from app.remote.address import server_address
from app.remote.late_near_desks import LateNearDesks
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.signalling_channel import SignallingChannel
from app.remote.tokens import Tokens
from app.runtime.network_watch import NetworkWatch
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import Call, CallState
from app.services.signalling_ways import SignallingWays
from app.services.switchboard import Switchboard
from media.call_links import CallLinks
from media.devices.sound_pace import SoundPace
from media.rtc.link_events import (
    LinkEvent,
    LinkFailed,
    LinkLost,
    LinkUp,
    LinkWarm,
    PictureIn,
    SignalOut,
    VoiceIn,
)
from media.rtc.local_tracks import PictureFeed
from tests.fakes.inline_store import inline_store
from tests.fakes.two_links import IN_HAND, ToneVoice


class EngineHere:
    """Fulfils what Call asks of ports.CallEngine, with the links in this process."""

    def __init__(self, tasks: TaskOwner) -> None:
        self._voice, self._pictures = ToneVoice(440), PictureFeed()
        self._pace = SoundPace(48_000)
        self.call: Call | None = None
        self.heard = {"picture": 0.0, "voice": 0.0}
        self.losses = 0
        self.links = CallLinks(self._voice, self, self._pictures, self._told)
        tasks.start(self._voice.hum(), "voice")
        tasks.start(self._show(), "pictures")

    @property
    def surplus(self) -> int:
        return self._pace.in_hand - IN_HAND

    async def _show(self) -> None:
        shade = 0
        while True:
            shade = (shade + 1) % 100
            grey = bytes([100 + shade]) * (160 * 120) + bytes([128]) * (160 * 120 // 2)
            self._pictures.put(160, 120, grey)
            await asyncio.sleep(1 / 30)

    def _told(self, link: LinkId, event: LinkEvent) -> None:
        assert self.call is not None
        match event:
            case PictureIn():
                self.heard["picture"] = time.monotonic()
            case VoiceIn(samples):
                self._pace.add(len(samples))
                if samples.any():
                    self.heard["voice"] = time.monotonic()
            case SignalOut(payload):
                self.call.heard_engine(SignalMade(link, payload))
            case LinkUp():
                self.call.heard_engine(LinkChanged(link, LinkPhase.LIVE))
            case LinkWarm():
                self.call.heard_engine(LinkChanged(link, LinkPhase.WARM))
                say(warm=time.monotonic())
            case LinkLost(code):
                self.losses += 1
                self.call.heard_engine(LinkChanged(link, LinkPhase.LOST, code))
            case LinkFailed(code):
                self.call.heard_engine(LinkChanged(link, LinkPhase.FAILED, code))

    async def prepare(self, setup: CallSetup) -> None: ...

    async def connect(self, link: LinkId, *, is_offerer: bool) -> None:
        self.links.connect(link, is_offerer=is_offerer)

    async def warm_up(self, link: LinkId, *, is_offerer: bool) -> None:
        self.links.connect(link, is_offerer=is_offerer, is_empty=True)

    async def fill(self, link: LinkId) -> None:
        self.links.fill(link)

    async def heard_signal(self, link: LinkId, payload: dict[str, object]) -> None:
        self.links.heard_signal(link, payload)  # type: ignore[arg-type]  # as it came

    async def close_link(self) -> None:
        self.links.close_all()

    async def release(self) -> None:
        self.links.close_all()


def say(**fields: object) -> None:
    print(json.dumps({"at": time.monotonic(), **fields}), flush=True)


async def run(
    role: Role, server: str, username: str, visit: VisitId, authority: str, more: list[str]
) -> None:
    password = sys.stdin.readline().strip()
    clock, tokens = SystemClock(), Tokens()
    key = Ed25519PrivateKey.generate().private_bytes_raw()
    device = DeviceCredentials(DeviceId(new_id()), username, key)
    address = server_address(server, Path(authority))
    with inline_store() as store:
        async with (
            TaskOwner("desk") as tasks,
            ServerApi(ServerPlaces(address), tokens, clock, device.id) as api,
        ):
            signed_in = await api.sign_in(username, password, role, device, None)
            acts = Acts(store, clock, device.id)
            acts.now_acting(signed_in.person)
            channel = SignallingChannel(ServerPlaces(address), tokens)
            certificate = signed_in.certificate
            lease = (await api.standing(device, certificate)).signed
            near = LateNearDesks(clock)

            async def open_near() -> bool:
                if "on-site" in more:
                    await near.open(device, certificate, lease, ())
                return "on-site" in more

            ways = SignallingWays(
                channel, near, clock, device=device.id, role=role, open_near=open_near
            )
            ways.person_is(signed_in.person)
            switchboard = Switchboard(ways, clock)
            engine = EngineHere(tasks)
            call = Call(engine=engine, switchboard=switchboard, acts=acts, role=role)  # type: ignore[arg-type]  # what Call asks
            engine.call = call

            def changed() -> None:
                say(network="changed")
                call.network_changed()
                tasks.start(channel.network_changed(), "another address")
                near.network_changed()

            def told(state: CallState) -> None:
                say(phase=state.phase, link=str(state.link))

            call.state.listen(told)
            tasks.start_lasting(NetworkWatch(changed).run, "network")
            call.start()
            switchboard.start()
            call.heard_engine(EngineAttached(None, None, False, False, True))
            setup = CallSetup(visit, role, username, None, None, None, None)
            if "looks-on" in more:
                await call.prepare(setup)
                await asyncio.to_thread(sys.stdin.readline)
                say(clicked=time.monotonic())
            await call.join(setup)
            while True:
                await asyncio.sleep(0.05)
                say(**engine.heard, losses=engine.losses)


if __name__ == "__main__":
    _, role, server, username, visit, authority, *more = sys.argv
    asyncio.run(run(Role(role), server, username, VisitId(UUID(visit)), authority, more))
