"""What an exam camera's process is asked: stills to the bit, settings read back, and nonsense."""

import hashlib
import os
import socket
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from app.domain.exam_camera import Control, ControlState
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import RecordId, new_id
from media.devices import camera_requests
from media.devices.camera_requests import CameraRequests, red_first, wishes_of
from media.devices.camera_words import (
    CAMERA_WISHES,
    AskControls,
    CameraControls,
    CameraNoStill,
    CameraStill,
    CameraWish,
    CameraWord,
    SetControl,
    TakeStill,
)
from media.devices.kept_images import Image, KeptImages
from media.link.local_channel import framed
from media.link.sealed_memory import contents

ZOOM = ControlState(Control.ZOOM, 0, 9, 1, 4)


def noise(seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (40, 60, 3), np.uint8)


def flat(image: Image) -> bytes:
    """No PNG, but it tells every byte."""
    return zlib.compress(image.tobytes())


@dataclass
class Driver:
    state: ControlState = ZOOM
    failure: Unavailable | None = None
    is_lying: bool = False  # says that it was set, and has not

    def all(self) -> tuple[ControlState, ...]:
        if self.failure is not None:
            raise self.failure
        return (self.state,)

    def set(self, control: Control, value: int) -> None:
        if value > self.state.most:
            raise Rejected(Code.OUT_OF_RANGE)
        if not self.is_lying:
            self.state = ControlState(control, 0, 9, 1, value)


@dataclass
class Desk:
    driver: Driver = field(default_factory=Driver)
    kept: KeptImages = field(default_factory=KeptImages)
    told: list[CameraWord] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.requests = CameraRequests(self.theirs, self.tell, self.kept, self.driver, flat)

    def tell(self, word: CameraWord, *descriptors: int) -> None:
        self.told.append(word)
        for descriptor in descriptors:
            assert isinstance(word, CameraStill)
            self.files.append(contents(descriptor, word.png_bytes))

    def asked(self, wish: CameraWish) -> CameraWord:
        self.requests._tell_answer(wish)
        return self.told[-1]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.ours.close()
    made.theirs.close()


def test_a_still_is_the_picture_of_its_moment_with_both_hashes(desk: Desk) -> None:
    before = set(os.listdir("/proc/self/fd"))
    for second in range(3):
        desk.kept.put(noise(second), float(second) / 10)
    desk.requests.coding = "MJPG"
    still = RecordId(new_id())
    word = desk.asked(TakeStill(still, 0.1))
    assert isinstance(word, CameraStill)
    rgb = np.ascontiguousarray(noise(1)[:, :, ::-1])
    assert zlib.decompress(desk.files[0]) == rgb.tobytes()
    assert word.pixels_sha256 == hashlib.sha256(rgb.tobytes()).hexdigest()
    assert word.sha256 == hashlib.sha256(desk.files[0]).hexdigest()
    assert (word.still, word.width, word.height, word.coding) == (still, 60, 40, "MJPG")
    assert word.taken_at_s == 0.1
    newest = desk.asked(TakeStill(still, None))
    assert isinstance(newest, CameraStill) and newest.taken_at_s == 0.2
    assert set(os.listdir("/proc/self/fd")) == before  # no memory is left open


def test_a_picture_may_lie_in_memory_with_gaps() -> None:
    image = noise(5)
    assert np.array_equal(red_first(image[:, ::2]), image[:, ::2, ::-1])


def test_without_a_picture_there_is_no_still(desk: Desk) -> None:
    still = RecordId(new_id())
    assert desk.asked(TakeStill(still, None)) == CameraNoStill(still, Code.DEVICE_SILENT)


def test_a_still_too_large_to_travel_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_requests, "STILL_MAX_BYTES", 100)
    desk.kept.put(noise(1), 1.0)
    still = RecordId(new_id())
    assert desk.asked(TakeStill(still, None)) == CameraNoStill(still, Code.FILE_TOO_LARGE)


def test_a_setting_is_told_as_it_is_read_back(desk: Desk) -> None:
    set_to = ControlState(Control.ZOOM, 0, 9, 1, 7)
    assert desk.asked(SetControl(Control.ZOOM, 7)) == CameraControls((set_to,), None)
    assert desk.asked(SetControl(Control.ZOOM, 70)) == CameraControls((set_to,), Code.OUT_OF_RANGE)
    desk.driver.is_lying = True
    assert desk.asked(SetControl(Control.ZOOM, 2)) == CameraControls((set_to,), None)
    desk.driver.failure = Unavailable(Code.DEVICE_PULLED)
    assert desk.asked(AskControls()) == CameraControls((), Code.DEVICE_PULLED)


WISHES: list[CameraWish] = [
    TakeStill(RecordId(new_id()), 12.5),
    AskControls(),
    SetControl(Control.PAN, -3600),
    TakeStill(RecordId(new_id()), None),
]


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_wishes_are_understood_however_they_are_cut(desk: Desk, piece: int) -> None:
    data = b"".join(framed(CAMERA_WISHES.word(wish)) for wish in WISHES)
    for start in range(0, len(data), piece):
        desk.ours.sendall(data[start : start + piece])
    desk.ours.shutdown(socket.SHUT_WR)
    assert list(wishes_of(desk.theirs)) == WISHES


@pytest.mark.parametrize(
    "data",
    [
        framed({"kind": "fly"}),
        framed({"kind": "take-still", "still": "no id", "seen_at_s": None}),
        framed({"kind": "set-control", "control": "zoom", "value": 1.5}),
        framed({"kind": "ask-controls", "more": 1}),
        framed({"kind": "ask-controls"}, 1),
        struct.pack(">IB", 0, 0),
        b"\xff" * 64,
        struct.pack(">IB", 3, 0) + b"{}}",
    ],
)
def test_what_makes_no_sense_ends_it(desk: Desk, data: bytes) -> None:
    good = framed(CAMERA_WISHES.word(AskControls()))
    desk.ours.sendall(good + data + good)
    desk.ours.shutdown(socket.SHUT_WR)
    heard: list[CameraWish] = []
    with pytest.raises(Rejected):
        heard.extend(wishes_of(desk.theirs))
    assert heard == [AskControls()]  # and nothing that came after it


def test_half_a_wish_at_the_end_is_no_wish(desk: Desk) -> None:
    desk.ours.sendall(framed(CAMERA_WISHES.word(AskControls()))[:-1])
    desk.ours.shutdown(socket.SHUT_WR)
    assert list(wishes_of(desk.theirs)) == []
