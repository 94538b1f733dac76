"""Reports of the Contec 08A in words, for support."""

from peripherals.drivers.contec08a.codec import codec
from peripherals.drivers.decoded import decoder
from peripherals.drivers.pressure_told import told

REPORT_BYTES = 64
COMMANDS = {
    bytes.fromhex("408ffffefdfc"): "ping",
    bytes.fromhex("428ffffefdfc"): "count",
    bytes.fromhex("4341010402"): "download user 1",
    bytes.fromhex("4341010502"): "download user 2",
    bytes.fromhex("4341010602"): "download user 3",
    bytes.fromhex("4341010702"): "download all users",
}


def command_of(data: bytes) -> tuple[str, int] | None:
    """With the zeros that fill the report, where they were recorded."""
    for raw, name in COMMANDS.items():
        if data.startswith(raw):
            rest = data[len(raw) : REPORT_BYTES]
            return name, len(raw) + len(rest) - len(rest.lstrip(b"\0"))
    return None


decode = decoder(codec, told, command_of)
