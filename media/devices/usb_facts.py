"""What a USB device tells of itself, read from the system's own files (Linux sysfs)."""

from dataclasses import dataclass
from pathlib import Path

SYSTEM = Path("/sys")
MOST_STEPS_UP = 12
MOST_LETTERS = 120


@dataclass(frozen=True, slots=True)
class UsbFacts:
    """Empty where nothing is told. `release` is the maker's number of the device's program."""

    vendor_id: str = ""  # four hexadecimal digits
    product_id: str = ""
    serial_number: str = ""
    place: str = ""  # the socket, as the kernel counts them: "1-2.3"
    release: str = ""

    @property
    def is_usb(self) -> bool:
        return bool(self.vendor_id)

    def differs_from(self, other: "UsbFacts") -> bool:
        """Another device for certain; not being told is no difference. The socket may change."""
        pairs = (
            (self.vendor_id, other.vendor_id),
            (self.product_id, other.product_id),
            (self.serial_number, other.serial_number),
        )
        return any(one and two and one != two for one, two in pairs)


NO_USB = UsbFacts()


def facts_of(entry: Path) -> UsbFacts:
    """Of the USB device that this entry of /sys belongs to; empty when it belongs to none."""
    try:
        folder = entry.resolve()
    except OSError:
        return NO_USB
    for _ in range(MOST_STEPS_UP):
        if vendor := words_in(folder / "idVendor"):
            return UsbFacts(
                vendor,
                words_in(folder / "idProduct"),
                words_in(folder / "serial"),
                folder.name,
                _release(words_in(folder / "bcdDevice")),
            )
        folder = folder.parent
    return NO_USB


def words_in(file: Path) -> str:
    """One line; empty when there is none. A maker wrote it, so it is tamed."""
    try:
        told = file.read_text("utf-8", "replace")
    except OSError:
        return ""
    return tamed(told)


def tamed(told: str) -> str:
    return "".join(letter for letter in told if letter.isprintable())[:MOST_LETTERS].strip()


def _release(digits: str) -> str:
    """0113 is 1.13."""
    if len(digits) != 4 or not digits.isalnum():
        return digits
    return f"{digits[:2].lstrip('0') or '0'}.{digits[2:]}"
