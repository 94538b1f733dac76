"""What of the far side's RTP ends a call on stock, and here does not.

An extension of a wrong length raised what the transport does not expect, and closed it; each new
source number was remembered for ever; 128 sent packets are less than a round trip of a sharp
picture on a long way, so that what is asked for again was gone.
"""

import struct

import aiortc.rtcdtlstransport
import aiortc.rtcrtpsender
import aiortc.rtp
from aiortc.rtcdtlstransport import RtpReceiver, RtpRouter
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtpPacket

SENT_REMEMBERED = 1024  # packets; a power of two, as their numbers go round
MOST_SOURCES = 64


class MendedExtensionsMap(HeaderExtensionsMap):
    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    def get(self, extension_profile: int, extension_value: bytes) -> HeaderExtensions:
        """ValueError for all that cannot be read: such a packet is dropped by who asks."""
        try:
            return super().get(extension_profile, extension_value)
        except (struct.error, ValueError) as error:
            self.refused += 1
            raise ValueError("RTP header extension of a wrong length or form") from error


class BoundedRouter(RtpRouter):
    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    def route_rtp(self, packet: RtpPacket) -> RtpReceiver | None:
        """Packets of new sources are nobody's once there are too many of them."""
        if packet.ssrc not in self.ssrc_table and len(self.ssrc_table) >= MOST_SOURCES:
            self.refused += 1
            return None
        receiver: RtpReceiver | None = super().route_rtp(packet)
        return receiver


def install() -> None:
    vars(aiortc.rtp)["HeaderExtensionsMap"] = MendedExtensionsMap
    vars(aiortc.rtcdtlstransport)["RtpRouter"] = BoundedRouter
    vars(aiortc.rtcrtpsender)["RTP_HISTORY_SIZE"] = SENT_REMEMBERED
