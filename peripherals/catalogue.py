"""Which driver speaks with which instrument.

No instrument is looked for by itself: the adapters of these cuffs carry a USB identity of their
own, not the cuff's. A person names the port; the driver's handshake tells whether a cuff answers.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.device import DeviceIdentity, DeviceKind
from peripherals.drivers.suntech.codec import BAUD, DRIVER_VERSION, MODEL, SunTechCodec
from peripherals.drivers.suntech.conversation import SunTechConversation


@dataclass(frozen=True, slots=True)
class Driver:
    kind: DeviceKind
    model: str
    version: str
    baud: int  # 8 data bits, no parity, 1 stop bit
    codec: Callable[[], SunTechCodec]
    conversation: Callable[[DeviceIdentity], SunTechConversation]

    def identity(self, port: str) -> DeviceIdentity:
        return DeviceIdentity(self.kind, self.model, port, driver_version=self.version)


SUNTECH = Driver(
    DeviceKind.BLOOD_PRESSURE_CUFF, MODEL, DRIVER_VERSION, BAUD, SunTechCodec, SunTechConversation
)
