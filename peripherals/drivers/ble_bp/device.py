"""The driver of the Bluetooth blood-pressure profile as one thing."""

from functools import partial

from app.domain.device import DeviceKind
from peripherals.drivers.ble_bp.codec import DRIVER_VERSION, LINE, MODEL, codec
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.pushing import PushedConversation

# On connecting, such a device first hands over what it remembers: told by the dates.
MEMORY_AGE_S = 600.0

BLE_BP = Driver(
    "ble_bp",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.CAPTURED,
    LINE,
    codec,
    partial(PushedConversation, memory_age_s=MEMORY_AGE_S),
)
