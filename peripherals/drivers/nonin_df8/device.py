"""The driver for Nonin's data format 8 as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.nonin.words import LINE
from peripherals.drivers.nonin_df8.codec import DRIVER_VERSION, df8_codec
from peripherals.drivers.nonin_df8.conversation import df8_conversation

NONIN_DF8 = Driver(
    "nonin_df8",
    DeviceKind.OXIMETER,
    "Nonin 9560, data format 8",
    DRIVER_VERSION,
    Evidence.CONSTRUCTED,
    LINE,
    df8_codec,
    df8_conversation,
)
