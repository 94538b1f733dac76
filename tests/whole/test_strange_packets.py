"""A live link is fed damaged copies of its own packets, past the keys: dropped, never a crash.

The packets are those of a real call, caught at each reader; what is fed to it is cut, bent and made
up by a seeded chance. Afterwards the same link still shows the far side's pictures.
"""

import asyncio
import random
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aioice import stun
from aiortc import clock
from aiortc.codecs.h264 import H264Encoder as H264Packing
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from google_crc32c import value as crc32c

from media.picture.h264_encoder import H264Encoder
from media.quality.repair_code import repairs_of
from media.rtc import upstream
from media.rtc.repair_packets import VERSION, Repair, repairable, told, types_of
from tests.fakes.two_links import Pair, two_links
from tests.unit.media.picture.given import FRAME_TICKS, HEIGHT, WIDTH, planes, scene

pytestmark = pytest.mark.whole

SEED = 20261129
CAUGHT = 400
AT_ONCE = 50
GROWTH_MOST_MIB = 48
A_PACKET_MOST_S = 0.25  # with another program's work beside it; a loop over 65 536 numbers is more
CRC_AT = 8
ENDS_THE_ASSOCIATION = {1, 2, 6, 7, 8, 14}  # INIT, INIT ACK, ABORT, SHUTDOWN and its answers

Reader = Callable[[Any], Awaitable[None] | None]


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Cut, bent, lengthened or made up; sometimes as it was."""
    way = chance.randrange(8)
    if way == 0:
        return chance.randbytes(chance.randrange(1, 200))
    made = bytearray(whole)
    if way == 1:
        return bytes(made[: chance.randrange(1, len(made) + 1)])
    for _ in range(chance.randrange(0 if way == 2 else 1, 6)):
        made[chance.randrange(len(made))] = chance.choice(
            [0, 1, 127, 128, 255, chance.randrange(256)]
        )
    if way == 3:
        made += chance.randbytes(chance.randrange(40))
    return bytes(made)


class Victim:
    """The cart's link of a live pair: its readers, and what came to each while the call ran."""

    def __init__(self, pair: Pair) -> None:
        self.link = pair.cart.link
        connection = vars(self.link)["_pc"]
        dtls = upstream.transport_of(connection)
        self.caught: dict[str, list[bytes]] = {"stun": [], "rtp": [], "rtcp": [], "sctp": []}
        ice: Any = dtls.transport._connection
        self.caught["stun"] = [_check(ice)]  # those of the call are seconds apart
        reads_stun = self._catch(ice._protocols[0], "datagram_received", "stun")
        rtp = self._catch(dtls, "_handle_rtp_data", "rtp")
        self.readers: dict[str, Reader] = {
            "h264": lambda data: rtp(data, clock.current_ms()),
            "stun": lambda data: reads_stun(data, ("127.0.0.1", 9)),
            "rtp": lambda data: rtp(data, clock.current_ms()),
            "rtcp": self._catch(dtls, "_handle_rtcp_data", "rtcp"),
            "sctp": self._catch(connection.sctp, "_handle_data", "sctp"),
        }

    def _catch(self, owner: object, name: str, kind: str) -> Callable[..., Any]:
        inside: Callable[..., Any] = getattr(owner, name)
        caught = self.caught[kind]

        def catching(data: bytes, *rest: Any, **named: Any) -> Any:
            if len(caught) < CAUGHT and (kind != "stun" or data[0] < 2):
                caught.append(bytes(data))
            return inside(data, *rest, **named)

        setattr(owner, name, catching)
        return inside

    def catch_repairs(self) -> None:
        """As the far side would send them on a line that loses: this one does not."""
        types = types_of(vars(self.link)["_pc"])
        assert types is not None
        for packet in [each for each in self.caught["rtp"] if each[1] & 0x7F == types.picture][:40]:
            number, source = int.from_bytes(packet[2:4], "big"), int.from_bytes(packet[8:12], "big")
            [made] = repairs_of([repairable(packet) or b"-"], 1)
            repair = Repair(source, number, 1, 0, int.from_bytes(packet[4:8], "big"), made)
            head = bytes((VERSION, types.repair)) + packet[2:8] + bytes(4)
            self.caught["rtp"].append(head + told(repair))

    def make_h264(self) -> None:
        """As the far side could send them, too, in place of its VP8: both are agreed on."""
        [h264] = [
            codec.payloadType
            for codec in vars(self.link)["_pc"].getTransceivers()[1]._codecs
            if codec.mimeType == "video/H264"
        ]
        types = types_of(vars(self.link)["_pc"])
        assert types is not None
        first = next(each for each in self.caught["rtp"] if each[1] & 0x7F == types.picture)
        number, time_of_first = int.from_bytes(first[2:4], "big"), int.from_bytes(first[4:8], "big")
        encoder = H264Encoder()
        encoder.set(WIDTH, HEIGHT, 1_000_000, 30)
        made: list[bytes] = []
        self.caught["h264"] = made
        for picture in range(40):
            coded = encoder.encode(planes(scene()[picture]), picture * FRAME_TICKS)
            assert coded is not None
            payloads = H264Packing._packetize(H264Packing._split_bitstream(coded.data))
            for payload in payloads:
                packet = RtpPacket(
                    payload_type=h264,
                    marker=int(payload is payloads[-1]),
                    sequence_number=(number + len(made)) % 0x10000,
                    timestamp=(time_of_first + picture * FRAME_TICKS) % 2**32,
                    ssrc=int.from_bytes(first[8:12], "big"),
                    payload=payload,
                )
                made.append(packet.serialize(HeaderExtensionsMap()))

    async def fed(self, kind: str, packets: int, chance: random.Random) -> float:
        """The longest time that one packet took, in seconds."""
        read, longest_s = self.readers[kind], 0.0
        for number in range(packets):
            data = damaged(chance.choice(self.caught[kind]), chance)
            if kind == "sctp":
                data = _sealed(data)
            if data:
                began = time.monotonic()
                if (waiting := read(data)) is not None:
                    await waiting
                longest_s = max(longest_s, time.monotonic() - began)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        return longest_s


