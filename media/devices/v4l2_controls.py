"""A camera's own controls on Linux: the numbers of V4L2 and the three calls that carry them.

Written from the kernel's videodev2.h and v4l2-controls.h; the layout is tested against structures
that a C compiler made of them. The driver's answer to a setting is not believed: it is read back.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Self

from app.domain.exam_camera import AUTOMATIC_OF, AUTOMATICS, Control, ControlState
from app.domain.failures import Code, Rejected, Unavailable

# struct v4l2_queryctrl: id, type, name, minimum, maximum, step, default, flags, 2 reserved.
QUERY = struct.Struct("=II32siiiiIII")
# struct v4l2_control: id, value.
VALUE = struct.Struct("=Ii")


def _request(direction: int, number: int, size: int) -> int:
    """_IOR, _IOW and _IOWR of asm-generic/ioctl.h, with V4L2's letter."""
    return direction << 30 | size << 16 | ord("V") << 8 | number


VIDIOC_QUERYCTRL = _request(3, 36, QUERY.size)
VIDIOC_G_CTRL = _request(3, 27, VALUE.size)
VIDIOC_S_CTRL = _request(3, 28, VALUE.size)

_USER, _CAMERA = 0x00980900, 0x009A0900
ID_OF: dict[Control, int] = {
    Control.AUTO_WHITE_BALANCE: _USER + 12,
    Control.WHITE_BALANCE: _USER + 26,  # kelvin
    Control.AUTO_EXPOSURE: _CAMERA + 1,  # a menu
    Control.EXPOSURE: _CAMERA + 2,  # 100 microseconds
    Control.PAN: _CAMERA + 8,  # seconds of arc
    Control.TILT: _CAMERA + 9,
    Control.FOCUS: _CAMERA + 10,
    Control.AUTO_FOCUS: _CAMERA + 12,
    Control.ZOOM: _CAMERA + 13,
}
EXPOSURE_AUTO, EXPOSURE_MANUAL, EXPOSURE_SHUTTER, EXPOSURE_APERTURE = range(4)
FLAG_DISABLED, FLAG_GRABBED, FLAG_READ_ONLY, FLAG_INACTIVE = 0x01, 0x02, 0x04, 0x10

Call = Callable[[int, int, bytearray], None]  # descriptor, request, the structure in and out


def _ioctl(descriptor: int, request: int, structure: bytearray) -> None:
    fcntl.ioctl(descriptor, request, structure, True)


class V4l2Controls:
    """Opened beside the stream: V4L2 lets any number of openers set controls."""

    def __init__(self, device: str, call: Call = _ioctl) -> None:
        self._device = device
        self._call = call
        self._descriptor = -1

    def __enter__(self) -> Self:
        try:
            self._descriptor = os.open(self._device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise Unavailable(Code.DEVICE_MISSING, "camera") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def all(self) -> tuple[ControlState, ...]:
        found = (self._state(control) for control in ID_OF)
        return tuple(state for state in found if state is not None)

    def set(self, control: Control, value: int) -> None:
        state = self._state(control)
        if state is None or not state.is_settable:
            raise Rejected(Code.CAMERA_CANNOT_MOVE, str(control))
        if not state.least <= value <= state.most:
            raise Rejected(Code.OUT_OF_RANGE, str(control))
        wanted = [value]
        if control is Control.AUTO_EXPOSURE:
            # Which of the two automatics a driver knows cannot be told but by trying.
            wanted = [EXPOSURE_APERTURE, EXPOSURE_AUTO] if value else [EXPOSURE_MANUAL]
        last = len(wanted) - 1
        for place, raw in enumerate(wanted):
            try:
                self._called(VIDIOC_S_CTRL, VALUE.pack(ID_OF[control], raw))
                return
            except OSError as error:
                if place == last:
                    raise _translated(error) from error

    def _state(self, control: Control) -> ControlState | None:
        try:
            query = QUERY.unpack(
                self._called(VIDIOC_QUERYCTRL, QUERY.pack(ID_OF[control], 0, b"", *[0] * 7))
            )
            _, _, _, least, most, step, _, flags, _, _ = query
            if flags & FLAG_DISABLED or least > most:
                return None
            _, value = VALUE.unpack(self._called(VIDIOC_G_CTRL, VALUE.pack(ID_OF[control], 0)))
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                return None  # the driver does not have it
            raise _translated(error) from error
        is_settable = not flags & (FLAG_GRABBED | FLAG_READ_ONLY)
        if control is Control.AUTO_EXPOSURE:
            return ControlState(control, 0, 1, 1, int(value != EXPOSURE_MANUAL), is_settable)
        if control in AUTOMATICS:
            return ControlState(control, 0, 1, 1, int(bool(value)), is_settable)
        if control in AUTOMATIC_OF:
            is_settable = is_settable and not flags & FLAG_INACTIVE
        return ControlState(control, least, most, max(1, step), value, is_settable)

    def _called(self, request: int, structure: bytes) -> bytes:
        answer = bytearray(structure)
        self._call(self._descriptor, request, answer)
        return bytes(answer)


def _translated(error: OSError) -> Unavailable | Rejected:
    if error.errno in (errno.ENODEV, errno.ENXIO):
        return Unavailable(Code.DEVICE_PULLED, "camera")
    if error.errno == errno.ERANGE:
        return Rejected(Code.OUT_OF_RANGE, "camera")
    if error.errno in (errno.EBUSY, errno.EACCES):
        return Rejected(Code.CAMERA_CANNOT_MOVE, "camera")
    return Unavailable(Code.DEVICE_REFUSED, "camera")


class NoControls:
    """Of a file, and of a camera that does not let its controls be opened."""

    def all(self) -> tuple[ControlState, ...]:
        return ()

    def set(self, control: Control, value: int) -> None:
        raise Rejected(Code.CAMERA_CANNOT_MOVE, str(control))
