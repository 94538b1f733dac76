"""The far side's description, looked at before aiortc sees it: one voice, one picture or two, one
channel section, bundled on one transport. Anything else is refused; aiortc would break half-way
through it.
"""

import ipaddress

from aiortc import RTCSessionDescription, sdp
from aiortc.exceptions import InvalidStateError, OperationError

from app.domain.failures import Code, Rejected

MAX_SDP_BYTES = 64 * 1024
MOST_CANDIDATES = 64
SECTIONS = (
    ["audio", "video", "application"],
    ["audio", "video", "video", "application"],  # an exam camera's picture is the second
)
# What parsing and applying a description that makes no sense is known to raise.
NOT_A_DESCRIPTION = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    StopIteration,
    InvalidStateError,
    OperationError,
)


def checked(kind: object, text: object, *, wanted: str) -> RTCSessionDescription:
    """Rejected(MALFORMED, TOO_LARGE) when it is not the offer or answer that is `wanted`."""
    if kind != wanted or not isinstance(text, str):
        raise Rejected(Code.MALFORMED, "signal")
    if len(text) > MAX_SDP_BYTES:
        raise Rejected(Code.TOO_LARGE, "signal")
    try:
        parsed = sdp.SessionDescription.parse(text)
        _check_bundle(parsed)
        for media in parsed.media:
            _check_section(media)
    except NOT_A_DESCRIPTION as error:
        raise Rejected(Code.MALFORMED, "signal") from error
    return RTCSessionDescription(sdp=text, type=wanted)


def _check_bundle(parsed: sdp.SessionDescription) -> None:
    names = [media.rtp.muxId for media in parsed.media]
    bundles = [group.items for group in parsed.group if group.semantic == "BUNDLE"]
    if [media.kind for media in parsed.media] not in SECTIONS:
        raise ValueError("sections")
    if len(set(names)) != len(names) or "" in names or bundles != [names]:
        raise ValueError("bundle")


def _check_section(media: sdp.MediaDescription) -> None:
    if not media.ice or not media.ice.usernameFragment or not media.ice.password:
        raise ValueError("no ICE credentials")
    if media.dtls is None or not media.dtls.fingerprints:
        raise ValueError("no fingerprint")
    if media.kind == "application":
        if media.sctp_port is None or media.profile != "UDP/DTLS/SCTP":
            raise ValueError("channel section")
    elif not media.rtcp_mux or not media.rtp.codecs:
        raise ValueError("media section")
    if len(media.ice_candidates) > MOST_CANDIDATES:
        raise ValueError("candidates")
    for candidate in media.ice_candidates:
        ipaddress.ip_address(candidate.ip)  # names would have to be looked up, by multicast
        if candidate.component != 1 or not 0 < candidate.port < 65536:
            raise ValueError("candidate")
