"""The exam camera's own key: the kernel's events to the byte, devices that come and go."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from media.devices.camera_key import EVENT, EVIOCGBIT_KEYS, CameraKey, has_camera_key, presses_in
from tests.unit.media.waiting import until

# Made by gcc of linux/input.h on x86-64: struct input_event, KEY_CAMERA going down.
DOWN = bytes.fromhex("1b7120690000000040e20100000000000100d40001000000")
UP, HELD = (DOWN[:-4] + bytes([value, 0, 0, 0]) for value in (0, 2))
SYNC = bytes(len(DOWN))
OTHER_KEY = DOWN[:18] + b"\x1e\x00" + DOWN[20:]


def test_events_and_the_request_are_the_kernels() -> None:
    assert EVENT.size == len(DOWN) == 24
    assert EVIOCGBIT_KEYS == 2153792801
    assert presses_in(DOWN) == 1


@pytest.mark.parametrize(
    ("data", "presses"),
    [
        (b"", 0),
        (DOWN + SYNC + HELD + SYNC + HELD + UP + SYNC, 1),
        (DOWN + SYNC + UP + SYNC + DOWN, 2),
        (OTHER_KEY + SYNC, 0),
        (DOWN[:-1], 0),
        (DOWN + DOWN[:7], 1),
        (bytes(range(256)) * 3, 0),
    ],
)
def test_only_the_cameras_key_going_down_is_a_press(data: bytes, presses: int) -> None:
    assert presses_in(data) == presses


def test_what_is_no_input_has_no_key() -> None:
    with open("/dev/null", "rb") as file:
        assert not has_camera_key(file.fileno())


@dataclass
class Inputs:
    """A folder of pipes in place of /dev/input."""

    folder: Path
    keyless: set[str] = field(default_factory=set)
    presses: int = 0

    def plug(self, name: str) -> int:
        path = self.folder / name
        os.mkfifo(path)
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def find(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if stat.S_ISFIFO(path.stat().st_mode)]

    def has_key(self, descriptor: int) -> bool:
        return Path(os.readlink(f"/proc/self/fd/{descriptor}")).name not in self.keyless

    def pressed(self) -> None:
        self.presses += 1


@pytest.fixture
async def inputs(tmp_path: Path) -> AsyncIterator[Inputs]:
    yield Inputs(tmp_path)


async def test_keys_are_found_listened_to_and_let_go(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.devices.camera_key.LOOK_EVERY_S", 0.01)
    inputs.keyless.add("event1")
    camera, keyboard = inputs.plug("event0"), inputs.plug("event1")
    key = CameraKey(inputs.pressed, inputs.find, inputs.has_key)
    key.start()
    await until(lambda: key.count == 1)
    os.write(keyboard, DOWN)
    os.write(camera, DOWN + SYNC + HELD + UP)
    await until(lambda: inputs.presses == 1)
    os.write(camera, DOWN + UP + DOWN)
    await until(lambda: inputs.presses == 3)
    second = inputs.plug("event2")
    await until(lambda: key.count == 2)
    for descriptor in (camera, keyboard, second):
        os.close(descriptor)
    await asyncio.sleep(0.05)
    await key.close()
    assert key.count == 0


async def test_a_camera_that_is_pulled_takes_its_key_along(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.devices.camera_key.LOOK_EVERY_S", 0.01)
    path = inputs.folder / "event0"
    os.mkfifo(path)
    key = CameraKey(inputs.pressed, inputs.find, inputs.has_key)
    key.start()
    await until(lambda: key.count == 1)
    writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    os.unlink(path)
    os.close(writer)  # the pipe's end reads as nothing, as a pulled device fails
    await until(lambda: key.count == 0)
    await key.close()
    assert inputs.presses == 0


async def test_without_input_devices_nothing_is_listened_to(tmp_path: Path) -> None:
    key = CameraKey(lambda: None, lambda: [tmp_path / "gone"])
    key.start()
    await asyncio.sleep(0)
    assert key.count == 0
    await key.close()
