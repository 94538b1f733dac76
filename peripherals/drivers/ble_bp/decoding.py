"""Indications of the Bluetooth blood-pressure profile in words, for support."""

from peripherals.drivers.ble_bp.codec import codec
from peripherals.drivers.decoded import decoder
from peripherals.drivers.pressure_told import told

decode = decoder(codec, told)
