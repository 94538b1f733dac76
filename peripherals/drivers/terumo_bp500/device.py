"""The Terumo BP-500 driver as one thing."""

from functools import partial

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.pushing import PushedConversation
from peripherals.drivers.terumo_bp500.codec import (
    DRIVER_VERSION,
    LINE,
    MODEL,
    OTHER_LINES,
    codec,
    mask,
)

TERUMO_BP500 = Driver(
    "terumo_bp500",
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
