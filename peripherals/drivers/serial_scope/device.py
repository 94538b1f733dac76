"""The serial stethoscope's driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.serial_scope.codec import (
    DRIVER_VERSION,
    LINE,
    OTHER_LINES,
    serial_scope_codec,
)
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
    other_lines=OTHER_LINES,
)
