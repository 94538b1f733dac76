"""Which drivers there are: one line for each instrument that we can speak with.

No instrument is looked for by itself: the adapters of these cuffs carry a USB identity of their
own, not the cuff's. A person names the port; the driver's handshake tells whether a cuff answers.
"""

from peripherals.drivers.driver import Driver
from peripherals.drivers.suntech.device import SUNTECH

ALL_DRIVERS: tuple[Driver, ...] = (
    # blood pressure
    SUNTECH,
    # oximeters, thermometer, scale, glucometer, stethoscope
)
DRIVERS: dict[str, Driver] = {driver.name: driver for driver in ALL_DRIVERS}
