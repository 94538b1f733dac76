"""The memory of a Visomat in words, for support."""

from peripherals.drivers.decoded import decoder
from peripherals.drivers.pressure_told import told
from peripherals.drivers.visomat.codec import codec

decode = decoder(codec, told)
