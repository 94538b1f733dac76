"""Which driver speaks with which instrument.

No instrument is looked for by itself: the adapters of these cuffs carry a USB identity of their
own, not the cuff's. A person names the port; the driver's handshake tells whether a cuff answers.
"""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.suntech.codec import DRIVER_VERSION, LINE, MODEL, SunTechCodec
from peripherals.drivers.suntech.conversation import SunTechConversation

SUNTECH = Driver(
    "suntech",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.OTHER_PROJECT,
    LINE,
    SunTechCodec,
    SunTechConversation,
)
ALL_DRIVERS: tuple[Driver, ...] = (SUNTECH,)
DRIVERS: dict[str, Driver] = {driver.name: driver for driver in ALL_DRIVERS}
