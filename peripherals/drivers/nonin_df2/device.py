"""The drivers for Nonin's data format 2, each as one thing."""

from app.domain.device import DeviceKind
from peripherals.drivers.driver import Driver, Evidence
from peripherals.drivers.nonin.words import LINE
from peripherals.drivers.nonin_df2.codec import (
    DRIVER_VERSION,
    DRIVER_VERSION_9560,
    df2_codec,
    df2_of_9560_codec,
)
from peripherals.drivers.nonin_df2.conversation import df2_conversation, df2_of_9560_conversation

NONIN_DF2 = Driver(
    "nonin_df2",
    DeviceKind.OXIMETER,
    "Nonin OEM III or Xpod, data format 2",
    DRIVER_VERSION,
    Evidence.OTHER_PROJECT,
    LINE,
    df2_codec,
    df2_conversation,
)
NONIN_9560 = Driver(
    "nonin_9560",
    DeviceKind.OXIMETER,
    "Nonin 9560, data format 2",
    DRIVER_VERSION_9560,
    Evidence.VENDOR,
    LINE,
    df2_of_9560_codec,
    df2_of_9560_conversation,
)
