"""The far voice's packets reach the playout buffer by the kind of packet they are."""

from types import SimpleNamespace
from typing import cast

from aiortc import RTCRtpReceiver
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtpPacket

from media.audio.playout_buffer import VoicePacket
from media.audio.red_packets import Copy, packed
from media.rtc.arrival_buffer import ArrivalBuffer
from media.rtc.voice_arrival import gather_voice
from tests.unit.media.audio.given import FRAME, packets_of, voice

RED, OPUS = 63, 111


def packet_of(payload_type: int, data: bytes) -> RtpPacket:
    packet = RtpPacket(payload_type=payload_type, sequence_number=7, timestamp=9600)
    vars(packet)["_data"] = data  # as the receiver sets it
    return packet


def test_what_has_copies_is_taken_apart_and_what_has_none_is_not() -> None:
    buffer = ArrivalBuffer(capacity=16, prefetch=4, clock=lambda: 1.0)
    receiver = SimpleNamespace(
        _RTCRtpReceiver__jitter_buffer=buffer,
        _RTCRtpReceiver__codecs={
            RED: RTCRtpCodecParameters("audio/red", clockRate=48_000, payloadType=RED),
            OPUS: RTCRtpCodecParameters("audio/opus", clockRate=48_000, payloadType=OPUS),
        },
    )
    came: list[VoicePacket] = []
    gather_voice(cast(RTCRtpReceiver, receiver), came.append)
    old, new = packets_of(voice(0.2))[3:5]
    buffer.add(packet_of(OPUS, new))
    assert came == [VoicePacket(7, 9600, new, 1.0)]
    came.clear()
    buffer.add(packet_of(RED, packed(OPUS, new, [Copy(FRAME, old)])))
    assert came == [
        VoicePacket(7, 9600, new, 1.0),
        VoicePacket(6, 9600 - FRAME, old, 1.0, copied_after=FRAME),
    ]
