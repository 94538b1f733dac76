"""The A&D UA-767PC driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.ua767pc.codec import (
    DRIVER_VERSION,
    LINE,
    MODEL,
    OTHER_LINES,
    Ua767PcCodec,
)
from peripherals.drivers.ua767pc.conversation import Ua767PcConversation

UA767PC = Driver(
    "ua767pc",
    DeviceKind.BLOOD_PRESSURE_CUFF,
    MODEL,
    DRIVER_VERSION,
    Evidence.OTHER_PROJECT,
    LINE,
    Ua767PcCodec,
    Ua767PcConversation,
    other_lines=OTHER_LINES,
)
