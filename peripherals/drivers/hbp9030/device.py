"""The Omron HBP-9030 driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.hbp9030.codec import DRIVER_VERSION, LINE, MODEL, codec, mask
from peripherals.drivers.pushing import PushedConversation

HBP9030 = Driver(
    "hbp9030",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.VENDOR,
    LINE,
    codec,
    PushedConversation,
    mask=mask,
)
