"""The ports of this machine as the system lists them now. Blocks; no port is opened."""

from serial.tools.list_ports import comports
from serial.tools.list_ports_common import ListPortInfo

from app.domain.device_binding import PortIdentity, SeenPort
from peripherals.finding.hid_list import hid_ports

MOST_PORTS = 64
MOST_LETTERS = 120  # a descriptor is what its maker wrote there


def all_ports() -> tuple[SeenPort, ...]:
    """Serial lines, and what speaks over USB without one."""
    return (*serial_ports(), *hid_ports())


def serial_ports() -> tuple[SeenPort, ...]:
    """Sorted, so that a list that did not change is equal to the one before."""
    found = sorted(comports(), key=lambda entry: str(entry.device))
    return tuple(_seen(entry) for entry in found[:MOST_PORTS])


def _seen(entry: ListPortInfo) -> SeenPort:
    identity = PortIdentity(
        vendor_id=entry.vid,
        product_id=entry.pid,
        serial_number=_words(entry.serial_number),
        place=_words(entry.location),
    )
    named = entry.product or entry.description
    return SeenPort(entry.device, identity, "" if named == "n/a" else _words(named))


def _words(told: str | None) -> str:
    """In one line and of a bearable length; unprintable signs are dropped."""
    kept = "".join(letter for letter in told or "" if letter.isprintable())
    return kept[:MOST_LETTERS].strip()
