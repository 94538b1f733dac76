"""The A&D TM-2655/2657 driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.tm2655.codec import DRIVER_VERSION, LINE, MODEL, OTHER_LINES, codec
from peripherals.drivers.tm2655.conversation import Tm2655Conversation

TM2655 = Driver(
    "tm2655",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.CAPTURED,
    LINE,
    codec,
    Tm2655Conversation,
    other_lines=OTHER_LINES,
)
