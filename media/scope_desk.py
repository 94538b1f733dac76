"""The stethoscope's recordings of the running visit: begun, fed, ended, told; far ones received.

A recording goes on when the link or the screen goes; only its visit's end cuts it short.
"""

import asyncio
import logging
from collections.abc import Callable

from app.domain.engine import ScopeDone, ScopeProgress, ScopeProof
from app.domain.failures import Code, Failure
from app.domain.ids import RecordId, VisitId
from app.runtime.tasks import TaskOwner
from media.auscultation.lossless_channel import TICK_S, Line, LosslessChannel, ScopeEvent
from media.auscultation.scope_words import ScopeHeader
from media.devices.stethoscope import Stethoscope
from media.link.messages import News, ScopeBegan, ScopeRefused
from media.recordings_shelf import RecordingsShelf

log = logging.getLogger(__name__)

Tell = Callable[[News, int | None], bool]


class ScopeDesk:
    """One recording of ours at a time. `on_running` is told when the instrument is in use."""

    def __init__(self, tell: Tell, on_running: Callable[[bool], None]) -> None:
        self._tell = tell
        self._on_running = on_running
        self._visit: VisitId | None = None
        self._channel: LosslessChannel | None = None
        self._line: Line | None = None
        self._running: RecordId | None = None
        self._stop = asyncio.Event()
        self._tasks = TaskOwner("scope desk")
        self.shelf = RecordingsShelf(tell)

    def open(self) -> None:
        self._tasks.start_lasting(self._tick, "tick")

    async def close(self) -> None:
        self.visit_is(None)
        await self._tasks.close()
        self.shelf.close()

    def visit_is(self, visit: VisitId | None) -> None:
        """The earlier visit's recordings end here; they stay on the shelf until they are kept."""
        if visit == self._visit:
            return
        if self._channel is not None:
            self._channel.end()
        self._running = None
        self._stop.set()
        self._visit = visit
        self._channel = LosslessChannel(visit, self._heard_channel) if visit is not None else None
        if self._channel is not None and self._line is not None:
            self._channel.link_up(self._line)

    # --- our instrument ----------------------------------------------------------------------

    def start(self, recording: RecordId, site: str, stethoscope: Stethoscope | None) -> None:
        """ScopeBegan or ScopeRefused is told."""
        refused: Code | None = None
        if self._visit is None or self._channel is None:
            refused = Code.NO_VISIT_OPEN
        elif stethoscope is None:
            refused = Code.DEVICE_MISSING
        elif self._running is not None:
            refused = Code.DEVICE_BUSY
        if refused is not None or stethoscope is None or self._channel is None:
            self._tell(ScopeRefused(recording, refused or Code.DEVICE_MISSING), None)
            return
        self._running = recording
        self._stop = asyncio.Event()
        self._tasks.start(self._record(recording, site, stethoscope, self._channel), "record")

    @property
    def is_recording(self) -> bool:
        return self._running is not None

    def stop(self, recording: RecordId) -> None:
        if recording == self._running:
            self._stop.set()

    async def _record(
        self, recording: RecordId, site: str, stethoscope: Stethoscope, channel: LosslessChannel
    ) -> None:
        self._on_running(True)
        has_begun, is_complete, stop = False, True, self._stop
        sound = stethoscope.sound()
        try:
            async for block in sound:
                if stop.is_set():
                    break
                if not has_begun:
                    self._begin(channel, recording, site, block.sample_rate_hz, stethoscope.label)
                    has_begun = True
                if not channel.record(recording, block.samples):
                    break
        except Failure as failure:
            log.warning("stethoscope: %s", failure.code)
            is_complete = False
            if not has_begun:
                self._tell(ScopeRefused(recording, failure.code), None)
        finally:
            await sound.aclose()
            if self._running == recording:
                self._running = None
                if has_begun:
                    channel.finish(recording, is_complete=is_complete)
            self._on_running(False)

    def _begin(
        self, channel: LosslessChannel, recording: RecordId, site: str, rate_hz: int, source: str
    ) -> None:
        assert self._visit is not None
        channel.start(ScopeHeader(recording, self._visit, site, rate_hz, source))
        self._tell(ScopeBegan(recording), None)

    # --- the line ----------------------------------------------------------------------------

    def line_is(self, line: Line | None) -> None:
        """A link came up, or the one that was used went down."""
        self._line = line
        if self._channel is None:
            return
        if line is None:
            self._channel.link_down()
        else:
            self._channel.link_up(line)

    def heard(self, data: bytes) -> None:
        if self._channel is not None:
            self._channel.heard(data)

    def _heard_channel(self, event: ScopeEvent) -> None:
        match event:
            case ScopeDone():
                self.shelf.add(event)
            case ScopeProof():
                self.shelf.prove(event)
            case ScopeProgress():
                self._tell(event, None)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            if self._channel is not None:
                self._channel.tick()
