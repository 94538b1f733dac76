"""Which devices can be simulated: one line for each, by the driver's name."""

from peripherals.emulators.simulated import Emulator
from peripherals.emulators.suntech import EMULATOR as SUNTECH

EMULATORS: dict[str, Emulator] = {
    # blood pressure
    "suntech": SUNTECH,
    # oximeters, thermometer, scale, glucometer, stethoscope
}
