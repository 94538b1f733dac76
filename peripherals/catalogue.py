"""Which drivers there are: one line for each instrument that we can speak with.

No instrument is looked for by itself: the adapters of these cuffs carry a USB identity of their
own, not the cuff's. A person names the port; the driver's handshake tells whether a cuff answers.
"""

from peripherals.drivers.and_scale.device import AND_SCALE
from peripherals.drivers.cms50_old.device import CMS50_OLD
from peripherals.drivers.cms50_v7.device import CMS50_V7
from peripherals.drivers.driver import Driver
from peripherals.drivers.lifescan_binary.device import LIFESCAN_BINARY
from peripherals.drivers.nonin_df2.device import NONIN_9560, NONIN_DF2
from peripherals.drivers.nonin_df7.device import NONIN_DF7
from peripherals.drivers.nonin_df8.device import NONIN_DF8
from peripherals.drivers.nonin_df13.device import NONIN_DF13
from peripherals.drivers.serial_scope.device import SERIAL_SCOPE
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.drivers.welchallyn_suretemp.device import WELCHALLYN_SURETEMP

ALL_DRIVERS: tuple[Driver, ...] = (
    # blood pressure
    SUNTECH,
    # oximeters, thermometer, scale, glucometer, stethoscope
    NONIN_DF2,
    NONIN_9560,
    NONIN_DF7,
    NONIN_DF8,
    NONIN_DF13,
    CMS50_V7,
    CMS50_OLD,
    WELCHALLYN_SURETEMP,
    AND_SCALE,
    LIFESCAN_BINARY,
    SERIAL_SCOPE,
)
DRIVERS: dict[str, Driver] = {driver.name: driver for driver in ALL_DRIVERS}
