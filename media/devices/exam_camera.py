"""The exam camera: a camera of its own that is also asked for stills and controls.

Each asking has a limit: a camera whose process was started again meanwhile answers nothing.
"""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from app.domain.clock import Clock
from app.domain.device import DeviceKind, DeviceStatus
from app.domain.exam_camera import Control, ControlState, fault_of
from app.domain.failures import Code, Rejected, Unavailable, Untrusted
from app.domain.ids import RecordId
from app.domain.stills import SIDE_MAX, STILL_MAX_BYTES
from media.devices.camera import Camera, OnPicture, OnStatus
from media.devices.camera_words import (
    AskControls,
    CameraControls,
    CameraNoStill,
    CameraStill,
    CameraWord,
    SetControl,
    TakeStill,
)
from media.link.sealed_memory import contents

STILL_LIMIT_S = 3.0
CONTROLS_LIMIT_S = 2.0
STILLS_AT_ONCE = 4
ARGUMENTS = ("--exam", "--width", "1920", "--height", "1080")


@dataclass(frozen=True, slots=True)
class TakenStill:
    """A still as the camera's process made it, its hash computed anew here."""

    word: CameraStill
    png: bytes


class ExamCamera:
    """`on_controls` is told whenever they were read."""

    def __init__(
        self,
        source: str,
        *,
        clock: Clock,
        on_picture: OnPicture,
        on_status: OnStatus,
    ) -> None:
        self._camera = Camera(
            source,
            clock=clock,
            on_picture=on_picture,
            on_status=on_status,
            kind=DeviceKind.EXAM_CAMERA,
            arguments=ARGUMENTS,
            on_word=self._heard,
        )
        self._stills: dict[RecordId, asyncio.Future[TakenStill]] = {}
        self._controls: asyncio.Future[tuple[ControlState, ...]] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._camera.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._camera.__aexit__(kind, error, trace)

    @property
    def status(self) -> DeviceStatus:
        return self._camera.status

    @property
    def pid(self) -> int | None:
        return self._camera.pid

    async def take(self, still: RecordId, seen_at_s: float | None) -> TakenStill:
        """The source's own picture of that moment; Unavailable or Rejected with why there is none.

        A camera that brings one old picture for ever takes none: it would be dated now.
        """
        if (fault := fault_of(self.status)) is not None:
            raise Unavailable(fault[0], "exam camera")
        if len(self._stills) >= STILLS_AT_ONCE or still in self._stills:
            raise Unavailable(Code.DEVICE_BUSY, "exam camera")
        answer = asyncio.get_running_loop().create_future()
        self._stills[still] = answer
        try:
            if not self._camera.ask(TakeStill(still, seen_at_s)):
                raise Unavailable(Code.DEVICE_MISSING, "exam camera")
            async with asyncio.timeout(STILL_LIMIT_S):
                taken: TakenStill = await answer
                return taken
        except TimeoutError as error:
            raise Unavailable(Code.DEVICE_SILENT, "exam camera") from error
        finally:
            self._stills.pop(still, None)

    async def controls(self) -> tuple[ControlState, ...]:
        return await self._asked(AskControls())

    async def set(self, control: Control, value: int) -> tuple[ControlState, ...]:
        """All of them as they stand afterwards; Rejected or Unavailable when it was not set."""
        return await self._asked(SetControl(control, value))

    async def _asked(self, wish: AskControls | SetControl) -> tuple[ControlState, ...]:
        async with self._one_at_a_time:
            answer = self._controls = asyncio.get_running_loop().create_future()
            try:
                if not self._camera.ask(wish):
                    raise Unavailable(Code.DEVICE_MISSING, "exam camera")
                async with asyncio.timeout(CONTROLS_LIMIT_S):
                    controls: tuple[ControlState, ...] = await answer
                    return controls
            except TimeoutError as error:
                raise Unavailable(Code.DEVICE_SILENT, "exam camera") from error
            finally:
                self._controls = None

    def _heard(self, word: CameraWord, descriptor: int | None) -> None:
        match word:
            case CameraStill():
                assert descriptor is not None
                self._still_came(word, descriptor)
            case CameraNoStill(still, code):
                self._settle(still, Unavailable(code, "exam camera"))
            case CameraControls(controls, refused):
                answer = self._controls
                if answer is None or answer.done():
                    return  # it came too late
                if refused is None:
                    answer.set_result(controls)
                else:
                    answer.set_exception(Rejected(refused, "exam camera"))

    def _still_came(self, word: CameraStill, descriptor: int) -> None:
        try:
            self._settle(word.still, TakenStill(word, _checked(word, descriptor)))
        except Untrusted as doubt:
            self._settle(word.still, doubt)
            raise
        finally:
            os.close(descriptor)

    def _settle(self, still: RecordId, result: TakenStill | Exception) -> None:
        answer = self._stills.get(still)
        if answer is None or answer.done():
            return  # it came too late
        if isinstance(result, TakenStill):
            answer.set_result(result)
        else:
            answer.set_exception(result)


def _checked(word: CameraStill, descriptor: int) -> bytes:
    is_size = 0 < word.png_bytes <= STILL_MAX_BYTES
    if not is_size or not 0 < word.width <= SIDE_MAX or not 0 < word.height <= SIDE_MAX:
        raise Untrusted(Code.TOO_LARGE, "still")
    png = contents(descriptor, word.png_bytes)
    if hashlib.sha256(png).hexdigest() != word.sha256:
        raise Untrusted(Code.HASH_MISMATCH, "still")
    return png
