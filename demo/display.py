"""Where the windows appear: the display that answers, or a private one for each side.

Private displays keep their picture in a mapped file, so that looking at it disturbs nobody.
"""

import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from demo.programs import Programs, run
from demo.waiting import NotSo

WIDTH, HEIGHT = 1280, 800
START_LIMIT_S = 30.0
ASK_LIMIT_S = 5.0
LOWEST, HIGHEST, TRIES = 100, 20_000, 20
TAKEN = ("/tmp/.X{}-lock", "/tmp/.X11-unix/X{}")  # noqa: S108  # where X11 has them
# Answers 0 when a display answers; Qt itself is asked, because it will draw there.
ASK_DISPLAY = """
import ctypes, ctypes.util, sys
x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
sys.exit(0 if x11.XOpenDisplay(None) else 1)
"""


class Display:
    """`environment` makes a program draw here; `picture` is the file of a private one."""

    def __init__(self, name: str, picture: Path | None, environment: dict[str, str]) -> None:
        self.name = name
        self.picture = picture
        self.environment = environment

    @property
    def is_private(self) -> bool:
        return self.picture is not None


def persons_display(python: str, environment: Mapping[str, str]) -> Display | None:
    """The display a person looks at; None when there is none that answers.

    A Wayland desktop is used through its X11 door: from outside nobody may look at its windows,
    and what cannot be looked at cannot be proven.
    """
    name = os.environ.get("DISPLAY", "")
    if not name:
        return None
    door = {"DISPLAY": name}
    cookie = os.environ.get("XAUTHORITY") or str(Path.home() / ".Xauthority")
    if Path(cookie).exists():
        door["XAUTHORITY"] = cookie
    try:
        run([python, "-c", ASK_DISPLAY], {**environment, **door}, ASK_LIMIT_S)
    except NotSo:
        return None
    return Display(name, None, {**door, "QT_QPA_PLATFORM": "xcb"})


def private_display(
    programs: Programs, name: str, folder: Path, environment: Mapping[str, str]
) -> Display:
    """An Xvfb of our own; nobody else is let in."""
    folder.mkdir(mode=0o700)
    for _ in range(TRIES):
        # We choose the number, and the lock file guards it. Left to itself the server looks for a
        # free abstract socket, finds every one free in a network of our own, and takes away the
        # socket file of whoever runs under that number elsewhere.
        number = secrets.randbelow(HIGHEST - LOWEST) + LOWEST
        if any(Path(path.format(number)).exists() for path in TAKEN):
            continue
        if _has_started(programs, name, number, folder, environment):
            return Display(
                f":{number}",
                folder / "Xvfb_screen0",
                {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"},
            )
    raise NotSo("no private display: is xvfb installed, and /tmp/.X11-unix writable?")


def _has_started(
    programs: Programs, name: str, number: int, folder: Path, environment: Mapping[str, str]
) -> bool:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        server = programs.start(
            f"display-{name}",
            [
                *("Xvfb", f":{number}", "-displayfd", str(writing)),
                *("-nolisten", "tcp", "-noreset", "-nocursor"),
                *("-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder)),
            ],
            environment,
            pass_fds=(writing,),
        )
        os.close(writing)
        return _number_from(reading) == str(number) and server.is_running
    finally:
        os.close(reading)


def _number_from(pipe: int) -> str:
    os.set_blocking(pipe, False)
    said = b""
    until = time.monotonic() + START_LIMIT_S
    while not said.endswith(b"\n") and time.monotonic() < until:
        try:
            part = os.read(pipe, 16)
        except BlockingIOError:
            time.sleep(0.02)
            continue
        if not part:
            break  # it ended
        said += part
    return said.decode().strip()
