"""A connection as every link has it: one bundle, the relays of now, our codecs, two channels."""

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpCodecCapability,
    RTCRtpSender,
)

from media.picture import h264_encoder
from media.rtc.relay_paths import RELAYS
from media.rtc.repair_packets import REPAIR

# The arrival buffer and the playout buffer read no others. H.264 as every end has it that has it at
# all (RFC 7742, 6.2): constrained baseline, in parts.
H264_PROFILE = "42e01f"
CODECS = {
    "video": ("video/VP8", "video/H264", "video/rtx", REPAIR),
    "audio": ("audio/red", "audio/opus"),
}


def new_connection() -> RTCPeerConnection:
    return RTCPeerConnection(
        RTCConfiguration(iceServers=RELAYS.ice_servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    )


def use_our_codecs(connection: RTCPeerConnection) -> None:
    """Of the tracks that are there."""
    for transceiver in connection.getTransceivers():
        known = RTCRtpSender.getCapabilities(transceiver.kind).codecs
        transceiver.setCodecPreferences([codec for codec in known if _is_ours(codec)])


def _is_ours(codec: RTCRtpCodecCapability) -> bool:
    if codec.mimeType == "video/H264":
        return h264_encoder.is_here() and codec.parameters["profile-level-id"] == H264_PROFILE
    return codec.mimeType in CODECS[codec.mimeType.split("/")[0]]


def control_and_scope(connection: RTCPeerConnection) -> tuple[RTCDataChannel, RTCDataChannel]:
    """After the tracks: created first, under MAX_BUNDLE, they would never connect."""
    return (
        connection.createDataChannel("control", negotiated=True, id=0),
        connection.createDataChannel("scope", negotiated=True, id=1),
    )
