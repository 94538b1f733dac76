"""Asks an X server for the picture of another program's window (Xlib by ctypes).

In a process of its own for each picture: Xlib ends the process that meets a window which has gone.
"""

import ctypes
import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from demo.waiting import NotSo

LIMIT_S = 5.0
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


def grab_window(
    environment: Mapping[str, str], pid: int, box: tuple[int, int, int, int] | None
) -> npt.NDArray[np.uint8]:
    """The largest visible window of the process; `box` is in the display's coordinates."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "demo.window_grab", str(pid)],
            env={"PYTHONPATH": ":".join(sys.path), **environment},
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotSo(f"the display did not give a picture within {LIMIT_S:.0f} s") from None
    head, _, data = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise NotSo(f"no picture of the window of process {pid}")
    left, top, width, height = (int(word) for word in head.split())
    pixels = np.frombuffer(data, np.uint8).reshape(height, width, 4)[:, :, 2::-1]
    if box is not None:
        x, y = box[0] - left, box[1] - top
        pixels = pixels[max(0, y) : y + box[3], max(0, x) : x + box[2]]
    return np.ascontiguousarray(pixels)


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

    def picture_of(self, window: int, width: int, height: int) -> bytes:
        image = self._x11.XGetImage(
            *(self._display, ctypes.c_ulong(window), 0, 0, width, height),
            *(ctypes.c_ulong(ALL_PLANES), Z_PIXMAP),
        )
        if not image or image.contents.bits_per_pixel != 32:
            return b""
        size = image.contents.bytes_per_line * height
        return ctypes.string_at(image.contents.data, size)


def main() -> int:
    """Prints `x y width height`, then the pixels as blue, green, red, unused."""
    pid = int(sys.argv[1])
    server = _Server()
    places = {
        window: place
        for window in server.windows()
        if server.pid_of(window) == pid and (place := server.place_of(window)) is not None
    }
    if not places:
        return 1
    window, (x, y, width, height) = max(places.items(), key=lambda item: item[1][2] * item[1][3])
    data = server.picture_of(window, width, height)
    sys.stdout.buffer.write(f"{x} {y} {width} {height}\n".encode() + data)
    return 0 if data else 1


if __name__ == "__main__":
    sys.exit(main())
