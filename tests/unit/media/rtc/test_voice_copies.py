"""Our voice into packets, the far one's packets apart: copies, lengths, silence, descriptions."""

import asyncio

import aiortc.rtcpeerconnection
import numpy as np
import pytest
from aiortc import RTCPeerConnection, RTCRtpSender, sdp
from aiortc.codecs import CODECS
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from media.audio.playout_buffer import VoicePacket
from media.audio.red_packets import Copy, packed, unpacked
from media.audio.voice_shape import FIRST, VoiceShape
from media.devices.sample_ring import Samples
from media.rtc import upstream, voice_copies
from media.rtc.local_tracks import VoiceBlock, VoiceTrack
from media.rtc.voice_copies import apart
from media.rtc.voice_encoder import ENCODER, VoiceEncoder, VoiceOut
from tests.unit.media.audio.given import FRAME, packets_of, tone, voice

OPUS_TYPE = 111
PLAIN = VoiceShape(32_000, FRAME, 0, False)


PART = FRAME // 2  # what the track brings at a time


def blocks_of(samples: Samples) -> list[VoiceBlock]:
    starts = range(0, len(samples) - PART + 1, PART)
    return [VoiceBlock(samples[start : start + PART], 5000 + start) for start in starts]


def sent(encoder: VoiceEncoder, samples: Samples) -> list[tuple[int, bytes]]:
    made = [encoder.pack(block) for block in blocks_of(samples)]
    return [(at, payload) for payloads, at in made for payload in payloads]


def test_each_packet_carries_the_one_before_it() -> None:
    made = sent(VoiceEncoder(OPUS_TYPE), voice(0.4))
    plain = [unpacked(payload)[0] for _, payload in made]
    for place, (_, payload) in enumerate(made):
        copies = unpacked(payload)[1]
        assert copies == ([Copy(FRAME, plain[place - 1])] if place else [])


