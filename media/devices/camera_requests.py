"""What an exam camera's process is asked beside its pictures: stills and controls, on a thread.

The thread that reads the camera may hang in the driver; the last pictures can be kept all the same.
"""

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from app.domain.exam_camera import Control, ControlState
from app.domain.failures import Code, Failure, Rejected
from app.domain.stills import STILL_MAX_BYTES
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
from media.link.local_channel import HEAD, parsed
from media.link.sealed_memory import new_sealed

MOST_BYTES = 64 * 1024

Encode = Callable[[Image], bytes]


class Tell(Protocol):
    def __call__(self, word: CameraWord, *descriptors: int) -> None: ...


class Controls(Protocol):
    """What the driver lets be set. Each may raise Unavailable or Rejected."""

    def all(self) -> tuple[ControlState, ...]: ...
    def set(self, control: Control, value: int) -> None: ...


class CameraRequests:
    """`encode` makes a PNG of rows of red, green, blue; `coding` is how the camera sends."""

    def __init__(
        self,
        asked: socket.socket,
        tell: Tell,
        kept: KeptImages,
        controls: Controls,
        encode: Encode,
    ) -> None:
        self._asked = asked
        self._tell = tell
        self._kept = kept
        self._controls = controls
        self._encode = encode
        self.coding = ""

    def start(self) -> None:
        threading.Thread(target=self._run, name="requests", daemon=True).start()

    def _run(self) -> None:
        """Until nobody is there any more; then the whole process ends."""
        try:
            for wish in wishes_of(self._asked):
                self._tell_answer(wish)
        except (OSError, Failure):
            pass
        os._exit(0)

    def _tell_answer(self, wish: CameraWish) -> None:
        match wish:
            case TakeStill():
                self._take(wish)
            case AskControls():
                self._tell(self._seen(None))
            case SetControl(control, value):
                self._tell(self._seen(self._set(control, value)))

    def _set(self, control: Control, value: int) -> Code | None:
        try:
            self._controls.set(control, value)
        except Failure as failure:
            return failure.code
        return None

    def _seen(self, refused: Code | None) -> CameraControls:
        """As the driver reads them back: what it says of a setting is not believed."""
        try:
            return CameraControls(self._controls.all(), refused)
        except Failure as failure:
            return CameraControls((), failure.code)

    def _take(self, wish: TakeStill) -> None:
        try:
            still, descriptor = self._made(wish)
        except Failure as failure:
            self._tell(CameraNoStill(wish.still, failure.code))
            return
        try:
            self._tell(still, descriptor)
        finally:
            os.close(descriptor)

    def _made(self, wish: TakeStill) -> tuple[CameraWord, int]:
        kept = self._kept.seen_at(wish.seen_at_s)
        if kept is None:
            raise Rejected(Code.DEVICE_SILENT, "no picture yet")
        image = red_first(kept.image)
        png = self._encode(image)
        if len(png) > STILL_MAX_BYTES:
            raise Rejected(Code.FILE_TOO_LARGE, "still")
        height, width = image.shape[:2]
        word = CameraStill(
            still=wish.still,
            width=width,
            height=height,
            png_bytes=len(png),
            sha256=hashlib.sha256(png).hexdigest(),
            pixels_sha256=hashlib.sha256(image.data).hexdigest(),
            taken_at_s=kept.taken_at_s,
            coding=self.coding,
        )
        return word, new_sealed(png, "still")


def red_first(image: Image) -> Image:
    """Rows of red, green, blue without gaps; OpenCV keeps blue first."""
    turned = image.copy()
    turned[:, :, 0], turned[:, :, 2] = image[:, :, 2], image[:, :, 0]
    return turned  # in an eighth of the time that a copy of image[:, :, ::-1] takes


def wishes_of(asked: socket.socket) -> Iterator[CameraWish]:
    """What is said on a blocking socket, until its end. Failure when it makes no sense."""
    received = bytearray()
    while data := asked.recv(MOST_BYTES):
        received += data
        while len(received) >= HEAD.size:
            size, descriptors = HEAD.unpack_from(received)
            if not 0 < size <= MOST_BYTES or descriptors:
                raise Rejected(Code.MALFORMED, "frame")
            if len(received) < HEAD.size + size:
                break
            body = bytes(received[HEAD.size : HEAD.size + size])
            del received[: HEAD.size + size]
            wish: CameraWish = CAMERA_WISHES.said(parsed(body))
            yield wish