def _check(ice: Any) -> bytes:
    """A connectivity check as the far side makes them (RFC 8445, 7.2)."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ice.local_username}:{ice.remote_username}"
    message.attributes["PRIORITY"] = 1853824767
    message.attributes["ICE-CONTROLLING" if not ice.ice_controlling else "ICE-CONTROLLED"] = 5
    message.add_message_integrity(ice.local_password.encode())
    return bytes(message)


def _sealed(data: bytes) -> bytes:
    """With the checksum that is right for it (RFC 9260, 6.8), so that it is read at all; empty
    when it would end the association, as the far side may."""
    if len(data) > 12 and data[12] in ENDS_THE_ASSOCIATION:
        return b""
    if len(data) < 12:
        return data
    from_zero = data[:CRC_AT] + bytes(4) + data[CRC_AT + 4 :]
    return data[:CRC_AT] + struct.pack("<L", crc32c(from_zero)) + data[CRC_AT + 4 :]


def resident_mib() -> int:
    text = Path("/proc/self/status").read_text(encoding="ascii")
    [kib] = [line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")]
    return int(kib) // 1024


async def survives(packets: int, kinds: tuple[str, ...]) -> None:
    chance = random.Random(SEED)
    defects: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: defects.append(context))
    async with two_links() as pair:
        await pair.open()
        await pair.cart.first_picture()
        victim = Victim(pair)
        await pair.cart.until(lambda: all(victim.caught.values()), 20.0, "packets")
        victim.catch_repairs()
        victim.make_h264()
        before = resident_mib()
        for kind in kinds:
            assert await victim.fed(kind, packets, chance) < A_PACKET_MOST_S, kind
            assert defects == []
            assert victim.link.is_up, f"damaged {kind} ended the link"
        seen = len(pair.cart.pictures_at)
        await pair.cart.until(lambda: len(pair.cart.pictures_at) > seen + 5, 20.0, "more pictures")
        assert resident_mib() - before < GROWTH_MOST_MIB
    assert defects == []


KINDS = ("stun", "rtcp", "sctp", "rtp")


async def test_a_live_link_survives_damaged_packets_of_every_kind() -> None:
    await survives(3000, KINDS)


async def test_a_live_link_survives_damaged_pictures_of_its_other_codec() -> None:
    await survives(3000, ("h264",))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", [*KINDS, "h264"])
async def test_a_live_link_survives_a_million_damaged_packets(kind: str) -> None:
    await survives(1_000_000, (kind,))
