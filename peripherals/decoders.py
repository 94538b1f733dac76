"""Which decoder knows a device's bytes: a line for each device, its names first.

The first name is the one of the published vectors, the others are our own short ones.
"""

from peripherals.drivers.and_scale.decoding import decode as and_scale
from peripherals.drivers.cms50_old.decoding import decode as cms50_old
from peripherals.drivers.cms50_v7.decoding import decode as cms50_v7
from peripherals.drivers.decoded import Decode
from peripherals.drivers.lifescan_binary.decoding import decode as lifescan_binary
from peripherals.drivers.nonin_df2.decoding import decode as nonin_df2
from peripherals.drivers.nonin_df2.decoding import decode_9560 as nonin_9560
from peripherals.drivers.nonin_df7.decoding import decode as nonin_df7
from peripherals.drivers.nonin_df8.decoding import decode as nonin_df8
from peripherals.drivers.nonin_df13.decoding import decode as nonin_df13
from peripherals.drivers.serial_scope.decoding import decode as serial_scope
from peripherals.drivers.suntech.decoding import decode as suntech
from peripherals.drivers.welchallyn_suretemp.decoding import decode as welchallyn_suretemp

DECODERS: dict[tuple[str, ...], Decode] = {
    ("suntech_advantage", "suntech"): suntech,
    ("nonin_df2",): nonin_df2,
    ("nonin_9560",): nonin_9560,
    ("nonin_df7",): nonin_df7,
    ("nonin_df8",): nonin_df8,
    ("nonin_df13",): nonin_df13,
    ("cms50_v7",): cms50_v7,
    ("cms50_old",): cms50_old,
    ("welchallyn_suretemp",): welchallyn_suretemp,
    ("and_scale",): and_scale,
    ("lifescan_binary",): lifescan_binary,
    ("serial_scope",): serial_scope,
}
DECODER_OF_NAME: dict[str, Decode] = {
    name: decode for names, decode in DECODERS.items() for name in names
}