def test_without_need_there_are_none_and_without_the_far_side_no_head() -> None:
    encoder = VoiceEncoder(OPUS_TYPE)
    encoder.shape = PLAIN
    assert all(unpacked(payload)[1] == [] for _, payload in sent(encoder, voice(0.2)))
    bare = VoiceEncoder()
    assert [payload for _, payload in sent(bare, tone(0.2))] == packets_of(tone(0.2))


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_a_packet_may_be_longer_and_its_time_is_of_its_first_sample(parts: int) -> None:
    encoder = VoiceEncoder(OPUS_TYPE)
    encoder.shape = VoiceShape(16_000, parts * FRAME, 0, False)
    made = sent(encoder, voice(0.6))
    assert [at for at, _ in made] == [place * parts * FRAME for place in range(30 // parts)]


def test_no_copy_goes_over_a_change_of_length() -> None:
    encoder, spoken = VoiceEncoder(OPUS_TYPE), voice(1)
    sent(encoder, spoken)
    encoder.shape = VoiceShape(32_000, 2 * FRAME, 1, False)
    copies = [unpacked(payload)[1] for _, payload in sent(encoder, spoken)]
    assert copies[0] == []
    assert [len(each) for each in copies[1:5]] == [1, 1, 1, 1]


def test_where_much_is_lost_short_packets_carry_the_last_two() -> None:
    encoder = VoiceEncoder(OPUS_TYPE)
    encoder.shape = VoiceShape(32_000, PART, 2, False)
    made = sent(encoder, voice(0.4))
    plain = [unpacked(payload)[0] for _, payload in made]
    assert [at for at, _ in made] == [place * PART for place in range(40)]
    for place, (_, payload) in enumerate(made):
        copies = [Copy(ago * PART, plain[place - ago]) for ago in (2, 1) if ago <= place]
        assert unpacked(payload)[1] == copies


def test_silence_left_out_is_a_packet_all_the_same() -> None:
    encoder = VoiceEncoder()
    encoder.shape = VoiceShape(12_000, 3 * FRAME, 0, True)
    sizes = [len(payload) for _, payload in sent(encoder, np.zeros(3 * 48_000, dtype=np.int16))]
    assert len(sizes) == 50
    assert sum(size <= 2 for size in sizes[20:]) > 20


def test_what_comes_along_is_told_by_its_age() -> None:
    old, new = packets_of(voice(0.2))[3:5]
    data = packed(OPUS_TYPE, new, [Copy(2 * FRAME, old), Copy(FRAME, b"")])
    packet = VoicePacket(1, 500, data, 7.0)
    assert apart(packet) == [
        VoicePacket(1, 500, new, 7.0),
        VoicePacket(0xFFFF, 2**32 + 500 - 2 * FRAME, old, 7.0, copied_after=2 * FRAME),
    ]
    assert apart(VoicePacket(1, 500, b"\xff", 7.0)) == []


def test_it_is_offered_first_and_answered_in_the_numbers_of_the_offer() -> None:
    upstream.fit()
    ours = CODECS["audio"]
    assert [codec.mimeType for codec in ours[:2]] == ["audio/red", "audio/opus"]
    browser = [
        RTCRtpCodecParameters("audio/opus", clockRate=48_000, channels=2, payloadType=111),
        RTCRtpCodecParameters("audio/red", clockRate=48_000, channels=2, payloadType=60),
    ]
    red, opus = voice_copies.find_common_codecs(ours, browser)
    assert (red.payloadType, red.parameters, opus.payloadType) == (60, {"111/111": None}, 111)
    encoder = voice_copies.get_encoder(red)
    assert isinstance(encoder, VoiceEncoder)
    assert sent(encoder, tone(0.02))[0][1][0] == 111


@pytest.mark.parametrize("opus_type", [96, 111])
def test_it_is_kept_among_the_preferred_whatever_number_the_offer_gives_opus(
    opus_type: int,
) -> None:
    upstream.fit()
    browser = [
        RTCRtpCodecParameters("audio/opus", clockRate=48_000, channels=2, payloadType=opus_type),
        RTCRtpCodecParameters("audio/red", clockRate=48_000, channels=2, payloadType=60),
        RTCRtpCodecParameters("audio/PCMU", clockRate=8_000, channels=1, payloadType=0),
    ]
    common = voice_copies.find_common_codecs(CODECS["audio"], browser)
    known = RTCRtpSender.getCapabilities("audio").codecs
    ours = [codec for codec in known if codec.mimeType in ("audio/red", "audio/opus")]
    chosen = aiortc.rtcpeerconnection.filter_preferred_codecs
    assert [codec.payloadType for codec in chosen(common, ours)] == [60, opus_type]
    assert chosen(common, ours)[0].parameters == {f"{opus_type}/{opus_type}": None}
    assert [codec.payloadType for codec in chosen(common, ours[1:])] == [opus_type]
    assert chosen(common, []) == common


def test_a_far_side_that_does_not_know_copies_gets_plain_packets() -> None:
    upstream.fit()
    old = [RTCRtpCodecParameters("audio/opus", clockRate=48_000, channels=2, payloadType=96)]
    [opus] = voice_copies.find_common_codecs(CODECS["audio"], old)
    encoder = voice_copies.get_encoder(opus)
    assert isinstance(encoder, VoiceEncoder)
    assert [payload for _, payload in sent(encoder, tone(0.1))] == packets_of(tone(0.1))
    red = [RTCRtpCodecParameters("audio/red", clockRate=48_000, channels=2, payloadType=63)]
    assert voice_copies.find_common_codecs(CODECS["audio"], red) == []


async def test_two_of_us_agree_on_it() -> None:
    upstream.fit()

    class Silence:
        def tap(self) -> object: ...

        def untap(self, ring: object) -> None: ...

    one, other = RTCPeerConnection(), RTCPeerConnection()
    try:
        for connection in (one, other):
            connection.addTrack(VoiceTrack(Silence()))  # type: ignore[arg-type]  # never read
        async with asyncio.timeout(10):
            await one.setLocalDescription(await one.createOffer())
            await other.setRemoteDescription(one.localDescription)
            await other.setLocalDescription(await other.createAnswer())
        [media] = sdp.SessionDescription.parse(other.localDescription.sdp).media
        assert [codec.name for codec in media.rtp.codecs[:2]] == ["red", "opus"]
        assert media.rtp.codecs[0].parameters == {f"{media.rtp.codecs[1].payloadType}/96": None}
    finally:
        await one.close()
        await other.close()


def test_what_is_reported_reaches_the_encoder_of_the_sender() -> None:
    class Sender: ...

    sender, encoder, out = Sender(), VoiceEncoder(OPUS_TYPE), VoiceOut()
    out.sender = sender  # type: ignore[assignment]  # as much of one as is touched
    out.loses(20.0, 1.0)  # there is no encoder yet
    vars(sender)[ENCODER] = encoder
    out.carries(100_000)
    assert encoder.shape == FIRST, "the first words at their best"
    out.loses(20.0, 2.0)
    assert encoder.shape == VoiceShape(20_000, 2 * FRAME, 0, False)
    assert encoder.loss_percent == 20.0
    out.carries(50_000)
    assert encoder.shape == VoiceShape(16_000, 3 * FRAME, 0, True), "at once"
    for second in range(3, 14):
        out.carries(None)
        out.loses(0.0, float(second))
    assert encoder.shape == PLAIN


def test_a_narrow_line_is_obeyed_also_where_the_far_side_never_reports() -> None:
    class Sender: ...

    sender, encoder, out = Sender(), VoiceEncoder(OPUS_TYPE), VoiceOut()
    out.sender = sender  # type: ignore[assignment]
    out.carries(50_000)
    vars(sender)[ENCODER] = encoder
    for second in (5, 6):
        out.loses(None, float(second))
        assert encoder.shape == FIRST
    out.loses(None, 7.0)
    assert encoder.shape == VoiceShape(16_000, 3 * FRAME, 0, True)
