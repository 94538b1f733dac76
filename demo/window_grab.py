"""Asks an X server for the picture of another program's window (Xlib by ctypes).

In a process of its own: Xlib ends the process that meets a window which has gone.
"""

import ctypes
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from demo.waiting import NotSo

LIMIT_S = 5.0
PAINT_S = 0.08
ALL_PLANES = ctypes.c_ulong(-1).value
Z_PIXMAP = 2
IS_VIEWABLE = 2
CARDINAL = 6


class _Image(ctypes.Structure):
    _fields_ = (
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("xoffset", ctypes.c_int),
        ("format", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("byte_order", ctypes.c_int),
        ("bitmap_unit", ctypes.c_int),
        ("bitmap_bit_order", ctypes.c_int),
        ("bitmap_pad", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("bytes_per_line", ctypes.c_int),
        ("bits_per_pixel", ctypes.c_int),
    )


class _Attributes(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("x", "y", "width", "height", "border", "depth")),
        ("visual", ctypes.c_void_p),
        ("root", ctypes.c_ulong),
        *((name, ctypes.c_int) for name in ("c_class", "bit_gravity", "win_gravity", "backing")),
        ("planes", ctypes.c_ulong),
        ("pixel", ctypes.c_ulong),
        ("save_under", ctypes.c_int),
        ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int),
        ("map_state", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("all_events", "your_events", "not_propagated")),
        ("override_redirect", ctypes.c_int),
        ("screen", ctypes.c_void_p),
    )


