"""The driver for Nonin's data format 7 as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.nonin.words import LINE
from peripherals.drivers.nonin_df7.codec import DRIVER_VERSION, df7_codec
from peripherals.drivers.nonin_df7.conversation import df7_conversation

NONIN_DF7 = Driver(
    "nonin_df7",
    DeviceKind.OXIMETER,
    "Nonin 9560 or WristOx2, data format 7",
    DRIVER_VERSION,
    Evidence.CONSTRUCTED,
    LINE,
    df7_codec,
    df7_conversation,
)
