"""Indications of the Beurer BM85 in words, for support."""

from peripherals.drivers.ble_bp_bm85.codec import codec
from peripherals.drivers.decoded import decoder
from peripherals.drivers.pressure_told import told

decode = decoder(codec, told)
