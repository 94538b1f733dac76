"""Which drivers there are: one line for each instrument that we can speak with.

No instrument is looked for by itself: the adapters of these cuffs carry a USB identity of their
own, not the cuff's. A person names the port; the driver's handshake tells whether a cuff answers.
"""

from peripherals.drivers.and_scale.device import AND_SCALE
from peripherals.drivers.ble_bp.device import BLE_BP
from peripherals.drivers.ble_bp_bm85.device import BLE_BP_BM85
from peripherals.drivers.bm58.device import BM58
from peripherals.drivers.cms50_old.device import CMS50_OLD
from peripherals.drivers.cms50_v7.device import CMS50_V7
from peripherals.drivers.driver import Driver
from peripherals.drivers.hbp9020.device import HBP9020
from peripherals.drivers.hbp9030.device import HBP9030
from peripherals.drivers.lifescan_binary.device import LIFESCAN_BINARY
from peripherals.drivers.microlife.device import MICROLIFE
from peripherals.drivers.nonin_df2.device import NONIN_9560, NONIN_DF2
from peripherals.drivers.nonin_df7.device import NONIN_DF7
from peripherals.drivers.nonin_df8.device import NONIN_DF8
from peripherals.drivers.nonin_df13.device import NONIN_DF13
from peripherals.drivers.serial_scope.device import SERIAL_SCOPE
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.drivers.terumo_bp500.device import TERUMO_BP500
from peripherals.drivers.tm2655.device import TM2655
from peripherals.drivers.ua767pc.device import UA767PC
from peripherals.drivers.visomat.device import VISOMAT
from peripherals.drivers.welchallyn_suretemp.device import WELCHALLYN_SURETEMP

ALL_DRIVERS: tuple[Driver, ...] = (
    # blood pressure
    SUNTECH,
    TM2655,
    HBP9030,
    HBP9020,
    TERUMO_BP500,
    BM58,
    MICROLIFE,
    UA767PC,
    VISOMAT,
    BLE_BP,
    BLE_BP_BM85,
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
