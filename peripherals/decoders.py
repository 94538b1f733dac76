"""Which decoder knows a device's bytes: a line for each device, its names first.

The first name is the one of the published vectors, the others are our own short ones.
"""

from peripherals.drivers.decoded import Decode
from peripherals.drivers.suntech.decoding import decode as suntech

DECODERS: dict[tuple[str, ...], Decode] = {
    ("suntech_advantage", "suntech"): suntech,
}
DECODER_OF_NAME: dict[str, Decode] = {
    name: decode for names, decode in DECODERS.items() for name in names
}
