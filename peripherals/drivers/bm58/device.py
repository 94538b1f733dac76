"""The Beurer BM58 driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.bm58.codec import DRIVER_VERSION, LINE, MODEL, codec
from peripherals.drivers.bm58.conversation import Bm58Conversation
from peripherals.drivers.driver import Driver, Evidence

BM58 = Driver(
    "bm58",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.OTHER_PROJECT,
    LINE,
    codec,
    Bm58Conversation,
)
