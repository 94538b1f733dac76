"""Transport number and sending time in real RTP bytes; and feedback taken out of compound RTCP."""

import random

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtcpPsfbPacket, RtcpRrPacket, RtpPacket

from media.quality.transport_feedback import build, parse
from media.rtc.feedback_packets import taken_out
from media.rtc.header_extensions import number_of, payload_at, stamped
from media.rtc.transport_numbers import NUMBER_ID, NUMBER_URI, NumberedPacket

MID_ID, TIME_ID = 1, 3
URIS = {
    MID_ID: "urn:ietf:params:rtp-hdrext:sdes:mid",
    TIME_ID: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    NUMBER_ID: NUMBER_URI,
}


def extensions_map(number_id: int = NUMBER_ID) -> HeaderExtensionsMap:
    made = HeaderExtensionsMap()
    ids = {**URIS, number_id: NUMBER_URI}
    made.configure(
        RTCRtpParameters(
            headerExtensions=[
                RTCRtpHeaderExtensionParameters(id=name, uri=uri) for name, uri in ids.items()
            ]
        )
    )
    return made


def packet(mid: str = "0", payload: bytes = b"payload") -> NumberedPacket:
    made = NumberedPacket(payload_type=97, sequence_number=9, timestamp=5, ssrc=77)
    made.payload = payload
    made.extensions.mid = mid
    made.extensions.abs_send_time = 1
    return made


@pytest.mark.parametrize("mid", ["0", "video", "a-name-of-more-than-sixteen-bytes"])
def test_number_and_time_are_written_where_room_was_made(mid: str) -> None:
    data = packet(mid).serialize(extensions_map())
    left = stamped(data, NUMBER_ID, 0xABCD, TIME_ID, 0x123456)
    read = RtpPacket.parse(left, extensions_map())
    assert read.extensions.transport_sequence_number == 0xABCD == number_of(left, NUMBER_ID)
    assert read.extensions.abs_send_time == 0x123456
    assert (read.extensions.mid, read.payload) == (mid, b"payload")
    assert left[payload_at(left) :] == b"payload"


def test_what_was_not_agreed_on_is_left_alone() -> None:
    data = packet().serialize(HeaderExtensionsMap())
    assert stamped(data, NUMBER_ID, 5, TIME_ID, 5) == data
    assert number_of(data, NUMBER_ID) is None
    assert (
        stamped(packet().serialize(extensions_map()), 0, 5, 0, 5)[12:]
        == (packet().serialize(extensions_map())[12:])
    )


def test_spoiled_headers_break_nothing() -> None:
    chance = random.Random(3)
    whole = packet(payload=bytes(20)).serialize(extensions_map())
    kept = 0
    for _ in range(20_000):
        data = bytearray(whole)
        for _ in range(chance.randrange(3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        spoiled = bytes(data[: chance.randrange(12, len(data) + 1)])
        kept += number_of(spoiled, NUMBER_ID) == 0
        assert len(stamped(spoiled, NUMBER_ID, 5, TIME_ID, 6)) == len(spoiled)
    assert kept > 5000


def test_feedback_never_reaches_the_stock_parser() -> None:
    report = bytes(RtcpRrPacket(ssrc=1))
    wish = bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=2))
    feedback, _ = build(1, 2, 3, [100, None, 200], 0)
    assert taken_out(report + feedback + wish) == ([feedback], report + wish)
    assert taken_out(feedback) == ([feedback], b"")
    assert taken_out(report + feedback[:-4]) == ([], report + feedback[:-4])
    padded = bytes([feedback[0] | 0x20]) + feedback[1:]
    [taken], left = taken_out(padded)
    assert (left, parse(taken) is not None) == (b"", True)


def test_spoiled_compounds_break_nothing() -> None:
    chance = random.Random(4)
    feedback, _ = build(1, 2, 3, [100, None, 200], 0)
    whole = bytes(RtcpRrPacket(ssrc=1)) + feedback
    for _ in range(20_000):
        data = bytearray(whole)
        data[chance.randrange(len(data))] = chance.randrange(256)
        spoiled = bytes(data[: chance.randrange(len(data) + 1)])
        feedbacks, left = taken_out(spoiled)
        assert sum(map(len, feedbacks)) + len(left) == len(spoiled)
        for each in feedbacks:
            parse(each)
