"""Our parts inside a real receiver of stock's: what is sent to the far side, what noise does."""

import random
import struct
from types import SimpleNamespace
from typing import Any

import av
import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtp import (
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    RtpPacket,
    wrap_rtx,
)

from media.rtc import upstream
from media.rtc.asking_again import MOST_MISSING
from media.rtc.picture_arrival import LOUDSPEAKER_S, PictureArrival, parts_of
from media.rtc.picture_assembly import MOST_WAITING
from tests.fakes.picture_line import INTER_HEADER, KEY_HEADER

VP8, RTX, SOURCE, RTX_SOURCE = 97, 98, 5, 6
INSIDE = "_RTCRtpReceiver__"


class Line:
    """Stands for the transport: what is sent is kept, decoded again."""

    state = "new"

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def _send_rtp(self, data: bytes) -> None:
        self.sent += RtcpPacket.parse(data)


class Desk:
    def __init__(self) -> None:
        upstream.fit()
        self.now = 50.0
        self.line = Line()
        line: Any = self.line
        self.receiver = RTCRtpReceiver("video", line)
        inside = self.receiver.__dict__
        inside[INSIDE + "codecs"].update(
            {
                VP8: RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=VP8),
                RTX: RTCRtpCodecParameters(
                    mimeType="video/rtx", clockRate=90_000, payloadType=RTX, parameters={"apt": VP8}
                ),
            }
        )
        inside[INSIDE + "rtx_ssrc"][RTX_SOURCE] = SOURCE
        inside[INSIDE + "decoder_thread"] = True  # what is whole is put into the queue
        self.decoder_queue = inside[INSIDE + "decoder_queue"]
        self.receiver._set_rtcp_ssrc(9)
        self.buffer, self.asking = parts_of(self.receiver)
        vars(self.buffer)["_clock"] = vars(self.asking)["_clock"] = self.clock
        self.shown: list[int] = []
        self.heard: tuple[int, float] | None = None
        self.arrival = PictureArrival(
            self.receiver,
            lambda frame: self.shown.append(frame.pts or 0),
            lambda: 0.05,
            lambda: self.heard,
            self.clock,
        )

    def clock(self) -> float:
        return self.now

    async def came(self, *packets: RtpPacket) -> None:
        for packet in packets:
            await self.receiver._handle_rtp_packet(packet, arrival_time_ms=0)

    async def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now = min(self.now + 0.01, until)
            await self.arrival._tick(self.now)

    @property
    def asked(self) -> list[list[int]]:
        return [p.lost for p in self.line.sent if isinstance(p, RtcpRtpfbPacket)]

    @property
    def keys_asked(self) -> int:
        return sum(isinstance(packet, RtcpPsfbPacket) for packet in self.line.sent)


def packet_of(number: int, payload: bytes, *, marker: int = 1) -> RtpPacket:
    packet = RtpPacket(
        payload_type=VP8,
        marker=marker,
        sequence_number=number % 0x10000,
        timestamp=number * 3000 % 2**32,
        ssrc=SOURCE,
    )
    packet.payload = payload
    return packet


def key(number: int) -> RtpPacket:
    return packet_of(number, b"\x10" + KEY_HEADER + bytes(20))


def inter(number: int) -> RtpPacket:
    return packet_of(number, b"\x10" + INTER_HEADER + bytes(20))


async def test_what_is_lost_is_asked_for_until_its_repeat_is_here() -> None:
    desk = Desk()
    await desk.came(key(1), inter(3), inter(4))
    assert desk.asked == [[2]]
    await desk.wait(0.08)
    assert desk.asked == [[2], [2]]
    await desk.came(wrap_rtx(inter(2), payload_type=RTX, sequence_number=1, ssrc=RTX_SOURCE))
    await desk.wait(0.5)
    assert len(desk.asked) == 2
    assert desk.decoder_queue.qsize() == 2  # the first, and a run of three
    assert desk.arrival.count.recovered == 1


