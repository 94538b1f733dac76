"""A Terumo BP-500's blocks in words, for support."""

from peripherals.drivers.decoded import decoder
from peripherals.drivers.pressure_told import told
from peripherals.drivers.terumo_bp500.codec import codec

decode = decoder(codec, told)
