"""Frames of Microlife's M-protocol in words, for support."""

from typing import Any

from peripherals.drivers.decoded import Decoded, decoder
from peripherals.drivers.microlife.codec import FETCH_ALL, HOST, Answer, codec, host_frame
from peripherals.drivers.pressure_told import told as pressure_told

SET_CLOCK = 0x0D
SET_CLOCK_BYTES = 12
DISCONNECT = host_frame(b"\x04")


def command_of(data: bytes) -> tuple[str, int] | None:
    for raw, name in ((FETCH_ALL, "fetch all"), (DISCONNECT, "disconnect")):
        if data.startswith(raw):
            return name, len(raw)
    clock = data[:SET_CLOCK_BYTES]
    if len(clock) == SET_CLOCK_BYTES and clock[4] == SET_CLOCK and clock == host_frame(clock[4:-1]):
        return "set clock", SET_CLOCK_BYTES
    return None


def told(frame: Any) -> list[Decoded]:
    if isinstance(frame, Answer):
        return [Decoded("answer", facts={"payload": frame.payload.hex()})]
    return pressure_told(frame)


_decode = decoder(codec, told, command_of)


def decode(data: bytes) -> list[Decoded]:
    """A head that only a host sends is named: it is the usual mistake of a trace."""
    if data.startswith(HOST) and command_of(data) is None:
        reason = "header: 4D FF begins what a host sends, and this is no command that we know"
        return [Decoded("no-value", reason=reason)]
    return _decode(data)