async def test_a_hole_that_stays_is_given_up_and_a_key_frame_asked_for() -> None:
    desk = Desk()
    await desk.came(key(1), inter(3))
    await desk.wait(0.55)
    assert desk.keys_asked == 0
    await desk.wait(0.1)
    assert desk.keys_asked == 1
    before = len(desk.asked)
    await desk.wait(0.2)
    assert len(desk.asked) == before
    count = desk.arrival.count
    assert (count.given_up, count.keys_asked) == (1, 1)


async def test_what_a_key_frame_made_needless_is_not_asked_for_any_more() -> None:
    desk = Desk()
    await desk.came(key(1), inter(3), key(4))
    assert desk.decoder_queue.qsize() == 2
    await desk.wait(0.5)
    assert desk.asked == [[2]]


async def test_noise_in_a_real_receiver_neither_kills_nor_fills_it() -> None:
    chance = random.Random(11)
    desk = Desk()
    await desk.came(key(1))
    number = 1
    for _ in range(20_000):
        desk.now += chance.choice([0.0, 0.001, 0.02])
        number += chance.choice([0, 1, 1, 2, -3])
        packet = packet_of(number, chance.randbytes(chance.randrange(6)))
        packet.marker, packet.timestamp = chance.randrange(2), chance.randrange(2**32)
        if chance.random() < 0.3:
            packet.payload_type, packet.ssrc = RTX, RTX_SOURCE
            packet.payload = struct.pack("!H", number % 0x10000)[: chance.randrange(3)]
        await desk.came(packet)
        await desk.arrival._tick(desk.now)
        assert len(desk.buffer.pictures._pieces) <= MOST_WAITING
        assert len(desk.asking._gaps) <= MOST_MISSING
        desk.line.sent.clear()
        while not desk.decoder_queue.empty():
            desk.decoder_queue.get()
    assert desk.arrival.count.malformed > 0
    await desk.came(key(number + 10), inter(number + 11))
    await desk.wait(1.0)
    await desk.came(inter(number + 12))
    assert desk.decoder_queue.qsize() >= 1


def report(timestamp: int, wall_s: float) -> RtcpSrPacket:
    return RtcpSrPacket(
        ssrc=SOURCE,
        sender_info=RtcpSenderInfo(
            ntp_timestamp=round(wall_s * 2**32),
            rtp_timestamp=timestamp,
            packet_count=1,
            octet_count=1,
        ),
    )


async def test_the_picture_waits_for_a_late_voice_as_sender_reports_tell() -> None:
    desk = Desk()
    line: Any = desk.line
    line._stats_id = "transport"
    voice = RTCRtpReceiver("audio", line)
    desk.arrival.voice_comes(voice)
    await desk.receiver._handle_rtcp_packet(report(7_000, 1000.0))
    await voice._handle_rtcp_packet(report(99_000, 1000.0))
    desk.receiver.__dict__[INSIDE + "timestamp_mapper"].map(7_000)
    for number in range(300):
        frame: Any = SimpleNamespace(pts=3000 * number)
        desk.arrival.came(frame)
        desk.heard = 99_000 + 1600 * number, 50.0 + number / 30 + 0.11
        await desk.wait(1 / 30)
    assert desk.arrival.count.lip_offset_s == pytest.approx(-0.04, abs=0.012)
    assert desk.arrival.picture_delay_s == pytest.approx(0.11 + LOUDSPEAKER_S - 0.04, abs=0.012)
    assert len(desk.shown) > 290
    await voice.stop()


def test_the_decoder_fails_on_noise_in_the_way_its_thread_expects() -> None:
    chance = random.Random(2)
    from_the_wire = av.CodecContext.create("libvpx", "r")
    failed = 0
    for _ in range(300):
        start = chance.choice([KEY_HEADER, INTER_HEADER])
        try:
            from_the_wire.decode(av.Packet(start + chance.randbytes(chance.randrange(1, 60))))
        except av.FFmpegError:
            failed += 1
    assert failed > 0
