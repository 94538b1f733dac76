"""The two pictures on the screen's side: who reads them, who is told that a new one is there."""

from collections.abc import Callable

from app.domain.picture import Layout, Picture
from media.link.frame_share import FrameReader
from media.link.messages import Frame, NoPicture, Surface, Surfaces, Which


class PictureDesk:
    """Survives every media process; while there is none the last pictures are gone, not frozen."""

    def __init__(self) -> None:
        self._readers: dict[Which, FrameReader] = {}
        self._is_there: dict[Which, bool] = {}
        self._listeners: dict[Which, Callable[[], None]] = {}
        self._sizes: dict[Which, Surface] = {}

    def newest(self, which: Which) -> Picture | None:
        reader = self._readers.get(which)
        if reader is None or not self._is_there.get(which):
            return None
        return reader.newest()

    def listen(self, which: Which, listener: Callable[[], None]) -> None:
        """Called on the loop when a newer picture, or none any more, is there."""
        self._listeners[which] = listener

    def size(self, which: Which, width: int, height: int) -> Surface:
        """Remembered, so that the next media process is told, too."""
        surface = Surface(which, max(0, width), max(0, height), Layout.BGRA)
        self._sizes[which] = surface
        return surface

    @property
    def sizes(self) -> tuple[Surface, ...]:
        return tuple(self._sizes.values())

    def take_memory(self, word: Surfaces, descriptor: int) -> None:
        """New memory for these pictures; the old one is let go. Raises Untrusted when unsealed."""
        reader = FrameReader(descriptor, word.slot_bytes)
        self._let_go(word.which)
        self._readers[word.which] = reader

    def heard(self, word: Frame | NoPicture) -> None:
        self._is_there[word.which] = isinstance(word, Frame)
        self._tell(word.which)

    def clear(self) -> None:
        """The media process is gone."""
        for which in tuple(self._readers):
            self._let_go(which)
            self._is_there[which] = False
            self._tell(which)

    def _let_go(self, which: Which) -> None:
        reader = self._readers.pop(which, None)
        if reader is not None:
            reader.close()

    def _tell(self, which: Which) -> None:
        listener = self._listeners.get(which)
        if listener is not None:
            listener()
