"""The Microlife driver as one thing."""

from functools import partial

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.dumping import DumpConversation
from peripherals.drivers.microlife.codec import DRIVER_VERSION, FETCH_ALL, LINE, MODEL, codec, mask

MICROLIFE = Driver(
    "microlife",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.CAPTURED,
    LINE,
    codec,
    partial(DumpConversation, question=FETCH_ALL),
    mask=mask,
)
