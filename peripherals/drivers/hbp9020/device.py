"""The Omron HBP-9020 driver as one thing."""

from functools import partial

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.hbp9020.codec import DRIVER_VERSION, LINE, MODEL, OTHER_LINES, codec, mask
from peripherals.drivers.pushing import PushedConversation

HBP9020 = Driver(
    "hbp9020",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.CAPTURED,
    LINE,
    codec,
    partial(PushedConversation, has_other_speeds=True),
    other_lines=OTHER_LINES,
    mask=mask,
)
