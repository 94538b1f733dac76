"""The exam camera's own key, where the kernel makes an input device of it (KEY_CAMERA).

Only cameras whose descriptor says that they have a key get one, and only with a kernel that was
built for it. A foot pedal is a keyboard, and no matter of this file.
"""

import asyncio
import fcntl
import logging
import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

from app.runtime.tasks import TaskOwner

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3.0
INPUTS = Path("/dev/input")
# struct input_event of linux/input.h: seconds, microseconds, type, code, value.
EVENT = struct.Struct("@llHHi")
EV_KEY, KEY_CAMERA, PRESSED = 0x01, 212, 1
_KEY_BYTES = 96  # KEY_MAX is 0x2ff
EVIOCGBIT_KEYS = 2 << 30 | _KEY_BYTES << 16 | ord("E") << 8 | 0x20 + EV_KEY
READ_EVENTS = 64


class CameraKey:
    """`on_pressed` is called on the loop, once for each pressing."""

    def __init__(
        self,
        on_pressed: Callable[[], None],
        find: Callable[[], Iterable[Path]] = lambda: sorted(INPUTS.glob("event*")),
        has_key: Callable[[int], bool] = lambda descriptor: has_camera_key(descriptor),
    ) -> None:
        self._on_pressed = on_pressed
        self._find = find
        self._has_key = has_key
        self._open: dict[Path, int] = {}
        self._refused: set[Path] = set()  # looked at: they have no such key
        self._tasks = TaskOwner("camera key")

    def start(self) -> None:
        self._tasks.start_lasting(self._look, "look for keys")

    async def close(self) -> None:
        await self._tasks.close()
        for path in tuple(self._open):
            self._let_go(path)

    @property
    def count(self) -> int:
        """How many keys are listened to."""
        return len(self._open)

    async def _look(self) -> None:
        while True:
            there = set(self._find())
            self._refused &= there
            for path in sorted(there - self._refused - set(self._open)):
                self._try(path)
            await asyncio.sleep(LOOK_EVERY_S)

    def _try(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return  # not ours to read, or gone again: looked at anew later
        if not self._has_key(descriptor):
            os.close(descriptor)
            self._refused.add(path)
            return
        self._open[path] = descriptor
        asyncio.get_running_loop().add_reader(descriptor, self._readable, path)
        log.info("an exam camera's key is there")

    def _readable(self, path: Path) -> None:
        descriptor = self._open[path]
        try:
            data = os.read(descriptor, EVENT.size * READ_EVENTS)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._let_go(path)
            return
        for _ in range(presses_in(data)):
            self._on_pressed()

    def _let_go(self, path: Path) -> None:
        descriptor = self._open.pop(path)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)


def presses_in(data: bytes) -> int:
    """How often the key went down; held down it repeats itself, which is no press."""
    whole = data[: len(data) - len(data) % EVENT.size]
    return sum(
        (kind, code, value) == (EV_KEY, KEY_CAMERA, PRESSED)
        for _, _, kind, code, value in EVENT.iter_unpack(whole)
    )


def has_camera_key(descriptor: int) -> bool:
    """As the device itself tells which keys it has."""
    keys = bytearray(_KEY_BYTES)
    try:
        fcntl.ioctl(descriptor, EVIOCGBIT_KEYS, keys, True)
    except OSError:
        return False
    return bool(keys[KEY_CAMERA // 8] >> KEY_CAMERA % 8 & 1)
