"""The Beurer BM85 driver as one thing."""

from functools import partial

from app.domain.device import DeviceKind
from peripherals.drivers.ble_bp.device import MEMORY_AGE_S
from peripherals.drivers.ble_bp_bm85.codec import DRIVER_VERSION, LINE, MODEL, codec
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.pushing import PushedConversation

BLE_BP_BM85 = Driver(
    "ble_bp_bm85",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.CAPTURED,
    LINE,
    codec,
    partial(PushedConversation, memory_age_s=MEMORY_AGE_S),
)
