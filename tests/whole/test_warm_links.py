"""Links made before Join, as they are: what is on the wire before the click, and how soon after."""

import asyncio
import os
import random
import socket
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.domain.access import Role
from app.domain.engine import LinkChanged, LinkPhase
from app.domain.ids import LinkId, VisitId, new_id
from media import synthetic
from media.rtc.link_events import FirstPicture, LinkFailed, LinkUp, LinkWarm
from tests.fakes.two_links import Pair, Side, two_links
from tests.fakes.udp_gate import UdpGate, udp_gate
from tests.unproven import unproven
from tests.whole.media_screen import MediaScreen, until

pytestmark = pytest.mark.whole

QUIET_S = 2.0
ALL_PACKETS, OUTGOING = 0x0003, 4  # linux/if_ether.h, linux/if_packet.h
IP, UDP_HEADERS = 17, 28


def is_media(data: bytes) -> bool:
    """Of sound or picture: RTP, and no report about it (RFC 7983, RFC 5761)."""
    return len(data) > 1 and 128 <= data[0] <= 191 and not 192 <= data[1] <= 223


class Wire:
    """What passed the gate since the last look."""

    def __init__(self, gate: UdpGate) -> None:
        self._seen: Counter[str] = Counter()
        gate.vanishes = self._passes

    def _passes(self, data: bytes) -> bool:
        self._seen["media" if is_media(data) else "beside"] += 1
        return False

    def take(self) -> Counter[str]:
        seen, self._seen = self._seen, Counter()
        return seen


@asynccontextmanager
async def warm_links() -> AsyncIterator[Pair]:
    async with two_links(5, is_empty=True) as pair:
        await pair.open()
        for side in (pair.clinician, pair.cart):
            await side.until(lambda side=side: bool(side.of(LinkWarm)), 10, "a warm link")  # type: ignore[misc]  # the default binds it
        yield pair


async def both_see(pair: Pair) -> None:
    for side in (pair.clinician, pair.cart):
        await side.up(limit_s=10)
        await side.first_picture(limit_s=10)


def is_told_nothing(side: Side) -> bool:
    told = bool(side.of(FirstPicture)) or bool(side.of(LinkUp))
    return not (side.pictures_at or side.sound or told)


async def test_no_sound_and_no_picture_leaves_either_side_before_both_have_joined() -> None:
    with udp_gate() as gate:
        wire = Wire(gate)
        async with warm_links() as pair:
            await asyncio.sleep(QUIET_S)
            before = wire.take()
            assert before["media"] == 0
            # Handshake, beats and reports; what must not be lost goes several times at first.
            assert 0 < before["beside"] < 300

            pair.cart.link.join()
            await pair.clinician.until(lambda: wire.take()["media"] > 20, 3, "the cart's media")
            await asyncio.sleep(0.5)
            assert is_told_nothing(pair.clinician)  # nobody there has joined
            assert not pair.cart.of(LinkUp)

            pair.clinician.link.join()
            await both_see(pair)
            await asyncio.sleep(0.5)
            assert pair.clinician.sound and pair.cart.sound
            for side in (pair.clinician, pair.cart):
                assert len(side.of(LinkUp)) == len(side.of(FirstPicture)) == 1


@pytest.mark.parametrize("loss", [0.0, 0.1])
async def test_both_see_soon_after_the_click(loss: float) -> None:
    took_s, lost = [], 0
    for seed in range(3):
        with udp_gate(seed) as gate:
            gate.delay_s = 0.05
            async with warm_links() as pair:
                gate.loss = loss
                clicked_at = time.monotonic()
                pair.clinician.link.join()
                pair.cart.link.join()
                await both_see(pair)
                took_s.append(time.monotonic() - clicked_at)
                lost += gate.lost
    print(f"loss {loss}, {lost} lost: {' '.join(f'{s:.2f}' for s in sorted(took_s))} s")
    assert sorted(took_s)[1] < 0.5
    assert max(took_s) < 1.5


