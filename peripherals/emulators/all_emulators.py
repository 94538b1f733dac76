"""Which devices can be simulated: one line for each, by the driver's name."""

from peripherals.emulators import nonin
from peripherals.emulators.and_scale import EMULATOR as AND_SCALE
from peripherals.emulators.ble_bp import EMULATOR as BLE_BP
from peripherals.emulators.ble_bp_bm85 import EMULATOR as BLE_BP_BM85
from peripherals.emulators.bm58 import EMULATOR as BM58
from peripherals.emulators.cms50_old import EMULATOR as CMS50_OLD
from peripherals.emulators.cms50_v7 import EMULATOR as CMS50_V7
from peripherals.emulators.hbp9020 import EMULATOR as HBP9020
from peripherals.emulators.hbp9030 import EMULATOR as HBP9030
from peripherals.emulators.lifescan_binary import EMULATOR as LIFESCAN_BINARY
from peripherals.emulators.microlife import EMULATOR as MICROLIFE
from peripherals.emulators.serial_scope import EMULATOR as SERIAL_SCOPE
from peripherals.emulators.simulated import Emulator
from peripherals.emulators.suntech import EMULATOR as SUNTECH
from peripherals.emulators.terumo_bp500 import EMULATOR as TERUMO_BP500
from peripherals.emulators.tm2655 import EMULATOR as TM2655
from peripherals.emulators.ua767pc import EMULATOR as UA767PC
from peripherals.emulators.visca import EMULATOR as VISCA
from peripherals.emulators.visomat import EMULATOR as VISOMAT
from peripherals.emulators.welchallyn_suretemp import EMULATOR as WELCHALLYN_SURETEMP

EMULATORS: dict[str, Emulator] = {
    # blood pressure
    "suntech": SUNTECH,
    "tm2655": TM2655,
    "hbp9030": HBP9030,
    "hbp9020": HBP9020,
    "terumo_bp500": TERUMO_BP500,
    "bm58": BM58,
    "microlife": MICROLIFE,
    "ua767pc": UA767PC,
    "visomat": VISOMAT,
    "ble_bp": BLE_BP,
    "ble_bp_bm85": BLE_BP_BM85,
    # oximeters, thermometer, scale, glucometer, stethoscope
    "nonin_df2": nonin.DF2,
    "nonin_9560": nonin.DF2_OF_9560,
    "nonin_df7": nonin.DF7,
    "nonin_df8": nonin.DF8,
    "nonin_df13": nonin.DF13,
    "cms50_v7": CMS50_V7,
    "cms50_old": CMS50_OLD,
    "welchallyn_suretemp": WELCHALLYN_SURETEMP,
    "and_scale": AND_SCALE,
    "lifescan_binary": LIFESCAN_BINARY,
    "serial_scope": SERIAL_SCOPE,
    # what an exam camera stands on
    "visca": VISCA,
}
