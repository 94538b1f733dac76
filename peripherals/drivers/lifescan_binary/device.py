"""The LifeScan driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.lifescan_binary.codec import DRIVER_VERSION, LINE, lifescan_codec
from peripherals.drivers.lifescan_binary.conversation import LifeScanConversation

LIFESCAN_BINARY = Driver(
    "lifescan_binary",
    DeviceKind.GLUCOMETER,
    "LifeScan OneTouch UltraEasy or UltraMini",
    DRIVER_VERSION,
    Evidence.OTHER_PROJECT,
    LINE,
    lifescan_codec,
    LifeScanConversation,
)
