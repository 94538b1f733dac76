"""A camera's own controls: the kernel's structures to the byte, and a driver played beside them."""

import errno
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.domain.exam_camera import Control, ControlState
from app.domain.failures import Code, Failure, Rejected, Unavailable
from media.devices.v4l2_controls import (
    ID_OF,
    VALUE,
    VIDIOC_G_CTRL,
    VIDIOC_QUERYCTRL,
    VIDIOC_S_CTRL,
    NoControls,
    V4l2Controls,
)

FACTS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "v4l2.json").read_text("utf-8")
)
INTEGER, BOOLEAN, MENU = 1, 2, 3


def of_compiler(name: str) -> bytes:
    return bytes.fromhex(FACTS[name])


@dataclass
class Driver:
    """Answers as a kernel driver does; `answers` are structures, `values` what stands now."""

    answers: dict[int, bytes] = field(default_factory=dict)
    values: dict[int, int] = field(default_factory=dict)
    refusals: dict[tuple[int, int], int] = field(default_factory=dict)  # (id, value): errno
    broken: int = 0
    asked: list[tuple[int, bytes]] = field(default_factory=list)

    def offers(self, structure: bytes, value: int) -> None:
        (number,) = struct.unpack_from("=I", structure)
        self.answers[number], self.values[number] = structure, value

    def __call__(self, descriptor: int, request: int, structure: bytearray) -> None:
        self.asked.append((request, bytes(structure)))
        (number,) = struct.unpack_from("=I", structure)
        if self.broken:
            raise OSError(self.broken, "broken")
        if number not in self.answers:
            raise OSError(errno.EINVAL, "no such control")
        if request == VIDIOC_QUERYCTRL:
            structure[:] = self.answers[number]
        elif request == VIDIOC_G_CTRL:
            structure[:] = VALUE.pack(number, self.values[number])
        else:
            assert request == VIDIOC_S_CTRL
            _, value = VALUE.unpack(structure)
            if code := self.refusals.get((number, value)):
                raise OSError(code, "refused")
            self.values[number] = value


def plain(control: Control, kind: int, most: int = 1, flags: int = 0) -> bytes:
    return struct.pack("=II32siiiiIII", ID_OF[control], kind, b"x", 0, most, 1, 0, flags, 0, 0)


@pytest.fixture
def driver() -> Driver:
    return Driver()


def refusal(driver: Driver, control: Control, value: int) -> Failure | None:
    with V4l2Controls("/dev/null", driver) as controls:
        try:
            controls.set(control, value)
        except Failure as failure:
            return failure
    return None


def seen(driver: Driver) -> tuple[ControlState, ...]:
    with V4l2Controls("/dev/null", driver) as controls:
        return controls.all()


def test_numbers_are_the_kernels() -> None:
    assert FACTS["requests"] == {
        "VIDIOC_QUERYCTRL": VIDIOC_QUERYCTRL,
        "VIDIOC_G_CTRL": VIDIOC_G_CTRL,
        "VIDIOC_S_CTRL": VIDIOC_S_CTRL,
    }
    assert FACTS["ids"] == {str(control): number for control, number in ID_OF.items()}
    assert set(ID_OF) == set(Control)


def test_structures_are_the_compilers(driver: Driver) -> None:
    driver.offers(of_compiler("zoom"), 100)
    driver.offers(of_compiler("pan"), 0)
    driver.offers(of_compiler("focus_held"), 35)
    driver.offers(of_compiler("auto_exposure"), 3)
    assert set(seen(driver)) == {
        ControlState(Control.ZOOM, 100, 500, 1, 100),
        ControlState(Control.PAN, -36_000, 36_000, 3600, 0),
        ControlState(Control.FOCUS, 0, 250, 5, 35, is_settable=False),  # its automatic holds it
        ControlState(Control.AUTO_EXPOSURE, 0, 1, 1, 1),
    }
    assert (VIDIOC_QUERYCTRL, of_compiler("ask_zoom")) in driver.asked
    assert refusal(driver, Control.PAN, -3600) is None
    assert driver.asked[-1] == (VIDIOC_S_CTRL, of_compiler("set_pan_minus_3600"))


