"""A serial line made of a pty, which can be pulled and put back under a name that stays."""

import os
import tty
from pathlib import Path

READ_BYTES = 4096


def may_be_link(path: Path) -> bool:
    """A free name in a folder of ours, or an earlier link: nobody's file is put away for it."""
    is_free = path.is_symlink() or not path.exists()
    return bool(path.name) and is_free and os.access(path.parent, os.W_OK | os.X_OK)


class PtyLine:
    """The device's end. `link` is a symbolic link that follows the pty; it goes when pulled."""

    def __init__(self, link: Path | None) -> None:
        self._link = link
        self._device = -1
        self._host = -1

    @property
    def is_plugged(self) -> bool:
        return self._device >= 0

    @property
    def port(self) -> str:
        """The name under which the host opens it."""
        return str(self._link) if self._link is not None else os.ttyname(self._host)

    def plug(self) -> None:
        """Our own handle of the host's end keeps the line up while nobody has it open."""
        self._device, self._host = os.openpty()
        tty.setraw(self._host)
        os.set_blocking(self._device, False)
        if self._link is not None:
            made = self._link.with_name(f".{self._link.name}.{os.getpid()}")
            made.unlink(missing_ok=True)
            made.symlink_to(os.ttyname(self._host))
            made.replace(self._link)

    def pull(self) -> None:
        """Whoever has the line open finds it hung up; the name is gone."""
        if not self.is_plugged:
            return
        if self._link is not None and self._is_ours(self._link):
            self._link.unlink(missing_ok=True)
        os.close(self._device)
        os.close(self._host)
        self._device = self._host = -1

    def _is_ours(self, link: Path) -> bool:
        """Another emulator may have taken the name over."""
        return link.is_symlink() and os.readlink(link) == os.ttyname(self._host)

    def fileno(self) -> int:
        return self._device

    def read(self) -> bytes:
        try:
            return os.read(self._device, READ_BYTES)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        """What nobody takes in time is lost, as on a real line."""
        try:
            os.write(self._device, data)
        except BlockingIOError:
            return
