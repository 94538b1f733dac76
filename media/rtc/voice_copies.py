"""Voice packets that carry an earlier one (RFC 2198) in aiortc, which knows nothing of them.

Offered and answered before plain Opus, so that both sides send them; who does not know them gets
plain Opus. Chromium knows them, by the payload type below.
"""

import aiortc.codecs
import aiortc.rtcpeerconnection
import aiortc.rtcrtpsender
import aiortc.rtp
from aiortc.codecs import CODECS
from aiortc.codecs.base import Encoder
from aiortc.rtcrtpparameters import RTCRtpCodecCapability, RTCRtpCodecParameters

from media.audio.opus_library import samples_in
from media.audio.playout_buffer import VoicePacket
from media.audio.red_packets import unpacked
from media.rtc.voice_encoder import VoiceEncoder

RED, OPUS = "audio/red", "audio/opus"
RED_TYPE = 63
# Stock keeps the far side's numbers from 96 on only; browsers use others, too (35 to 63
# are free beside RTCP on one port: RFC 5761, 4).
FREE_TYPES = (*range(35, 64), *range(96, 128))

Codecs = list[RTCRtpCodecParameters]
Wishes = list[RTCRtpCodecCapability]
_find_common = aiortc.rtcpeerconnection.find_common_codecs
_filter_preferred = aiortc.rtcpeerconnection.filter_preferred_codecs
_get_encoder = aiortc.codecs.get_encoder


def apart(packet: VoicePacket) -> list[VoicePacket]:
    """One packet -> itself and the earlier ones that came along; junk -> none.

    The numbers of the copies are told by how much older they are than the packet."""
    try:
        payload, copies = unpacked(packet.payload)
    except ValueError:
        return []
    found = [VoicePacket(packet.number, packet.timestamp, payload, packet.arrived_at)]
    for copy in copies:
        length = samples_in(copy.payload)
        if length == 0:
            continue
        number = (packet.number - max(1, round(copy.ago / length))) % 0x10000
        timestamp = (packet.timestamp - copy.ago) % 0x1_0000_0000
        found.append(
            VoicePacket(number, timestamp, copy.payload, packet.arrived_at, copied_after=copy.ago)
        )
    return found


def with_copies(codecs: Codecs) -> Codecs:
    """First what carries copies, with Opus' payload type in its format; without Opus not at all."""
    opus = next((codec for codec in codecs if codec.mimeType.lower() == OPUS), None)
    red = [codec for codec in codecs if codec.mimeType.lower() == RED]
    others = [codec for codec in codecs if codec not in red]
    if opus is None or not red:
        return others
    red[0].parameters = {f"{opus.payloadType}/{opus.payloadType}": None}
    return [red[0], *others]


def find_common_codecs(local_codecs: Codecs, remote_codecs: Codecs) -> Codecs:
    return with_copies(_find_common(local_codecs, remote_codecs))


def filter_preferred_codecs(codecs: Codecs, preferred: Wishes) -> Codecs:
    """Stock compares formats; that of the copies names the number which the offerer gave Opus."""
    found = _filter_preferred(codecs, preferred)
    if not any(wish.mimeType.lower() == RED for wish in preferred):
        return found
    copies = [codec for codec in codecs if codec.mimeType.lower() == RED]
    return with_copies([*copies, *(codec for codec in found if codec not in copies)])


def get_encoder(codec: RTCRtpCodecParameters) -> Encoder:
    if codec.mimeType.lower() == RED:
        return VoiceEncoder(int(next(iter(codec.parameters)).partition("/")[0]))
    return _get_encoder(codec)


def install() -> None:
    red = RTCRtpCodecParameters(RED, clockRate=48_000, channels=2, payloadType=RED_TYPE)
    CODECS["audio"][:] = with_copies([red, *CODECS["audio"]])
    vars(aiortc.rtp)["DYNAMIC_PAYLOAD_TYPES"] = FREE_TYPES
    vars(aiortc.rtcpeerconnection)["find_common_codecs"] = find_common_codecs
    vars(aiortc.rtcpeerconnection)["filter_preferred_codecs"] = filter_preferred_codecs
    vars(aiortc.rtcrtpsender)["get_encoder"] = get_encoder
