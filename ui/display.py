"""Is there a screen to draw on? Asked before Qt is started, which ends it with words of its own.

Only Linux is asked: elsewhere a program that runs for somebody has a screen. Who may draw there is
not known before.
"""

import os
import socket
import sys
from collections.abc import Mapping

from ui.wording import text

WITH_X, WITH_WAYLAND = "xcb", "wayland"
WAYLAND_USUAL = "wayland-0"
X_FOLDER = "/tmp/.X11-unix"  # noqa: S108  where every X server has its socket
X_FIRST_PORT = 6000
ANSWER_LIMIT_S = 2.0

Address = str | tuple[str, int]


def has_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """A way of drawing that needs neither of the two is believed: somebody has asked for it."""
    if not platform.startswith("linux"):
        return True
    asked = environment.get("QT_QPA_PLATFORM", "")
    ways = [way.partition(":")[0] for way in asked.split(";") if way] or [WITH_WAYLAND, WITH_X]
    return any(_is_usable(way, environment) for way in ways)


def no_display() -> str:
    """What is said where there is none."""
    return text("start.no-display")


def _is_usable(way: str, environment: Mapping[str, str]) -> bool:
    if way.startswith(WITH_WAYLAND):
        return _answers(wayland_address(environment))
    if way == WITH_X:
        return any(_answers(address) for address in x_addresses(environment.get("DISPLAY", "")))
    return True


def wayland_address(environment: Mapping[str, str]) -> str:
    """Empty where it can be nowhere."""
    name = environment.get("WAYLAND_DISPLAY", "") or WAYLAND_USUAL
    folder = environment.get("XDG_RUNTIME_DIR", "")
    return os.path.join(folder, name) if folder or os.path.isabs(name) else ""


def x_addresses(display: str) -> tuple[Address, ...]:
    """Of "[host]:number[.screen]"; nothing for what is none."""
    host, colon, numbers = display.rpartition(":")
    number = numbers.partition(".")[0]
    if not colon or not (number.isascii() and number.isdecimal()):
        return ()
    path = f"{X_FOLDER}/X{number}"
    if host in ("", "unix"):
        return (path, f"\0{path}")
    if host.startswith("/"):  # macOS's way, which some forwarders use
        return (display, host)
    port = X_FIRST_PORT + int(number)
    return ((host, port),) if port < 2**16 else ()


def _answers(address: Address) -> bool:
    if not address:
        return False
    try:
        if isinstance(address, tuple):
            socket.create_connection(address, ANSWER_LIMIT_S).close()
            return True
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(ANSWER_LIMIT_S)
            asking.connect(address)
    except (OSError, ValueError):  # a name may be too long for a socket
        return False
    return True
