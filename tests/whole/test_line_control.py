"""Two real links over a narrow line inside this process: the control of the line at work."""

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from media.quality.transport_feedback import parse
from media.rtc import upstream
from media.rtc.feedback_packets import taken_out
from media.rtc.line_control import LineControl
from media.rtc.line_transport import LineTransport
from tests.fakes.narrow_line import NarrowLine, narrow_line
from tests.fakes.obeying_picture import ObeyingPicture
from tests.fakes.two_links import Pair, Side, two_links

pytestmark = pytest.mark.whole

LINE_BIT_S = 300_000
WARM_S, MEASURED_S = 3.0, 5.0
MOST_WINDOWS = 12  # a machine that is busy for a minute spoils as many
# Within 2 s in virtual time (test_line_simulated); without control it never comes.
FOLLOWS_S = 15.0


def control_of(side: Side) -> LineControl:
    control = side.link._line
    assert control is not None
    return control


def transport_of(side: Side) -> LineTransport:
    return upstream.transport_of(side.link._pc)


def obey(side: Side, seed: int) -> None:
    """From the first packet on; the sender asks its track anew for each picture."""
    picture = ObeyingPicture(control_of(side).picture_budget, seed)
    for sender in side.link._pc.getSenders():
        if sender.kind == "video":
            picture.take_the_place_of(sender)


class Told:
    """What RTCP a side is told, written down on its way in."""

    def __init__(self, side: Side) -> None:
        self.media_sources: list[int] = []
        transport = transport_of(side)
        stock = transport._handle_rtcp_data

        async def heard(data: bytes) -> None:
            for each in taken_out(data)[0]:
                feedback = parse(each)
                assert feedback is not None
                self.media_sources.append(feedback.media_ssrc)
            await stock(data)

        vars(transport)["_handle_rtcp_data"] = heard


class Protected:
    """Keys, and (source, number) of all RTP that they protected."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.numbers: list[tuple[int, int]] = []

    def protect(self, data: bytes) -> bytes:
        self.numbers.append((int.from_bytes(data[8:12], "big"), int.from_bytes(data[2:4], "big")))
        return bytes(self._session.protect(data))

    def protect_rtcp(self, data: bytes) -> bytes:
        return bytes(self._session.protect_rtcp(data))


async def opened(pair: Pair) -> None:
    await pair.cart.link.open()
    await pair.clinician.link.open()
    obey(pair.cart, 1)
    obey(pair.clinician, 2)
    await pair.clinician.up()
    await pair.cart.up()


@dataclass(frozen=True)
class Seen:
    """What one window of the line came to."""

    queue_s: float
    used_share: float
    frames_s: float
    voice_share: float

    def __str__(self) -> str:
        return (
            f"{self.frames_s:.1f} fps, queue p95 {self.queue_s * 1000:.0f} ms, "
            f"{self.used_share:.2f} of the line used, voice {100 * self.voice_share:.1f} %"
        )

    @property
    def is_good(self) -> bool:
        return (
            self.queue_s < 0.25
            and self.used_share > 0.7
            and self.frames_s >= 20
            and self.voice_share > 0.985
        )


async def window(line: NarrowLine, side: Side) -> Seen:
    loop = asyncio.get_running_loop()
    side.sound.clear()
    since_s, pictures = loop.time(), len(side.pictures_at)
    await asyncio.sleep(MEASURED_S)
    used = sum(size for at, _, size in line.datagrams if at >= since_s)
    heard = np.concatenate(side.sound) if side.sound else np.zeros(960, dtype=np.int16)
    loud = np.abs(heard[: len(heard) // 960 * 960].reshape(-1, 960)).max(axis=1) > 500
    return Seen(
        queue_s=line.queue_p95_s(since_s),
        used_share=used * 8 / MEASURED_S / 2 / LINE_BIT_S,
        frames_s=(len(side.pictures_at) - pictures) / MEASURED_S,
        voice_share=float(loud.mean()),
    )


async def test_a_narrow_line_is_used_both_ways_and_its_queue_stays_short() -> None:
    """A busy machine holds up both ends and spoils a window; a control that fails spoils all."""
    with narrow_line(LINE_BIT_S) as line:
        async with two_links(None) as pair:
            await opened(pair)
            told = Told(pair.clinician)
            await asyncio.sleep(WARM_S)
            seen = [await window(line, pair.clinician)]
            assert len(told.media_sources) > 0.5 * MEASURED_S / 0.06
            while not seen[-1].is_good and len(seen) < MOST_WINDOWS:
                seen.append(await window(line, pair.clinician))
            print("; ".join(map(str, seen)))
            assert seen[-1].is_good, seen
            state = control_of(pair.cart).state()
            assert state.round_trip_s is not None
            assert state.round_trip_s > 0.04
            assert 0 not in told.media_sources


async def test_whatever_the_far_side_asks_for_no_number_is_protected_twice() -> None:
    async with two_links(None) as pair:
        await opened(pair)
        transport = transport_of(pair.cart)
        protected = Protected(transport._tx_srtp)
        vars(transport)["_tx_srtp"] = protected
        senders = pair.cart.link._pc.getSenders()

        async def asked() -> None:
            await asyncio.sleep(0.1)
            for source in [sender._ssrc for sender in senders]:
                last = [number for of, number in protected.numbers if of == source][-4:]
                for receiver in pair.clinician.link._pc.getReceivers():
                    await receiver._send_rtcp_nack(source, last)

        async with asyncio.timeout(10):  # voice, picture, and its repeats
            while len({of for of, _ in protected.numbers}) < 3:
                await asked()
        for sender in senders:  # then as to one who knows no repeats of their own
            vars(sender)["_RTCRtpSender__rtx_payload_type"] = None
        for _ in range(8):
            await asked()
        assert len(protected.numbers) > 60
        assert len(set(protected.numbers)) == len(protected.numbers)


async def test_a_megabit_is_reached_soon_and_a_drop_is_followed() -> None:
    """How soon is judged in virtual time; here a loaded machine holds up both ends and the line."""
    with narrow_line(2_000_000) as line:
        async with two_links(None) as pair:
            await opened(pair)
            loop = asyncio.get_running_loop()
            began_s = loop.time()
            control = control_of(pair.cart)
            while control.state().target_bit_s < 1_000_000:
                assert loop.time() - began_s < FOLLOWS_S, control.state()
                await asyncio.sleep(0.02)
            await asyncio.sleep(1.0)
            line.rate_bit_s = 200_000  # both ways, so that the feedback has to wait as well
            dropped_s = loop.time()
            while control.state().target_bit_s > 400_000:
                assert loop.time() - dropped_s < FOLLOWS_S, control.state()
                await asyncio.sleep(0.02)
