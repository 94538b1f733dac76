"""Our end of one camera process: started, watched, ended when pictures stop, started again.

Says found or missing and since when. Loads no OpenCV: pictures come in anonymous memory.
"""

import asyncio
import logging
import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from app.domain.clock import Clock
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Impairment, Presence
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.picture import Picture
from app.runtime.tasks import TaskOwner
from media.devices.camera_words import (
    BRINGS_DESCRIPTOR,
    CAMERA_WISHES,
    CAMERA_WORDS,
    CameraFailed,
    CameraOpened,
    CameraPicture,
    CameraSame,
    CameraWish,
    CameraWord,
)
from media.link.child_process import command_of, passed_on_environment, wait_for_end
from media.link.frame_share import FrameReader
from media.link.local_channel import LocalChannel, Word

log = logging.getLogger(__name__)

FIRST_PICTURE_LIMIT_S = 10.0  # a USB camera may take seconds to wake
SILENT_AFTER_S = 2.0
STUCK_AFTER_S = 2.0  # of one and the same picture
LOOK_EVERY_S = 0.2
PAUSES_S = (0.1, 0.3, 1.0, 2.0, 5.0)
STEADY_AFTER_S = 5.0
END_LIMIT_S = 1.0

OnStatus = Callable[[DeviceStatus], None]
OnPicture = Callable[[Picture], None]
# What else it tells, with the descriptor that the word brings; whoever gets that closes it.
OnWord = Callable[[CameraWord, int | None], None]


