"""Bytes of the Abaton UN300C in words, for support."""

from typing import Any

from peripherals.drivers.abaton_un300c.codec import CuffPressure, Done, codec, host_frame
from peripherals.drivers.decoded import MMHG, Decoded, Valued, decoder, known_commands
from peripherals.drivers.pressure_told import told as pressure_told

COMMANDS = {
    host_frame(b"01"): "start manual",
    host_frame(b"03"): "manual mode",
    host_frame(b"18"): "return last result",
}


def told(frame: Any) -> list[Decoded]:
    if isinstance(frame, CuffPressure):
        return [Decoded("live", {"cuff_mmHg": Valued(frame.mmhg, MMHG)})]
    if isinstance(frame, Done):
        return [Decoded("answer", facts={"answer": "measurement ended"})]
    return pressure_told(frame)


decode = decoder(codec, told, known_commands(COMMANDS))
