"""HID devices of Linux that may be instruments: keyboards and mice are HID devices, too.

Listed are only those whose maker and product number one of our drivers knows.
"""

from pathlib import Path

from app.domain.device_binding import PortIdentity, SeenPort

# (maker, product): the Microlife family with a USB plug.
KNOWN = frozenset({(0x04D9, 0xB554)})
HID_CLASS = Path("/sys/class/hidraw")
MOST_LETTERS = 120


def hid_ports(folder: Path = HID_CLASS) -> tuple[SeenPort, ...]:
    """By their names; empty on other systems. Blocks; no device is opened."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return ()
    found = (_seen(entry) for entry in entries)
    return tuple(port for port in found if port is not None)


def _seen(entry: Path) -> SeenPort | None:
    try:
        told = (entry / "device/uevent").read_text("utf-8", "replace")
    except OSError:
        return None
    facts = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    try:
        _, vendor, product = (int(part, 16) for part in facts["HID_ID"].split(":"))
    except (KeyError, ValueError):
        return None
    if (vendor, product) not in KNOWN:
        return None
    number, place = facts.get("HID_UNIQ", ""), facts.get("HID_PHYS", "")
    identity = PortIdentity(vendor, product, number[:MOST_LETTERS], place[:MOST_LETTERS])
    return SeenPort(f"/dev/{entry.name}", identity, facts.get("HID_NAME", "")[:MOST_LETTERS])
