"""The exam camera as the media process asks it; its own process is played by this test."""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.domain.clock import SystemClock
from app.domain.device import Impairment, Presence
from app.domain.exam_camera import Control, ControlState
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import RecordId, new_id
from media.devices import exam_camera
from media.devices.camera_words import (
    AskControls,
    CameraControls,
    CameraNoStill,
    CameraStill,
    CameraWish,
    SetControl,
    TakeStill,
)
from media.devices.exam_camera import STILLS_AT_ONCE, ExamCamera
from media.link.sealed_memory import new_sealed
from tests.unit.media.descriptors import open_descriptors
from tests.unit.media.waiting import until

PNG = b"bytes of a picture" * 50
STILL = CameraStill(
    still=RecordId(new_id()),
    width=1920,
    height=1080,
    png_bytes=len(PNG),
    sha256=hashlib.sha256(PNG).hexdigest(),
    pixels_sha256="0" * 64,
    taken_at_s=12.0,
    coding="",
)
ZOOM = ControlState(Control.ZOOM, 0, 9, 1, 4)


class Desk:
    """Never started: what it would send to its process is caught here."""

    def __init__(self) -> None:
        self.camera = ExamCamera(
            "none", clock=SystemClock(), on_picture=lambda _: None, on_status=lambda _: None
        )
        self.wishes: list[CameraWish] = []
        self.is_there = True
        self.camera._camera.ask = self.hears  # type: ignore[method-assign]  # the other end
        status = self.camera._camera.status
        self.camera._camera.status = replace(status, presence=Presence.FOUND, reason=None)

    def hears(self, wish: CameraWish) -> bool:
        self.wishes.append(wish)
        return self.is_there

    async def taking(self, still: RecordId = STILL.still) -> asyncio.Task[object]:
        count = len(self.wishes)
        task = asyncio.create_task(_told(self.camera.take(still, 12.0)))
        await until(lambda: len(self.wishes) > count or task.done())
        return task

    def says(self, word: CameraStill, png: bytes = PNG) -> None:
        self.camera._heard(word, new_sealed(png, "still"))


async def _told(work: object) -> object:
    try:
        return await work  # type: ignore[misc]  # any coroutine
    except Failure as failure:
        return failure


@pytest.fixture
def desk() -> Iterator[Desk]:
    before = open_descriptors()
    yield Desk()
    assert open_descriptors() == before


async def test_a_still_comes_for_whoever_asked(desk: Desk) -> None:
    first = await desk.taking()
    other = replace(STILL, still=RecordId(new_id()))
    second = await desk.taking(other.still)
    desk.says(other)
    assert getattr(await second, "word", None) == other
    assert not first.done()
    desk.says(STILL)
    taken = await first
    assert getattr(taken, "png", None) == PNG
    assert desk.wishes == [TakeStill(STILL.still, 12.0), TakeStill(other.still, 12.0)]
    desk.says(STILL)  # nobody waits for it any more


@pytest.mark.parametrize(
    ("word", "png", "code"),
    [
        (replace(STILL, sha256="1" * 64), PNG, Code.HASH_MISMATCH),
        (STILL, PNG[:-1] + b"!", Code.HASH_MISMATCH),
        (replace(STILL, png_bytes=0), PNG, Code.TOO_LARGE),
        (replace(STILL, png_bytes=2**40), PNG, Code.TOO_LARGE),
        (replace(STILL, width=0), PNG, Code.TOO_LARGE),
        (replace(STILL, height=8193), PNG, Code.TOO_LARGE),
    ],
)
async def test_what_is_not_what_its_word_says_is_no_still(
    desk: Desk, word: CameraStill, png: bytes, code: Code
) -> None:
    task = await desk.taking()
    with pytest.raises(Untrusted):
        desk.says(word, png)
    failure = await task
    assert isinstance(failure, Untrusted) and failure.code is code


async def test_memory_that_is_shorter_than_said_is_no_still(desk: Desk) -> None:
    task = await desk.taking()
    with pytest.raises(Failure):
        desk.says(replace(STILL, png_bytes=len(PNG) + 1))
    failure = await task
    assert isinstance(failure, Failure)


async def test_why_there_is_none_is_told(desk: Desk) -> None:
    task = await desk.taking()
    desk.camera._heard(CameraNoStill(STILL.still, Code.FILE_TOO_LARGE), None)
    failure = await task
    assert isinstance(failure, Unavailable) and failure.code is Code.FILE_TOO_LARGE


async def test_a_process_that_says_nothing_is_silent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exam_camera, "STILL_LIMIT_S", 0.02)
    monkeypatch.setattr(exam_camera, "CONTROLS_LIMIT_S", 0.02)
    for work in (desk.camera.take(STILL.still, None), desk.camera.controls()):
        failure = await _told(work)
        assert isinstance(failure, Unavailable) and failure.code is Code.DEVICE_SILENT
    desk.says(STILL)  # too late
    desk.camera._heard(CameraControls((ZOOM,), None), None)


async def test_without_a_process_it_is_missing(desk: Desk) -> None:
    desk.is_there = False
    for work in (desk.camera.take(STILL.still, None), desk.camera.set(Control.ZOOM, 1)):
        failure = await _told(work)
        assert isinstance(failure, Unavailable) and failure.code is Code.DEVICE_MISSING


async def test_one_that_is_stuck_takes_no_still(desk: Desk) -> None:
    inner = desk.camera._camera
    inner.status = replace(inner.status, impairment=Impairment.STILL_PICTURE)
    failure = await _told(desk.camera.take(STILL.still, None))
    assert isinstance(failure, Unavailable) and failure.code is Code.CAMERA_STUCK
    assert desk.wishes == []


async def test_no_more_than_a_few_at_once(desk: Desk) -> None:
    tasks = [await desk.taking(RecordId(new_id())) for _ in range(STILLS_AT_ONCE)]
    failure = await (await desk.taking())
    assert isinstance(failure, Unavailable) and failure.code is Code.DEVICE_BUSY
    again = await _told(desk.camera.take(desk.wishes[0].still, None))  # type: ignore[union-attr]  # a TakeStill
    assert isinstance(again, Unavailable)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_controls_are_asked_one_after_the_other(desk: Desk) -> None:
    reading = asyncio.create_task(_told(desk.camera.controls()))
    setting = asyncio.create_task(_told(desk.camera.set(Control.ZOOM, 7)))
    await until(lambda: desk.wishes)
    await asyncio.sleep(0)
    assert desk.wishes == [AskControls()]
    desk.camera._heard(CameraControls((ZOOM,), None), None)
    assert await reading == (ZOOM,)
    await until(lambda: len(desk.wishes) == 2)
    assert desk.wishes[1] == SetControl(Control.ZOOM, 7)
    desk.camera._heard(CameraControls((ZOOM,), Code.OUT_OF_RANGE), None)
    failure = await setting
    assert isinstance(failure, Rejected) and failure.code is Code.OUT_OF_RANGE
