"""An Omron HBP-9030's lines in words, for support."""

from peripherals.drivers.decoded import decoder
from peripherals.drivers.hbp9030.codec import codec
from peripherals.drivers.pressure_told import told

decode = decoder(codec, told)
