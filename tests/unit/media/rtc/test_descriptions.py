"""Offers and answers that make no sense are refused with a code; nothing escapes, nothing hangs."""

import asyncio
import random
import re
from collections.abc import Callable

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection

from app.domain.failures import Code, Rejected
from media.rtc.descriptions import MAX_SDP_BYTES, checked
from media.rtc.link_events import SignalOut
from tests.fakes.two_links import Side
from tests.noise import DESCRIPTIONS

ODD_WORDS = ["", "-1", "99999999999999999999", "0", "a", "\x00", "é", "239.1.2.3", "x.local"]


async def signal_of(side: Side, offer: str | None = None) -> str:
    told: list[SignalOut] = []
    side.on_signal = told.append
    await side.link.open()
    if offer is not None:
        await side.link.heard({"type": "offer", "sdp": offer})
    await side.link.close()
    sdp = told[0].payload["sdp"]
    assert isinstance(sdp, str)
    return sdp


def picture_codecs(sdp: str) -> list[list[str]]:
    """Of each picture's section, in the order of preference."""
    sections = [part for part in sdp.split("m=")[1:] if part.startswith("video")]
    return [re.findall(r"a=rtpmap:\d+ ([\w-]+)/", part) for part in sections]


async def offer_and_answer() -> tuple[str, str]:
    offer = await signal_of(Side(is_offerer=True, frequency_hz=440))
    return offer, await signal_of(Side(is_offerer=False, frequency_hz=440), offer)


async def test_our_own_offer_and_answer_are_taken() -> None:
    offer, answer = await offer_and_answer()
    assert checked("offer", offer, wanted="offer").sdp == offer
    assert checked("answer", answer, wanted="answer").sdp == answer
    for sdp in (offer, answer):
        for kinds in picture_codecs(sdp):
            assert kinds[0] == "VP8"
            assert [kind for kind in kinds if kind == "H264"] == ["H264"]
        assert "profile-level-id=42e01f" in sdp
        assert "profile-level-id=42001f" not in sdp


SPOILERS: dict[str, Callable[[str], str]] = {
    "no bundle": lambda sdp: sdp.replace("a=group:BUNDLE 0 1 2 3\r\n", ""),
    "half a bundle": lambda sdp: sdp.replace("a=group:BUNDLE 0 1 2 3", "a=group:BUNDLE 0 1"),
    "foreign bundle": lambda sdp: sdp.replace("a=group:BUNDLE 0 1 2 3", "a=group:BUNDLE 7 1 2 3"),
    "no channel": lambda sdp: sdp[: sdp.index("m=application")],
    "no fingerprint": lambda sdp: "\r\n".join(
        line for line in sdp.split("\r\n") if not line.startswith("a=fingerprint")
    ),
    "no password": lambda sdp: "\r\n".join(
        line for line in sdp.split("\r\n") if not line.startswith("a=ice-pwd")
    ),
    "a name to look up": lambda sdp: sdp.replace(
        "a=end-of-candidates", "a=candidate:1 1 udp 1 far.local 9 typ host\r\na=end-of-candidates"
    ),
    "candidates without end": lambda sdp: sdp.replace(
        "a=end-of-candidates", "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n" * 100
    ),
    "empty": lambda sdp: "",
    "too long": lambda sdp: sdp + "a=x\r\n" * (MAX_SDP_BYTES // 4),
}


@pytest.mark.parametrize("spoiler", SPOILERS)
async def test_what_is_not_whole_is_refused(spoiler: str) -> None:
    offer, _ = await offer_and_answer()
    with pytest.raises(Rejected) as refused:
        checked("offer", SPOILERS[spoiler](offer), wanted="offer")
    assert refused.value.code is (Code.TOO_LARGE if spoiler == "too long" else Code.MALFORMED)


@pytest.mark.parametrize("payload", [(None, "v=0"), ("offer", None), ("answer", "v=0"), (5, 5)])
def test_payloads_of_another_kind_are_refused(payload: tuple[object, object]) -> None:
    with pytest.raises(Rejected):
        checked(*payload, wanted="offer")


async def test_a_connection_of_another_shape_is_refused() -> None:
    other = RTCPeerConnection(
        RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    )
    other.createDataChannel("only")
    await other.setLocalDescription(await other.createOffer())
    sdp = other.localDescription.sdp
    await other.close()
    with pytest.raises(Rejected):
        checked("offer", sdp, wanted="offer")


def mutated(chance: random.Random, sdp: str) -> str:
    lines = sdp.split("\r\n")
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(lines))
        words = lines[at].split(" ")
        match chance.randrange(5):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2:
                lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
            case 3:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                words[chance.randrange(len(words))] = chance.choice(ODD_WORDS)
                lines[at] = " ".join(words)
    return "\r\n".join(lines)


async def test_a_mutated_offer_is_refused_or_taken_and_the_link_still_closes() -> None:
    chance = random.Random(4)
    offer, _ = await offer_and_answer()
    refused = 0
    for _ in range(80):
        side = Side(is_offerer=False, frequency_hz=440)
        await side.link.open()
        try:
            await side.link.heard({"type": "offer", "sdp": mutated(chance, offer)})
        except Rejected:
            refused += 1
        async with asyncio.timeout(2):
            await side.link.close()
    assert 10 < refused < 75


@DESCRIPTIONS
def test_thousands_of_mutated_descriptions_never_escape(packets: int) -> None:
    chance = random.Random(6)
    offer, answer = asyncio.run(offer_and_answer())
    for kind, sdp in (("offer", offer), ("answer", answer)):
        for _ in range(packets // 2):
            try:
                checked(kind, mutated(chance, sdp), wanted=kind)
            except Rejected:
                pass
