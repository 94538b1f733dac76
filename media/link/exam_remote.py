"""The exam camera's part of the media process in the screen's hand. Fulfils ExamEngine.

Remembers what a media process that is started anew must be told.
"""

import os
from collections.abc import Callable

from app.domain.exam_camera import Control, Focus, StillDone
from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.ids import RecordId
from app.domain.stills import STILL_MAX_BYTES
from media.link.messages import (
    Freeze,
    LookAt,
    SetExamControl,
    ShowExamCamera,
    StillFile,
    StillKept,
    Wish,
)
from media.link.sealed_memory import contents


class ExamRemote:
    """`say` hands a wish over; False: nobody is there."""

    def __init__(self, say: Callable[[Wish], bool]) -> None:
        self._say = say
        self._focus = Focus.EXAM
        self.is_on = False

    async def show(self, is_on: bool) -> None:
        self.is_on = is_on
        self._say(ShowExamCamera(is_on))

    async def look_at(self, focus: Focus) -> None:
        self._focus = focus
        self._say(LookAt(focus))

    async def freeze(self, still: RecordId, seen_at: float | None, *, is_far: bool) -> None:
        if not self._say(Freeze(still, seen_at, is_far)):
            raise Unavailable(Code.MEDIA_PROCESS_ENDED, "media process")

    async def still_kept(self, still: RecordId) -> None:
        self._say(StillKept(still))

    async def set_control(self, control: Control | None, value: int) -> None:
        if not self._say(SetExamControl(control, value)):
            raise Unavailable(Code.MEDIA_PROCESS_ENDED, "media process")

    # --- for RemoteControl ---------------------------------------------------------------------

    def taken_over(self, is_on: bool) -> None:
        self.is_on = is_on
        self._say(LookAt(self._focus))

    def attached(self) -> None:
        """After the visit is prepared there."""
        self._say(ShowExamCamera(self.is_on))
        self._say(LookAt(self._focus))

    def released(self) -> None:
        self.is_on = False


def still_of(told: StillFile, descriptor: int) -> StillDone:
    """Takes the descriptor over."""
    try:
        if not 0 < told.png_bytes <= STILL_MAX_BYTES:
            raise Untrusted(Code.TOO_LARGE, "still")
        png = contents(descriptor, told.png_bytes)
    finally:
        os.close(descriptor)
    return StillDone(
        still=told.still,
        visit=told.visit,
        asked_by=told.asked_by,
        png=png,
        width=told.width,
        height=told.height,
        sha256=told.sha256,
        pixels_sha256=told.pixels_sha256,
        taken_at=told.taken_at,
        source=told.source,
        coding=told.coding,
    )
