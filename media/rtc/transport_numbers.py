"""Every packet of ours has room for its transport number, and descriptions say that we give and
take transport-wide feedback in place of stock's estimate of the far side's bit rate.
"""

from typing import NamedTuple

import aiortc.rtcrtpsender
from aiortc.codecs import CODECS, HEADER_EXTENSIONS
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpHeaderExtensionParameters
from aiortc.rtp import RtpPacket

NUMBER_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
NUMBER_ID = 5  # stock has 1 to 3, for all media together
STOCK_FEEDBACK, OUR_FEEDBACK = "goog-remb", "transport-cc"


class NumberedPacket(RtpPacket):
    """The number itself is written when it leaves."""

    def __init__(
        self,
        payload_type: int = 0,
        marker: int = 0,
        sequence_number: int = 0,
        timestamp: int = 0,
        ssrc: int = 0,
        payload: bytes = b"",
    ) -> None:
        super().__init__(payload_type, marker, sequence_number, timestamp, ssrc, payload)
        self.extensions.transport_sequence_number = 0


class ExtensionNames(NamedTuple):
    """The numbers both sides agreed on for this connection; 0: not agreed on."""

    number: int
    time: int


def names_of(transport: RTCDtlsTransport) -> ExtensionNames:
    ids = vars(transport._rtp_header_extensions_map)["_HeaderExtensionsMap__ids"]
    return ExtensionNames(ids.transport_sequence_number or 0, ids.abs_send_time or 0)


def install() -> None:
    for extensions in HEADER_EXTENSIONS.values():
        if all(extension.uri != NUMBER_URI for extension in extensions):
            extensions.append(RTCRtpHeaderExtensionParameters(id=NUMBER_ID, uri=NUMBER_URI))
    for codec in CODECS["video"] + CODECS["audio"][:1]:
        if codec.name.lower() != "rtx":
            kept = [each for each in codec.rtcpFeedback if each.type != STOCK_FEEDBACK]
            codec.rtcpFeedback[:] = [*kept, RTCRtcpFeedback(type=OUR_FEEDBACK)]
    vars(aiortc.rtcrtpsender)["RtpPacket"] = NumberedPacket
