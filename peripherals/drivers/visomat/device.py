"""The Visomat driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.dumping import DumpConversation
from peripherals.drivers.visomat.codec import DRIVER_VERSION, LINE, MODEL, codec

VISOMAT = Driver(
    "visomat",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.CAPTURED,
    LINE,
    codec,
    DumpConversation,
)
