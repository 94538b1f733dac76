"""Which decoder knows a device's bytes: a line for each device, its names first.

The first name is the one of the published vectors, the others are our own short ones.
"""

from peripherals.drivers.abaton_un300c.decoding import decode as abaton_un300c
from peripherals.drivers.and_scale.decoding import decode as and_scale
from peripherals.drivers.ble_bp.decoding import decode as ble_bp
from peripherals.drivers.ble_bp_bm85.decoding import decode as ble_bp_bm85
from peripherals.drivers.bm58.decoding import decode as bm58
from peripherals.drivers.cms50_old.decoding import decode as cms50_old
from peripherals.drivers.cms50_v7.decoding import decode as cms50_v7
from peripherals.drivers.contec08a.decoding import decode as contec08a
from peripherals.drivers.decoded import Decode
from peripherals.drivers.hbp9020.decoding import decode as hbp9020
from peripherals.drivers.hbp9030.decoding import decode as hbp9030
from peripherals.drivers.hem790it.decoding import decode as hem790it
from peripherals.drivers.lifescan_binary.decoding import decode as lifescan_binary
from peripherals.drivers.maibobo.decoding import decode as maibobo
from peripherals.drivers.microlife.decoding import decode as microlife
from peripherals.drivers.nonin_df2.decoding import decode as nonin_df2
from peripherals.drivers.nonin_df2.decoding import decode_9560 as nonin_9560
from peripherals.drivers.nonin_df7.decoding import decode as nonin_df7
from peripherals.drivers.nonin_df8.decoding import decode as nonin_df8
from peripherals.drivers.nonin_df13.decoding import decode as nonin_df13
from peripherals.drivers.serial_scope.decoding import decode as serial_scope
from peripherals.drivers.suntech.decoding import decode as suntech
from peripherals.drivers.terumo_bp500.decoding import decode as terumo_bp500
from peripherals.drivers.tm2655.decoding import decode as tm2655
from peripherals.drivers.ua767pc.decoding import decode as ua767pc
from peripherals.drivers.visomat.decoding import decode as visomat
from peripherals.drivers.welchallyn_suretemp.decoding import decode as welchallyn_suretemp

DECODERS: dict[tuple[str, ...], Decode] = {
    # blood pressure
    ("suntech_advantage", "suntech"): suntech,
    ("and_tm2655_2657", "tm2655"): tm2655,
    ("omron_hbp9030_fmt5", "hbp9030"): hbp9030,
    ("omron_hbp9020_mode5_f3", "hbp9020"): hbp9020,
    ("terumo_bp500",): terumo_bp500,
    ("beurer_bm58_serial", "bm58"): bm58,
    ("microlife_mprotocol", "microlife"): microlife,
    ("microlife_b3_hid",): microlife,  # what the HID reports carry
    ("and_ua767pc", "ua767pc"): ua767pc,
    ("visomat_double_comfort", "visomat"): visomat,
    ("ble_blp_2a35", "ble_bp"): ble_bp,
    ("ble_blp_2a35_quirk_beurer_bm85", "ble_bp_bm85"): ble_bp_bm85,
    ("omron_hem790it_hid", "hem790it"): hem790it,
    ("contec08a_hid", "contec08a"): contec08a,
    ("abaton_un300c",): abaton_un300c,
    ("maibobo",): maibobo,
    # oximeters, thermometer, scale, glucometer, stethoscope
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
