"""Frames of the Maibobo in words, for support."""

from typing import Any

from peripherals.drivers.decoded import MMHG, Decoded, Valued, decoder, known_commands
from peripherals.drivers.maibobo.codec import CuffPressure, codec, host_frame
from peripherals.drivers.pressure_told import told as pressure_told

COMMANDS = {
    host_frame(b"\x01\x01"): "connect",
    host_frame(b"\x01\x02"): "start",
    host_frame(b"\x01\x03"): "stop",
}


def told(frame: Any) -> list[Decoded]:
    if isinstance(frame, CuffPressure):
        return [Decoded("live", {"cuff_mmHg": Valued(frame.mmhg, MMHG)})]
    return pressure_told(frame)


decode = decoder(codec, told, known_commands(COMMANDS))
