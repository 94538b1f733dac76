"""One camera or video file, read by OpenCV; a program of its own, because a driver can hang.

The only importer of cv2. Hands pictures (I420) over in anonymous memory; ends with its starter. Of
an exam camera it also keeps the last pictures in full size, and tells when they change no more.
"""

import argparse
import array
import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2

from app.domain.failures import Code, Rejected, Unavailable
from app.domain.picture import Layout, picture_bytes
from app.runtime.process_guard import forbid_core_dumps
from media.devices.camera_requests import CameraRequests, Controls
from media.devices.camera_words import (
    CAMERA_WORDS,
    MAY_BE_DROPPED,
    CameraFailed,
    CameraOpened,
    CameraPicture,
    CameraSame,
    CameraWord,
)
from media.devices.kept_images import ContentWatch, KeptImages
from media.devices.lossless_png import png_of
from media.devices.v4l2_controls import NoControls, V4l2Controls
from media.link.frame_share import FrameWriter
from media.link.local_channel import framed

# Its wheel points Qt and the loader of every later child at its own old libraries.
for _name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH"):
    os.environ.pop(_name, None)

MOST_WIDTH, MOST_HEIGHT = 1280, 720  # of what is handed over
EXAM_WIDTH, EXAM_HEIGHT = 1920, 1080  # what an exam camera is asked for
TELL_SAME_EVERY_S = 0.25
MOST_PER_S = 30.0
FILE_RATE_WITHOUT_WORD = 25.0
FILE_RATE_MOST = 240.0
PR_SET_PDEATHSIG = 1

Image = Any  # a numpy array; cv2 brings no types


