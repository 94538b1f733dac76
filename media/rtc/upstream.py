"""The versions whose inside this folder touches, and the one place where all touches are made.

Guard tests fail when a name, a signature or a default of these versions is not what we found.
"""

from importlib.metadata import version

from aiortc import RTCPeerConnection

from media.rtc import (
    arrival_buffer,
    arrival_times,
    dtls_flights,
    host_candidates,
    ice_checks,
    line_transport,
    relay_paths,
    repair_packets,
    rtp_mends,
    sctp_mends,
    stun_guard,
    transport_numbers,
    voice_copies,
    voice_encoder,
)

PINNED = {"aiortc": "1.16.0", "aioice": "0.13.0", "av": "18.1.0"}
_fitted: list[bool] = []


def fit() -> None:
    """Once per process, before the first connection."""
    if _fitted:
        return
    for package, wanted in PINNED.items():
        if (found := version(package)) != wanted:
            raise RuntimeError(f"{package} {found} is installed, media/rtc is made for {wanted}")
    for part in (host_candidates, ice_checks, stun_guard, dtls_flights, sctp_mends, rtp_mends):
        part.install()
    arrival_times.install()
    arrival_buffer.install()
    voice_encoder.install()
    voice_copies.install()
    repair_packets.install()
    line_transport.install()
    transport_numbers.install()
    relay_paths.install()
    _fitted.append(True)


def transport_of(connection: RTCPeerConnection) -> line_transport.LineTransport:
    """The one transport of a bundled connection; there is none before its first track."""
    transport = connection.getTransceivers()[0].receiver.transport
    assert isinstance(transport, line_transport.LineTransport)
    return transport