async def test_one_that_has_fallen_silent_fails_at_the_click() -> None:
    with udp_gate() as gate:
        async with warm_links() as pair:
            gate.is_open = False
            await asyncio.sleep(1.2)
            pair.clinician.link.join()
            assert pair.clinician.of(LinkFailed)
            assert not pair.clinician.of(LinkUp)


# --- two media processes -----------------------------------------------------------------------


def every_packet() -> socket.socket:
    """Of the whole machine."""
    try:
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PACKETS))
    except PermissionError as error:
        unproven(error)
    wire.setblocking(False)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    return wire


def udp_ports(process: int) -> set[int]:
    """Of the sockets that it holds, by the kernel's own lists."""
    held = set()
    for name in os.listdir(f"/proc/{process}/fd"):
        try:
            held.add(os.readlink(f"/proc/{process}/fd/{name}"))
        except FileNotFoundError:
            pass  # closed while we looked
    lines = [*_lines("/proc/net/udp"), *_lines("/proc/net/udp6")]
    return {
        int(fields[1].rsplit(":", 1)[1], 16) for fields in lines if f"socket:[{fields[9]}]" in held
    }


def _lines(path: str) -> list[list[str]]:
    return [line.split() for line in Path(path).read_text().splitlines()[1:]]


def media_sent(wire: socket.socket, ports: set[int]) -> Counter[int]:
    """Packets of sound or picture from each of these ports that were seen since the last look."""
    found: Counter[int] = Counter()
    while True:
        try:
            packet, (_, _, kind, *_) = wire.recvfrom(65_536)
        except BlockingIOError:
            return found
        headers = _udp_at(packet)
        if kind == OUTGOING or headers is None:
            continue
        port = int.from_bytes(packet[headers : headers + 2], "big")
        if port in ports and is_media(packet[headers + 8 :]):
            found[port] += 1


def _udp_at(packet: bytes) -> int | None:
    """Where the UDP header begins; None: another kind of packet."""
    if packet[0] >> 4 == 4 and packet[9] == IP:
        return 4 * (packet[0] & 15)
    if packet[0] >> 4 == 6 and packet[6] == IP:
        return 40
    return None


async def test_two_media_processes_are_silent_until_the_click_and_see_soon_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = tmp_path / "synthetic.avi"
    synthetic.write_video(video, number=random.getrandbits(32), seconds=1.0, rate=25)
    wire = every_packet()
    with tempfile.TemporaryDirectory(prefix="bedside-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        async with MediaScreen() as clinician, MediaScreen() as cart:
            clinician.other, cart.other = cart, clinician
            visit, link = VisitId(new_id()), LinkId(new_id())
            for side, role in ((clinician, Role.CLINICIAN), (cart, Role.PRESENTER)):
                await side.prepares(visit, role, video)
                side.known_links.add(link)
            await until(lambda: cart.remote.self_picture() is not None, "the camera")
            await cart.remote.warm_up(link, is_offerer=False)
            await clinician.remote.warm_up(link, is_offerer=True)
            for side in (clinician, cart):
                await side.next(LinkChanged, lambda word: word.phase is LinkPhase.WARM)
            await asyncio.sleep(QUIET_S)
            assert clinician.remote.pid is not None and cart.remote.pid is not None
            ports = udp_ports(clinician.remote.pid) | udp_ports(cart.remote.pid)
            assert ports
            assert media_sent(wire, ports) == Counter()
            assert [side.remote.far_picture() for side in (clinician, cart)] == [None, None]

            clicked_at = time.monotonic()
            await cart.remote.fill(link)
            await clinician.remote.fill(link)
            for side in (clinician, cart):
                await until(lambda side=side: side.remote.far_picture() is not None, "a picture")  # type: ignore[misc]  # the default binds it
            print(f"click to both pictures on the screens: {time.monotonic() - clicked_at:.3f} s")
            assert time.monotonic() - clicked_at < 2.0
            for side in (clinician, cart):
                await side.next(LinkChanged, lambda word: word.phase is LinkPhase.LIVE)
            assert len(media_sent(wire, ports)) == 2  # both send: the same look sees them now
    wire.close()
