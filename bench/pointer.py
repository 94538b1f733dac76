"""A real mouse on a display: moves and clicks by X11's test extension (XTEST, Xlib by ctypes).

A click through the accessibility bus costs a dozen questions to the program that is measured; this
costs none.
"""

import ctypes
import time

from demo.screen import Box
from demo.waiting import NotSo

LEFT_BUTTON = 1
SETTLE_S = 0.06  # the button under the pointer has drawn itself as pointed at


class Pointer:
    """Of one display; `close` when done."""

    def __init__(self, display: str) -> None:
        try:
            self._x11 = ctypes.CDLL("libX11.so.6")
            self._test = ctypes.CDLL("libXtst.so.6")
        except OSError as error:
            raise NotSo(f"no pointer: {error}") from error
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        opened = self._x11.XOpenDisplay(display.encode())
        if not opened:
            raise NotSo(f"no pointer: the display {display} does not answer")
        self._display = ctypes.c_void_p(opened)

    def close(self) -> None:
        self._x11.XCloseDisplay(self._display)

    def rest_on(self, box: Box) -> None:
        x, y, width, height = box
        self._move(x + width // 2, y + height // 2)
        time.sleep(SETTLE_S)

    def leave(self) -> None:
        """Into the corner, where it points at nothing."""
        self._move(0, 0)

    def click(self) -> float:
        """Where it rests; the moment just before, on the monotonic clock."""
        pressed_at = time.monotonic()
        for is_down in (1, 0):
            self._test.XTestFakeButtonEvent(
                self._display, ctypes.c_uint(LEFT_BUTTON), is_down, ctypes.c_ulong(0)
            )
        self._x11.XFlush(self._display)
        return pressed_at

    def _move(self, x: int, y: int) -> None:
        self._test.XTestFakeMotionEvent(self._display, -1, x, y, ctypes.c_ulong(0))
        self._x11.XSync(self._display, 0)