class Camera:
    """`on_picture` gets each new picture on the loop; it is valid until the next one."""

    def __init__(
        self,
        source: str,
        *,
        clock: Clock,
        on_picture: OnPicture,
        on_status: OnStatus,
        kind: DeviceKind = DeviceKind.CAMERA,
        arguments: Sequence[str] = (),
        on_word: OnWord | None = None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._on_picture = on_picture
        self._on_status = on_status
        self._arguments = arguments
        self._on_word = on_word
        self._run: CameraRun | None = None
        self._identity = DeviceIdentity(kind, os.path.basename(source), source)
        self.status = DeviceStatus(
            self._identity, Presence.MISSING, clock.now(), Code.DEVICE_MISSING
        )
        self._tasks = TaskOwner("camera")
        self.pid: int | None = None

    async def __aenter__(self) -> Self:
        self._on_status(self.status)
        self._tasks.start_lasting(self._keep_running, "keep running")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.close()

    async def _keep_running(self) -> None:
        tries = 0
        while True:
            began = time.monotonic()
            code = await self._run_once()
            self._say(Presence.MISSING, code)
            if time.monotonic() - began > STEADY_AFTER_S:
                tries = 0
            await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    async def _run_once(self) -> Code:
        """From start to end of one camera process. -> why it ended."""
        ours, theirs = socket.socketpair()
        try:
            process = self._start(theirs)
        except OSError:
            ours.close()
            return Code.DEVICE_MISSING
        finally:
            theirs.close()
        self.pid = process.pid
        run = self._run = CameraRun(ours, self._seen, self._same, self._on_word)
        try:
            return await run.watch()
        finally:
            self._run = None
            run.close()
            process.kill()
            await wait_for_end(process, END_LIMIT_S)
            self.pid = None

    def _start(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command_of(
                "media.devices.camera_process",
                *("--source", self._source),
                *("--channel-fd", str(theirs.fileno())),
                *("--starter", str(os.getpid())),
                *self._arguments,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=passed_on_environment(),
            pass_fds=(theirs.fileno(),),
        )

    def _seen(self, picture: Picture) -> None:
        self._say(Presence.FOUND)
        self._on_picture(picture)

    def _same(self, since_s: float) -> None:
        """It delivers, and always the same: found, and not to be believed."""
        same_s = time.monotonic() - since_s
        if same_s >= STUCK_AFTER_S and self.status.impairment is None:
            log.warning("camera delivers one and the same picture")
            since = self._clock.now() - timedelta(seconds=same_s)
            self._tell(Presence.FOUND, None, since)

    def ask(self, wish: CameraWish) -> bool:
        """False: no process is there to hear it, or it takes nothing."""
        return self._run is not None and self._run.ask(wish)

    def _say(self, presence: Presence, reason: Code | None = None) -> None:
        self._tell(presence, reason, None)

    def _tell(self, presence: Presence, reason: Code | None, same_since: datetime | None) -> None:
        before = self.status
        is_same = same_since is not None
        was_same = before.impairment is not None
        if (presence, reason, is_same) == (before.presence, before.reason, was_same):
            return
        self.status = replace(
            before,
            presence=presence,
            since=before.since if presence is before.presence else self._clock.now(),
            reason=reason,
            impairment=Impairment.STILL_PICTURE if is_same else None,
            impaired_since=same_since,
        )
        log.info("camera %s (%s)", self.status.standing, reason or "-")
        self._on_status(self.status)


class CameraRun:
    """The life of one camera process, as its socket tells it."""

    def __init__(
        self,
        ours: socket.socket,
        on_picture: OnPicture,
        on_same: Callable[[float], None] = lambda _: None,
        on_word: OnWord | None = None,
    ) -> None:
        self._on_picture = on_picture
        self._on_same = on_same
        self._on_word = on_word
        self._reader: FrameReader | None = None
        self._sequence = 0
        self._seen_at: float | None = None
        self._failed: Code | None = None
        self._ended = asyncio.Event()
        self._channel = LocalChannel(ours, on_word=self._heard, on_closed=self._closed)

    async def watch(self) -> Code:
        """Returns when it ended, or when no picture came for too long."""
        began = looked_at = time.monotonic()
        while not self._ended.is_set():
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._ended.wait()
            except TimeoutError:
                pass
            now = time.monotonic()
            stood_still, looked_at = now - looked_at > 5 * LOOK_EVERY_S, now
            silent_s = now - (self._seen_at or began)
            if stood_still:
                continue  # who did not listen cannot say that nothing came
            if silent_s > (SILENT_AFTER_S if self._seen_at else FIRST_PICTURE_LIMIT_S):
                return Code.DEVICE_SILENT
        return self._failed or Code.DEVICE_SILENT

    def ask(self, wish: CameraWish) -> bool:
        return self._channel.send(CAMERA_WISHES.word(wish))

    def close(self) -> None:
        self._channel.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _closed(self, code: Code | None) -> None:
        self._ended.set()

    def _heard(self, word: Word, descriptors: list[int]) -> None:
        try:
            said: CameraWord = CAMERA_WORDS.said(word)
            is_expected = isinstance(said, CameraOpened | CameraPicture | CameraSame | CameraFailed)
            if len(descriptors) != isinstance(said, BRINGS_DESCRIPTOR):
                raise Rejected(Code.MALFORMED, "descriptors")
            if not is_expected and self._on_word is None:
                raise Rejected(Code.MALFORMED, "nobody asked")
        except Rejected:
            for descriptor in descriptors:
                os.close(descriptor)
            raise
        match said:
            case CameraOpened():
                if self._reader is not None:
                    self._reader.close()
                self._reader = FrameReader(descriptors[0], said.slot_bytes)
            case CameraFailed():
                self._failed = said.code
            case CameraPicture():
                self._take()
            case CameraSame():
                self._seen_at = time.monotonic()  # a sign of life, of a sick one
                self._on_same(said.since_s)
            case _:
                assert self._on_word is not None
                self._on_word(said, descriptors[0] if descriptors else None)

    def _take(self) -> None:
        if self._reader is None:
            raise Unavailable(Code.MALFORMED, "picture before its memory")
        picture = self._reader.newest()
        if picture is not None and picture.sequence != self._sequence:
            self._sequence, self._seen_at = picture.sequence, time.monotonic()
            self._on_picture(picture)
