"""The place where the demonstration runs: display, message bus, key ring and sound, all private.

Everything lives in one temporary folder of mode 0700 and ends with the desk.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from demo.buses import open_accessibility_bus, open_key_ring, open_message_bus
from demo.display import Display, persons_display, private_display
from demo.programs import Programs
from demo.sound_server import SoundServer
from demo.waiting import NotSo

SIDES = ("workstation", "cart")
ROOT = Path(__file__).resolve().parent.parent
NEEDED = {
    "Xvfb": "xvfb",
    "dbus-daemon": "dbus",
    "gnome-keyring-daemon": "gnome-keyring",
    "pulseaudio": "pulseaudio",
    "pactl": "pulseaudio-utils",
}
# Of the person's own environment only this crosses; no session of theirs, no proxy.
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class Desk:
    """`base` is the environment of every program here, without display and sound."""

    def __init__(self, *, always_private: bool = False) -> None:
        self._always_private = always_private
        self.folder = Path(tempfile.mkdtemp(prefix="bedside-desk-"))
        self.programs = Programs(self._made("logs"))
        self.base = self._environment()
        self.sound = SoundServer(self.programs, self._made("sockets"), self.base)
        self.displays: dict[str, Display] = {}
        self.accessibility = ""

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700)
        return path

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        kept.setdefault("LANG", "C.UTF-8")
        home = self._made("home")
        # Root's PATH may lack the folders where servers live.
        kept["PATH"] = f"{kept.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin"
        (home / ".asoundrc").write_text("pcm.!default pulse\nctl.!default pulse\n")
        return kept | {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(self._made("run")),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_STATE_HOME": str(home / "state"),
            "TMPDIR": str(self._made("tmp")),
            "PULSE_RUNTIME_PATH": str(self.folder / "run"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",
            # Qt speaks to the accessibility bus only when somebody listens, or when told so.
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "NO_AT_BRIDGE": "0",
        }

    def __enter__(self) -> "Desk":
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        missing = [package for tool, package in NEEDED.items() if shutil.which(tool) is None]
        if missing:
            raise NotSo(f"Debian packages are missing: {' '.join(missing)}")
        sockets = self.folder / "sockets"
        self.base["DBUS_SESSION_BUS_ADDRESS"] = open_message_bus(self.programs, sockets, self.base)
        self.accessibility = open_accessibility_bus(self.programs, self.base)
        self.base["AT_SPI_BUS_ADDRESS"] = self.accessibility
        open_key_ring(self.programs, self.base)
        self.sound.open(SIDES)
        shared = None if self._always_private else persons_display(sys.executable, self.base)
        for side in SIDES:
            self.displays[side] = shared or private_display(
                self.programs, side, self.folder / f"display-{side}", self.base
            )

    @property
    def is_watched(self) -> bool:
        """True: the windows appear where a person can look at them and take over."""
        return not any(display.is_private for display in self.displays.values())

    def environment_of(self, side: str) -> dict[str, str]:
        return self.base | self.displays[side].environment | self.sound.environment_of(side)

    def keep_words(self, folder: Path) -> None:
        """What the programs printed: no patient data stands in it, by the product's own law."""
        for log in sorted((self.folder / "logs").iterdir()):
            if log.stat().st_size:
                shutil.copy(log, folder / log.name)

    def close(self) -> None:
        self.programs.close()
        shutil.rmtree(self.folder, ignore_errors=True)
