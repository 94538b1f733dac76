"""A still's file into pixels, on a thread: a picture of two to twelve million of them takes time.

The pixels are hashed as they are read, so that what is looked at is known to be the source's.
"""

import hashlib

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal
from PySide6.QtGui import QImage

from app.domain.ids import RecordId


class PictureReader(QObject):
    """`read` is told on the GUI thread: the still, its image (null: unreadable), its hash."""

    read = Signal(object, QImage, str)

    def __init__(self) -> None:
        super().__init__()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def start(self, still: RecordId, png: bytes) -> None:
        self._pool.start(_Reading(self, still, png))

    def wait(self) -> None:
        """Until all is read."""
        self._pool.waitForDone()


class _Reading(QRunnable):
    def __init__(self, reader: PictureReader, still: RecordId, png: bytes) -> None:
        super().__init__()
        self._reader = reader
        self._still = still
        self._png = png

    def run(self) -> None:
        image = QImage.fromData(self._png)
        if not image.isNull():
            image = image.convertToFormat(QImage.Format.Format_RGB888)
        digest = "" if image.isNull() else pixels_sha256(image)
        self._reader.read.emit(self._still, image, digest)


def pixels_sha256(image: QImage) -> str:
    """Of rows of red, green, blue, without what fills up the lines."""
    digest, wide = hashlib.sha256(), image.width() * 3
    held = memoryview(image.constBits())
    for row in range(image.height()):
        start = row * image.bytesPerLine()
        digest.update(held[start : start + wide])
    return digest.hexdigest()
