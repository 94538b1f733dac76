"""The driver for Contec's protocol 7 as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.cms50_v7.codec import DRIVER_VERSION, LINE, cms50_v7_codec
from peripherals.drivers.cms50_v7.conversation import cms50_v7_conversation
from peripherals.drivers.driver import Driver, Evidence

CMS50_V7 = Driver(
    "cms50_v7",
    DeviceKind.OXIMETER,
    "Contec CMS50 (protocol 7)",
    DRIVER_VERSION,
    Evidence.CAPTURED,
    LINE,
    cms50_v7_codec,
    cms50_v7_conversation,
)
