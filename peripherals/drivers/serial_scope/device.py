"""The serial stethoscope's driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.serial_scope.codec import DRIVER_VERSION, LINE, serial_scope_codec
from peripherals.drivers.serial_scope.conversation import ScopeConversation

SERIAL_SCOPE = Driver(
    "serial_scope",
    DeviceKind.STETHOSCOPE,
    "Stethoscope on a serial line (our framing)",
    DRIVER_VERSION,
    Evidence.CONSTRUCTED,
    LINE,
    serial_scope_codec,
    ScopeConversation,
)
