"""The driver for Nonin's data format 13 as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.nonin.words import LINE
from peripherals.drivers.nonin_df13.codec import DRIVER_VERSION, df13_codec
from peripherals.drivers.nonin_df13.conversation import SpotCheckConversation

NONIN_DF13 = Driver(
    "nonin_df13",
    DeviceKind.OXIMETER,
    "Nonin 9560, spot check (data format 13)",
    DRIVER_VERSION,
    Evidence.CONSTRUCTED,
    LINE,
    df13_codec,
    SpotCheckConversation,
)
