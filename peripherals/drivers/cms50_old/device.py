"""The driver for the first CMS50 protocol as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.cms50_old.codec import DRIVER_VERSION, LINE, cms50_old_codec
from peripherals.drivers.cms50_old.conversation import cms50_old_conversation
from peripherals.drivers.driver import Driver, Evidence

CMS50_OLD = Driver(
    "cms50_old",
    DeviceKind.OXIMETER,
    "Contec CMS50 (first protocol)",
    DRIVER_VERSION,
    Evidence.OTHER_PROJECT,
    LINE,
    cms50_old_codec,
    cms50_old_conversation,
)
