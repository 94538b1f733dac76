"""HID reports of the Omron HEM-790IT/7080IT in words, for support."""

from typing import Any

from peripherals.drivers.decoded import Decoded, decoder
from peripherals.drivers.hem790it.codec import REPORT_BYTES, Again, Hem790ItCodec, Version
from peripherals.drivers.pressure_told import told as pressure_told

COMMANDS = {
    b"VER": "version",
    b"PRF": "profile",
    b"SRL": "serial number",
    b"GDC": "count",
    b"GME": "reading",
    b"GMA": "morning average",
    b"GEA": "evening average",
    b"END": "end",
}


def command_of(data: bytes) -> tuple[str, int] | None:
    """A command of seven bytes or more takes two reports."""
    name = COMMANDS.get(data[1:4])
    if name is None or not data[0]:
        return None
    byte_count = REPORT_BYTES if data[0] < REPORT_BYTES - 1 else 2 * REPORT_BYTES
    return (name, byte_count) if len(data) >= byte_count else None


def told(frame: Any) -> list[Decoded]:
    if isinstance(frame, Version):
        return [Decoded("identity", facts={"version": frame.text})]
    if isinstance(frame, Again):
        reason = "the device wants to be asked again"
        return [Decoded("answer", facts={"answer": "NO"}, reason=reason)]
    return pressure_told(frame)


decode = decoder(Hem790ItCodec, told, command_of)
