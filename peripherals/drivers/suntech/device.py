"""The SunTech driver as one thing."""

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
