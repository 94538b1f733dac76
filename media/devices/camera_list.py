"""The cameras of this machine, with what tells one from another. None of them is opened. Linux.

A device node that delivers no pictures (a camera's second node is for its metadata) is left out.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from media.devices.usb_facts import NO_USB, SYSTEM, UsbFacts, facts_of, words_in

MOST_CAMERAS = 32
_NODE = re.compile(r"video(\d+)")


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """`path` may be another one after the next plugging in; `usb` and `name` stay."""

    path: str  # /dev/video0
    name: str  # "HD Webcam C525: HD Webcam C525"
    usb: UsbFacts = NO_USB

    def is_same_as(self, other: "FoundCamera") -> bool:
        """The very device, or the same model in the same socket where it has no number."""
        if not (self.usb.is_usb and other.usb.is_usb):
            return (self.path, self.name) == (other.path, other.name)
        if self.usb.differs_from(other.usb):
            return False
        has_number = self.usb.serial_number and other.usb.serial_number
        return bool(has_number) or self.usb.place == other.usb.place


def cameras(system: Path = SYSTEM) -> tuple[FoundCamera, ...]:
    """In the order of their numbers."""
    try:
        entries = list((system / "class/video4linux").iterdir())
    except OSError:
        return ()
    numbered = [
        (int(node.group(1)), entry) for entry in entries if (node := _NODE.fullmatch(entry.name))
    ]
    numbered.sort(key=lambda pair: pair[0])
    return tuple(
        FoundCamera(f"/dev/{entry.name}", words_in(entry / "name"), facts_of(entry / "device"))
        for _, entry in numbered[:MOST_CAMERAS]
        if words_in(entry / "index") in ("", "0")
    )


def camera_at(path: str, found: tuple[FoundCamera, ...]) -> FoundCamera | None:
    """The one behind a device path, also by a link of /dev/v4l."""
    real = str(Path(path).resolve())
    return next((one for one in found if one.path in (path, real)), None)
