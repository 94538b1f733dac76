"""A connection as every link has it: one bundle, the relays of now, our codecs, two channels."""

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
)

from media.rtc.relay_paths import RELAYS
from media.rtc.repair_packets import REPAIR

# The arrival buffer and the playout buffer read no others.
CODECS = {"video": ("video/VP8", "video/rtx", REPAIR), "audio": ("audio/red", "audio/opus")}


def new_connection() -> RTCPeerConnection:
    return RTCPeerConnection(
        RTCConfiguration(iceServers=RELAYS.ice_servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    )


def use_our_codecs(connection: RTCPeerConnection) -> None:
    """Of the tracks that are there."""
    for transceiver in connection.getTransceivers():
        known = RTCRtpSender.getCapabilities(transceiver.kind).codecs
        ours = [codec for codec in known if codec.mimeType in CODECS[transceiver.kind]]
        transceiver.setCodecPreferences(ours)


def control_and_scope(connection: RTCPeerConnection) -> tuple[RTCDataChannel, RTCDataChannel]:
    """After the tracks: created first, under MAX_BUNDLE, they would never connect."""
    return (
        connection.createDataChannel("control", negotiated=True, id=0),
        connection.createDataChannel("scope", negotiated=True, id=1),
    )
