"""What a port's name tells: a serial line, a HID device of Linux, a Bluetooth address."""

import re

from peripherals import serial_port
from peripherals.ble_port import BlePort
from peripherals.byte_port import BytePort
from peripherals.hid_port import HidPort
from peripherals.line_setting import LineSetting
from peripherals.serial_port import SerialPort

HID_BEGIN = "/dev/hidraw"
_BLUETOOTH = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")


def port_named(name: str, line: LineSetting) -> BytePort:
    if _BLUETOOTH.fullmatch(name):
        return BlePort(name)
    return HidPort(name) if name.startswith(HID_BEGIN) else SerialPort(name, line)


def is_there(name: str) -> bool:
    """Whether an attempt to open makes sense; what Bluetooth reaches shows only by trying."""
    return _BLUETOOTH.fullmatch(name) is not None or serial_port.is_there(name)
