"""Which decoder knows a device's bytes: a line for each device, its names first.

The first name is the one of the published vectors, the others are our own short ones.
"""

from peripherals.drivers.abaton_un300c.decoding import decode as abaton_un300c
from peripherals.drivers.ble_bp.decoding import decode as ble_bp
from peripherals.drivers.ble_bp_bm85.decoding import decode as ble_bp_bm85
from peripherals.drivers.bm58.decoding import decode as bm58
from peripherals.drivers.contec08a.decoding import decode as contec08a
from peripherals.drivers.decoded import Decode
from peripherals.drivers.hbp9020.decoding import decode as hbp9020
from peripherals.drivers.hbp9030.decoding import decode as hbp9030
from peripherals.drivers.hem790it.decoding import decode as hem790it
from peripherals.drivers.maibobo.decoding import decode as maibobo
from peripherals.drivers.microlife.decoding import decode as microlife
from peripherals.drivers.suntech.decoding import decode as suntech
from peripherals.drivers.terumo_bp500.decoding import decode as terumo_bp500
from peripherals.drivers.tm2655.decoding import decode as tm2655
from peripherals.drivers.ua767pc.decoding import decode as ua767pc
from peripherals.drivers.visomat.decoding import decode as visomat

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
}
DECODER_OF_NAME: dict[str, Decode] = {
    name: decode for names, decode in DECODERS.items() for name in names
}
