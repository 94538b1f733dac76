"""The A&D scale driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.and_scale.codec import DRIVER_VERSION, LINE, OTHER_LINES, and_scale_codec
from peripherals.drivers.and_scale.conversation import ScaleConversation
from peripherals.drivers.driver import Driver, Evidence

AND_SCALE = Driver(
    "and_scale",
    DeviceKind.SCALE,
    "A&D scale or indicator",
    DRIVER_VERSION,
    Evidence.VENDOR,
    LINE,
    and_scale_codec,
    ScaleConversation,
    other_lines=OTHER_LINES,
)