class Starter:
    """The media process at the other end of the socket pair."""

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self._one_at_a_time = threading.Lock()  # pictures and answers come from two threads

    def tell(self, word: CameraWord, *descriptors: int) -> None:
        """Ends this process when nobody is there any more."""
        frame = framed(CAMERA_WORDS.word(word), len(descriptors))
        rights = array.array("i", descriptors)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
        # A notice that finds no room is dropped: the memory itself knows the newest picture.
        flags = socket.MSG_DONTWAIT if isinstance(word, MAY_BE_DROPPED) else 0
        try:
            with self._one_at_a_time:
                self.socket.sendmsg([frame], ancillary, flags | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            pass
        except OSError:
            os._exit(0)  # also from the thread that answers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--channel-fd", type=int, required=True)
    parser.add_argument("--starter", type=int, required=True, help="process to end with")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--exam", action="store_true", help="stills, controls, a watch on content")
    wanted = parser.parse_args()
    end_with_starter(wanted.starter)
    starter = Starter(wanted.channel_fd)
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    source = Source(wanted.source, wanted.width, wanted.height)
    try:
        with ExitStack() as open_files:
            desk = ExamDesk(starter, source, open_files) if wanted.exam else None
            hand_over(starter, images_of(source), desk)
    except (Unavailable, Rejected) as failure:
        starter.tell(CameraFailed(failure.code))
        return 1
    return 0


class Source:
    """What is read, as it was named; `coding` is how it sends, once it is open."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self.device = f"/dev/video{int(name)}" if name.isdecimal() else name
        self.width = width
        self.height = height
        self.coding = ""

    @property
    def is_camera(self) -> bool:
        return self.device.startswith("/dev/")

    def is_open(self, capture: Any) -> None:
        number = int(capture.get(cv2.CAP_PROP_FOURCC))
        letters = number.to_bytes(4, "little", signed=False) if 0 < number < 2**32 else b""
        coding = letters.decode("ascii", errors="ignore").strip()
        self.coding = coding if coding.isprintable() else ""


class ExamDesk:
    """What an exam camera's process does beside handing pictures over."""

    def __init__(self, starter: Starter, source: Source, open_files: ExitStack) -> None:
        self._starter = starter
        self._source = source
        self._kept = KeptImages()
        self._watch = ContentWatch()
        self._told_at = 0.0
        controls = controls_of(source, open_files)
        self._requests = CameraRequests(starter.socket, starter.tell, self._kept, controls, png_of)
        self._requests.start()

    def is_new(self, image: Image, taken_at: float) -> bool:
        """False: it is the one before once more, and nobody shall take it for a live one."""
        self._requests.coding = self._source.coding
        since = self._watch.same_since(image, taken_at)
        if since is None:
            self._kept.put(image, taken_at)
            return True
        if taken_at - self._told_at >= TELL_SAME_EVERY_S:
            self._told_at = taken_at
            self._starter.tell(CameraSame(since))
        return False


def controls_of(source: Source, open_files: ExitStack) -> Controls:
    if not source.is_camera:
        return NoControls()
    try:
        return open_files.enter_context(V4l2Controls(source.device))
    except Unavailable:
        return NoControls()


def end_with_starter(starter: int) -> None:
    """No picture is taken for nobody, and no memory image is left behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    forbid_core_dumps()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != starter:  # it ended before we asked
        sys.exit(0)


def images_of(source: Source) -> Iterator[Image]:
    """Images as they come, in real time. Unavailable or Rejected when there are none."""
    return images_of_camera(source) if source.is_camera else images_of_file(source)


def images_of_camera(source: Source) -> Iterator[Image]:
    device = source.device
    if not os.path.exists(device):
        raise Unavailable(Code.DEVICE_MISSING, "camera")
    number = Path(device).resolve().name.removeprefix("video")
    capture = cv2.VideoCapture(int(number) if number.isdecimal() else device, cv2.CAP_V4L2)
    if not capture.isOpened():
        raise Unavailable(Code.DEVICE_BUSY, "camera")
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, source.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, source.height)
    capture.set(cv2.CAP_PROP_FPS, MOST_PER_S)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    source.is_open(capture)
    while True:
        is_there, image = capture.read()
        if not is_there:
            pulled = not os.path.exists(device)
            raise Unavailable(Code.DEVICE_PULLED if pulled else Code.DEVICE_SILENT, "camera")
        yield image


def images_of_file(source: Source) -> Iterator[Image]:
    """Round and round at the file's own rate; what came too late is passed over."""
    path = Path(source.device)
    if not path.is_file():  # also keeps every kind of network address out
        raise Unavailable(Code.DEVICE_MISSING, "video file")
    while True:
        capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
        source.is_open(capture)
        rate = capture.get(cv2.CAP_PROP_FPS)
        rate = rate if 1 <= rate <= FILE_RATE_MOST else FILE_RATE_WITHOUT_WORD
        is_empty = True
        for image in images_at(capture, rate):
            is_empty = False
            yield image
        capture.release()
        if is_empty:
            raise Rejected(Code.DEVICE_UNUSABLE, "video file")


def images_at(capture: Any, rate: float) -> Iterator[Image]:
    due_at, shown_at = time.monotonic(), 0.0
    while capture.grab():
        is_too_soon = due_at - shown_at < 0.9 / MOST_PER_S
        is_too_late = time.monotonic() > due_at + 1 / rate
        if shown_at == 0.0 or not (is_too_soon or is_too_late):
            is_there, image = capture.retrieve()
            if not is_there:
                return
            time.sleep(max(0.0, due_at - time.monotonic()))
            shown_at = due_at
            yield image
        if is_too_late and time.monotonic() > due_at + 1:
            due_at = time.monotonic()  # the process stood still: go on from now
        due_at += 1 / rate


def hand_over(starter: Starter, images: Iterator[Image], desk: ExamDesk | None) -> None:
    writer: FrameWriter | None = None
    for image in images:
        taken_at = time.monotonic()
        if desk is not None and not desk.is_new(image, taken_at):
            continue
        rows = i420_of(image)
        height, width = rows.shape[0] * 2 // 3, rows.shape[1]
        size = picture_bytes(width, height, Layout.I420)
        if writer is None or size > writer.slot_bytes:
            writer = FrameWriter(size, after=writer.sequence if writer else 0)
            starter.tell(CameraOpened(writer.slot_bytes, "camera"), writer.descriptor)
        data = memoryview(rows).cast("B")
        _, sequence = writer.write(width, height, Layout.I420, taken_at, [data])
        starter.tell(CameraPicture(sequence))


def i420_of(image: Image) -> Image:
    """At most 1280x720, even sizes, planar."""
    height, width = image.shape[:2]
    scale = min(1.0, MOST_WIDTH / width, MOST_HEIGHT / height)
    if scale < 1.0:
        size = (int(width * scale), int(height * scale))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        height, width = image.shape[:2]
    return cv2.cvtColor(image[: height & ~1, : width & ~1], cv2.COLOR_BGR2YUV_I420)


if __name__ == "__main__":
    sys.exit(main())
