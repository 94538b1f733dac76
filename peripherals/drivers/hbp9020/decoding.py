"""An Omron HBP-9020's lines in words, for support."""

from peripherals.drivers.decoded import decoder
from peripherals.drivers.hbp9020.codec import codec
from peripherals.drivers.pressure_told import told

decode = decoder(codec, told)