def test_a_camera_without_controls_has_none(driver: Driver) -> None:
    assert seen(driver) == ()
    assert NoControls().all() == ()
    for controls in (driver, None):
        with pytest.raises(Rejected) as no:
            if controls is None:
                NoControls().set(Control.ZOOM, 1)
            elif failure := refusal(driver, Control.ZOOM, 1):
                raise failure
        assert no.value.code is Code.CAMERA_CANNOT_MOVE


@pytest.mark.parametrize(("flags", "is_told", "is_settable"), [(1, False, False), (2, True, False)])
def test_what_is_disabled_or_grabbed_cannot_be_set(
    driver: Driver, flags: int, is_told: bool, is_settable: bool
) -> None:
    driver.offers(plain(Control.ZOOM, INTEGER, 9, flags), 4)
    told = seen(driver)
    assert bool(told) == is_told
    assert all(state.is_settable == is_settable for state in told)
    failure = refusal(driver, Control.ZOOM, 5)
    assert failure is not None and failure.code is Code.CAMERA_CANNOT_MOVE
    assert driver.values[ID_OF[Control.ZOOM]] == 4


@pytest.mark.parametrize("value", [-1, 10, 2**31])
def test_nothing_beyond_the_ends_reaches_the_driver(driver: Driver, value: int) -> None:
    driver.offers(plain(Control.ZOOM, INTEGER, 9), 4)
    failure = refusal(driver, Control.ZOOM, value)
    assert failure is not None and failure.code is Code.OUT_OF_RANGE
    assert not [request for request, _ in driver.asked if request == VIDIOC_S_CTRL]


def test_automatic_exposure_is_whichever_automatic_the_driver_knows(driver: Driver) -> None:
    driver.offers(plain(Control.AUTO_EXPOSURE, MENU, 3), 1)
    number = ID_OF[Control.AUTO_EXPOSURE]
    assert refusal(driver, Control.AUTO_EXPOSURE, 1) is None
    assert driver.values[number] == 3
    driver.refusals[number, 3] = errno.EINVAL
    driver.values[number] = 1
    assert refusal(driver, Control.AUTO_EXPOSURE, 1) is None
    assert driver.values[number] == 0
    assert seen(driver) == (ControlState(Control.AUTO_EXPOSURE, 0, 1, 1, 1),)
    assert refusal(driver, Control.AUTO_EXPOSURE, 0) is None
    assert driver.values[number] == 1
    driver.refusals[number, 0] = errno.EINVAL
    assert refusal(driver, Control.AUTO_EXPOSURE, 1) is not None


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENODEV, Unavailable, Code.DEVICE_PULLED),
        (errno.ENXIO, Unavailable, Code.DEVICE_PULLED),
        (errno.EIO, Unavailable, Code.DEVICE_REFUSED),
        (errno.EBUSY, Rejected, Code.CAMERA_CANNOT_MOVE),
        (errno.ERANGE, Rejected, Code.OUT_OF_RANGE),
    ],
)
def test_what_a_driver_answers_is_told_in_our_words(
    driver: Driver, number: int, kind: type[Failure], code: Code
) -> None:
    driver.broken = number
    for call in (lambda: seen(driver), lambda: refusal(driver, Control.ZOOM, 1)):
        try:
            failure = call()
        except Failure as raised:
            failure = raised
        assert isinstance(failure, kind) and failure.code is code


def test_a_camera_that_is_not_there_is_missing() -> None:
    with pytest.raises(Unavailable) as no, V4l2Controls("/dev/video-none"):
        raise AssertionError("it was opened")
    assert no.value.code is Code.DEVICE_MISSING


def test_what_is_no_camera_offers_nothing() -> None:
    """The real call, on a real device file that knows nothing of cameras."""
    with V4l2Controls("/dev/null") as controls:
        assert controls.all() == ()
