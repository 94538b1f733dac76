"""Which devices can be simulated: one line for each, by the driver's name."""

from peripherals.emulators.ble_bp import EMULATOR as BLE_BP
from peripherals.emulators.ble_bp_bm85 import EMULATOR as BLE_BP_BM85
from peripherals.emulators.bm58 import EMULATOR as BM58
from peripherals.emulators.hbp9020 import EMULATOR as HBP9020
from peripherals.emulators.hbp9030 import EMULATOR as HBP9030
from peripherals.emulators.microlife import EMULATOR as MICROLIFE
from peripherals.emulators.simulated import Emulator
from peripherals.emulators.suntech import EMULATOR as SUNTECH
from peripherals.emulators.terumo_bp500 import EMULATOR as TERUMO_BP500
from peripherals.emulators.tm2655 import EMULATOR as TM2655
from peripherals.emulators.ua767pc import EMULATOR as UA767PC
from peripherals.emulators.visomat import EMULATOR as VISOMAT

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
}
