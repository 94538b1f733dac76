"""The SureTemp Plus driver as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.welchallyn_suretemp.codec import DRIVER_VERSION, LINE, suretemp_codec
from peripherals.drivers.welchallyn_suretemp.conversation import SureTempConversation

WELCHALLYN_SURETEMP = Driver(
    "welchallyn_suretemp",
    DeviceKind.THERMOMETER,
    "Welch Allyn SureTemp Plus OEM",
    DRIVER_VERSION,
    Evidence.VENDOR,
    LINE,
    suretemp_codec,
    SureTempConversation,
)
