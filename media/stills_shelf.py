"""Stills wait here until a screen has said that they are kept.

They lie in sealed memory, never on a disk; a new screen gets them all again.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.exam_camera import StillDone
from app.domain.failures import Code, Unavailable
from app.domain.ids import RecordId
from media.link.messages import News, StillFile
from media.link.sealed_memory import new_sealed

MOST_STILLS = 64
MOST_BYTES = 256 * 1024 * 1024

log = logging.getLogger(__name__)

Tell = Callable[[News, int | None], bool]


@dataclass(slots=True)
class _Waiting:
    word: StillFile
    descriptor: int


class StillsShelf:
    """`tell` gives a word with its descriptor to the screen, when one is there."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._waiting: dict[RecordId, _Waiting] = {}

    def add(self, done: StillDone) -> None:
        """Unavailable(OVERRUN) when nobody has kept what waits for so long that there is no room.

        What is there is not given up for it: whoever pressed is here and hears of it.
        """
        whole = sum(waiting.word.png_bytes for waiting in self._waiting.values())
        if len(self._waiting) >= MOST_STILLS or whole + len(done.png) > MOST_BYTES:
            log.error("no room for a still: nobody keeps those that wait: %s", Code.OVERRUN)
            raise Unavailable(Code.OVERRUN, "still")
        word = StillFile(
            still=done.still,
            visit=done.visit,
            asked_by=done.asked_by,
            width=done.width,
            height=done.height,
            sha256=done.sha256,
            pixels_sha256=done.pixels_sha256,
            taken_at=done.taken_at,
            source=done.source,
            coding=done.coding,
            png_bytes=len(done.png),
        )
        self.kept(done.still)
        waiting = _Waiting(word, new_sealed(done.png, "still"))
        self._waiting[done.still] = waiting
        self._tell(word, waiting.descriptor)

    def kept(self, still: RecordId) -> None:
        """The screen has it; its memory goes."""
        if (waiting := self._waiting.pop(still, None)) is not None:
            os.close(waiting.descriptor)

    def screen_came(self) -> None:
        for waiting in self._waiting.values():
            self._tell(waiting.word, waiting.descriptor)

    def close(self) -> None:
        for still in tuple(self._waiting):
            self.kept(still)