class WindowGrabber:
    """`box` is in the display's coordinates; the largest visible window of the process is meant."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {"PYTHONPATH": ":".join(sys.path), **environment}
        self._helper: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        if self._helper is not None:
            self._helper.kill()
            self._helper.communicate()
            self._helper = None

    def grab(self, pid: int, box: tuple[int, int, int, int] | None) -> npt.NDArray[np.uint8]:
        try:
            head, data = self._asked(pid)
        except OSError:
            self.close()  # the window went away while it was looked at; the next look begins anew
            raise NotSo(f"no picture of the window of process {pid}") from None
        left, top, width, height = head
        pixels = np.frombuffer(data, np.uint8).reshape(height, width, 4)[:, :, 2::-1]
        if box is not None:
            x, y = box[0] - left, box[1] - top
            pixels = pixels[max(0, y) : y + box[3], max(0, x) : x + box[2]]
        return np.ascontiguousarray(pixels)

    def _asked(self, pid: int) -> tuple[list[int], bytes]:
        if self._helper is None:
            self._helper = subprocess.Popen(
                [sys.executable, "-m", "demo.window_grab"],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self._helper.stdin is not None
        self._helper.stdin.write(f"{pid}\n".encode())
        self._helper.stdin.flush()
        line = self._read(32)
        head = [int(word) for word in line.split()]
        if not head[2]:
            raise OSError("no such window")
        return head, self._read(head[2] * head[3] * 4)

    def _read(self, count: int) -> bytes:
        assert self._helper is not None
        assert self._helper.stdout is not None
        descriptor, parts = self._helper.stdout.fileno(), bytearray()
        until = time.monotonic() + LIMIT_S
        while len(parts) < count:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
            part = os.read(descriptor, count - len(parts)) if ready else b""
            if not part:
                raise OSError("the helper has ended or does not answer")
            parts += part
        return bytes(parts)


class _Server:
    def __init__(self) -> None:
        self._x11 = ctypes.CDLL("libX11.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._x11.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x11.XInternAtom.restype = ctypes.c_ulong
        self._x11.XGetImage.restype = ctypes.POINTER(_Image)
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(None))
        self._root = self._x11.XDefaultRootWindow(self._display)
        self._pid_atom = self._x11.XInternAtom(self._display, b"_NET_WM_PID", 0)
        self._composer = self._x11.XInternAtom(self._display, b"_NET_WM_CM_S0", 0)

    def windows(self) -> list[int]:
        found, edge = [], [self._root]
        while edge:
            window = edge.pop()
            found.append(window)
            edge += self._children(window)
        return found

    def _children(self, window: int) -> list[int]:
        root, parent = ctypes.c_ulong(), ctypes.c_ulong()
        children, count = ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self._x11.XQueryTree(
            self._display,
            ctypes.c_ulong(window),
            *(ctypes.byref(root), ctypes.byref(parent)),
            *(ctypes.byref(children), ctypes.byref(count)),
        )
        found = [int(children[number]) for number in range(count.value)]
        if count.value:
            self._x11.XFree(children)
        return found

    def pid_of(self, window: int) -> int:
        kind, form = ctypes.c_ulong(), ctypes.c_int()
        count, rest = ctypes.c_ulong(), ctypes.c_ulong()
        data = ctypes.POINTER(ctypes.c_ulong)()
        self._x11.XGetWindowProperty(
            *(self._display, ctypes.c_ulong(window), ctypes.c_ulong(self._pid_atom)),
            *(ctypes.c_long(0), ctypes.c_long(1), 0, ctypes.c_ulong(CARDINAL)),
            *(ctypes.byref(kind), ctypes.byref(form), ctypes.byref(count), ctypes.byref(rest)),
            ctypes.byref(data),
        )
        return int(data[0]) if count.value else 0

    def place_of(self, window: int) -> tuple[int, int, int, int] | None:
        """Where it is on the display; None when it is not to be seen."""
        seen = _Attributes()
        self._x11.XGetWindowAttributes(self._display, ctypes.c_ulong(window), ctypes.byref(seen))
        if seen.map_state != IS_VIEWABLE:
            return None
        x, y, child = ctypes.c_int(), ctypes.c_int(), ctypes.c_ulong()
        self._x11.XTranslateCoordinates(
            *(self._display, ctypes.c_ulong(window), ctypes.c_ulong(self._root), 0, 0),
            *(ctypes.byref(x), ctypes.byref(y), ctypes.byref(child)),
        )
        return x.value, y.value, seen.width, seen.height

    def largest_of(self, pid: int) -> tuple[int, tuple[int, int, int, int]] | None:
        places = {
            window: place
            for window in self.windows()
            if self.pid_of(window) == pid and (place := self.place_of(window)) is not None
        }
        if not places:
            return None
        return max(places.items(), key=lambda item: item[1][2] * item[1][3])

    def is_composed(self) -> bool:
        """Whether each window keeps its own picture, also where another one covers it."""
        self._x11.XGetSelectionOwner.restype = ctypes.c_ulong
        manager = ctypes.c_ulong(self._composer)
        return bool(self._x11.XGetSelectionOwner(self._display, manager))

    def raise_window(self, window: int) -> None:
        self._x11.XRaiseWindow(self._display, ctypes.c_ulong(window))
        self._x11.XSync(self._display, 0)

    def picture_of(self, window: int, width: int, height: int) -> bytes:
        image = self._x11.XGetImage(
            *(self._display, ctypes.c_ulong(window), 0, 0, width, height),
            *(ctypes.c_ulong(ALL_PLANES), Z_PIXMAP),
        )
        if not image or image.contents.bits_per_pixel != 32:
            return b""
        data = ctypes.string_at(image.contents.data, image.contents.bytes_per_line * height)
        self._x11.XFree(ctypes.c_void_p(image.contents.data))
        self._x11.XFree(image)
        return data


def main() -> None:
    """Process ids on standard input; each is answered by 32 bytes of `x y width height`, then the

    pixels as blue, green, red, unused. A width of 0: no such window.
    """
    server = _Server()
    for line in sys.stdin.buffer:
        found = server.largest_of(int(line))
        place, data = (0, 0, 0, 0), b""
        if found is not None:
            window, place = found
            if not server.is_composed():
                server.raise_window(window)
                time.sleep(PAINT_S)  # what lay under another window is painted anew
            data = server.picture_of(window, place[2], place[3])
        if not data:
            place = (0, 0, 0, 0)
        sys.stdout.buffer.write(" ".join(map(str, place)).encode().ljust(32) + data)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
