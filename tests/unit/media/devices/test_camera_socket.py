"""What a camera process says that is no word of its: refused, its run ended, nothing leaked.

The far end is a bare socket here: OpenCV, and with it whatever a camera sends, runs behind it.
"""

import array
import asyncio
import fcntl
import gc
import json
import logging
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from app.domain.failures import Code
from app.domain.picture import Layout, Picture
from media.devices.camera import CameraRun
from media.link.frame_share import SLOT_MAX_BYTES, FrameWriter
from media.link.local_channel import FRAME_MAX_BYTES, framed

SIDE = 16
BYTES = SIDE * SIDE * 4
PICTURE = framed({"kind": "picture", "sequence": 1})


def opened(descriptors: int = 1, **other: object) -> bytes:
    word = {"kind": "opened", "slot_bytes": BYTES, "model": "of the tests"} | other
    return framed(json.loads(json.dumps(word)), descriptors)


def open_now() -> set[str]:
    gc.collect()  # what earlier tests left is not closed in the middle of this one
    return set(os.listdir("/proc/self/fd"))


@dataclass
class Wire:
    """Our end of a camera process that this test plays."""

    run: CameraRun
    raw: socket.socket
    pictures: list[Picture] = field(default_factory=list)
    defects: list[dict[str, object]] = field(default_factory=list)

    def says(self, data: bytes, *descriptors: int) -> None:
        """The descriptors go over and are closed here, as by a process that ends."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self.raw.sendmsg([data], rights if descriptors else [])
        for descriptor in descriptors:
            os.close(descriptor)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    loop = asyncio.get_running_loop()
    before = open_now()
    ours, theirs = socket.socketpair()
    pictures: list[Picture] = []
    played = Wire(CameraRun(ours, pictures.append), theirs, pictures)
    loop.set_exception_handler(lambda _, context: played.defects.append(context))
    yield played
    played.run.close()
    theirs.close()
    await asyncio.sleep(0)
    assert played.defects == []
    assert open_now() == before


async def ended(wire: Wire) -> Code:
    async with asyncio.timeout(5):
        return await wire.run.watch()


def memory(slot_bytes: int = BYTES) -> int:
    """What an honest camera process hands over."""
    writer = FrameWriter(slot_bytes)
    try:
        return os.dup(writer.descriptor)
    finally:
        writer.close()


def honest_size() -> int:
    descriptor = memory()
    try:
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def unsealed() -> int:
    descriptor = os.memfd_create("unsealed", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, honest_size())
    return descriptor


def of_another_size() -> int:
    return memory(4 * BYTES)


def a_file_of_the_disk() -> int:
    return os.open(__file__, os.O_RDONLY | os.O_CLOEXEC)


def the_end_of_a_pipe() -> int:
    reading, writing = os.pipe()
    os.close(writing)
    return reading


def memory_that_cannot_be_read() -> int:
    """Sealed and of the right size, but handed over for writing only."""
    descriptor = unsealed()
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    written_only = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_CLOEXEC)
    os.close(descriptor)
    return written_only


async def test_an_honest_camera_is_heard(wire: Wire) -> None:
    writer = FrameWriter(BYTES)
    wire.says(opened(), os.dup(writer.descriptor))
    writer.write(SIDE, SIDE, Layout.BGRA, 1.0, [bytes(BYTES)])
    wire.says(PICTURE)
    wire.says(framed({"kind": "failed", "code": str(Code.DEVICE_PULLED)}))
    wire.raw.shutdown(socket.SHUT_WR)
    assert await ended(wire) is Code.DEVICE_PULLED
    assert [picture.sequence for picture in wire.pictures] == [1]
    writer.close()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff" * 64, id="noise"),
        pytest.param(struct.pack(">IB", 3, 0) + b"{}{", id="no JSON"),
        pytest.param(struct.pack(">IB", 2, 0) + b"[]", id="no object"),
        pytest.param(struct.pack(">IB", 0, 0), id="empty"),
        pytest.param(struct.pack(">IB", FRAME_MAX_BYTES + 1, 0), id="oversize"),
        pytest.param(struct.pack(">IB", 2**32 - 1, 0) + b"{" * 4096, id="4 GiB"),
        pytest.param(struct.pack(">IB", 60_000, 0) + b"[" * 60_000, id="too deep"),
        pytest.param(framed({}), id="no kind"),
        pytest.param(framed({"kind": "unheard of"}), id="unknown kind"),
        pytest.param(framed({"kind": ["opened"]}), id="kind is a list"),
        pytest.param(framed({"kind": "picture"}), id="field missing"),
        pytest.param(framed({"kind": "picture", "sequence": 1, "x": 1}), id="field too many"),
        pytest.param(framed({"kind": "picture", "sequence": True}), id="truth as a number"),
        pytest.param(framed({"kind": "picture", "sequence": 2**70}), id="huge number"),
        pytest.param(framed({"kind": "failed", "code": "no code"}), id="unknown code"),
        pytest.param(PICTURE, id="picture before its memory"),
        pytest.param(opened(0), id="opened without its descriptor"),
        pytest.param(opened(1), id="a descriptor that did not come"),
        pytest.param(struct.pack(">IB", 2, 200) + b"{}", id="200 descriptors"),
        pytest.param(opened()[:9], id="cut short"),
    ],
)
async def test_what_is_no_word_of_a_camera_ends_it(wire: Wire, data: bytes) -> None:
    wire.says(data)
    wire.raw.shutdown(socket.SHUT_WR)
    assert await ended(wire) is Code.DEVICE_SILENT
    assert wire.pictures == []


@pytest.mark.parametrize("told", [0, 1, 2, 4])
@pytest.mark.parametrize("handed", [1, 2, 3, 4])
async def test_a_descriptor_too_few_or_too_many_is_refused_and_closed(
    wire: Wire, told: int, handed: int
) -> None:
    if told == 1:
        wire.says(opened(1) + framed({"kind": "unheard of"}), *(memory() for _ in range(handed)))
    else:
        wire.says(opened(told), *(memory() for _ in range(handed)))
    assert await ended(wire) is Code.DEVICE_SILENT


async def test_a_descriptor_with_a_word_that_takes_none_is_closed(wire: Wire) -> None:
    wire.says(opened(), memory())
    wire.says(framed({"kind": "picture", "sequence": 1}, 1), memory())
    assert await ended(wire) is Code.DEVICE_SILENT


@pytest.mark.parametrize(
    "made",
    [
        unsealed,
        of_another_size,
        a_file_of_the_disk,
        the_end_of_a_pipe,
        memory_that_cannot_be_read,
    ],
)
async def test_memory_that_is_not_as_promised_is_not_mapped(
    wire: Wire, made: Callable[[], int]
) -> None:
    wire.says(opened(), made())
    assert await ended(wire) is Code.DEVICE_SILENT


@pytest.mark.parametrize("slot_bytes", [0, -1, SLOT_MAX_BYTES + 1, 2**53, BYTES + 4096])
async def test_slots_of_another_size_than_the_memory_are_refused(
    wire: Wire, slot_bytes: int
) -> None:
    wire.says(opened(slot_bytes=slot_bytes), memory())
    assert await ended(wire) is Code.DEVICE_SILENT


async def test_bad_memory_after_good_one_leaves_neither_behind(wire: Wire) -> None:
    wire.says(opened(), memory())
    wire.says(opened(), memory())  # a camera may change its picture's size
    wire.says(opened(), unsealed())
    assert await ended(wire) is Code.DEVICE_SILENT


async def test_what_memory_holds_is_judged_before_it_is_shown(wire: Wire) -> None:
    """Numbers in it that make no picture are passed over, however they are chosen."""
    size = honest_size()
    descriptor = os.memfd_create("forged", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    wire.says(opened(), os.dup(descriptor))
    heads = [
        (7, 7, 2**63, 2**63, 1, BYTES, 0),
        (8, 8, SIDE, SIDE, 9, BYTES, 0),
        (9, 9, SIDE, SIDE, 1, 2**40, 0),
        (10, 10, 3, 3, 0, 13, 0),
        (11, 10, SIDE, SIDE, 1, BYTES, 0),
        (12, 12, 0, 0, 1, 0, 2**64 - 1),
    ]
    for head in heads:
        os.pwrite(descriptor, struct.pack("7Q", *head), 0)
        wire.says(PICTURE)
        for _ in range(5):
            await asyncio.sleep(0)
    os.close(descriptor)
    wire.raw.shutdown(socket.SHUT_WR)
    assert await ended(wire) is Code.DEVICE_SILENT
    assert wire.pictures == []


async def test_a_refusal_is_told_to_the_log_by_its_code(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    wire.says(struct.pack(">IB", FRAME_MAX_BYTES + 1, 0))
    assert await ended(wire) is Code.DEVICE_SILENT
    assert str(Code.TOO_LARGE) in caplog.text
