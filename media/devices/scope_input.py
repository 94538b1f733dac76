"""One named sound input through unplugging and return: the sound goes on, the gap is told.

Owns no process: `record` starts one for each life of the device. A device of another identity or
rate under the same name is not the same instrument.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from app.domain.failures import Code, Failure, Unavailable
from app.runtime.tasks import TaskOwner
from media.auscultation.wav import SAMPLE_BYTES
from media.devices.capture_words import Captured
from media.devices.scope_capture import FindInput, Input, capture, find_input
from media.devices.scope_sound import ScopeSound

log = logging.getLogger(__name__)

PAUSES_S = (0.2, 0.4, 0.8, 1.6, 2.0)  # until it is looked for again
TELL_AWAY_EVERY_S = 0.2
AWAY_LIMIT_S = 600.0  # the longest recording
WAITING_MOST = 1024  # pieces of 20 ms; whoever takes none for so long is told of an overrun
# What passes when the device comes back. All else ends the sound.
PASSING = frozenset(
    {
        Code.DEVICE_PULLED,
        Code.DEVICE_MISSING,
        Code.DEVICE_SILENT,
        Code.DEVICE_BUSY,
        Code.NO_SOUND_DEVICE,
        Code.ANOTHER_DEVICE,
        Code.OVERRUN,
        Code.MALFORMED,
    }
)

Record = Callable[[Input], AsyncGenerator[Captured, None]]
Pause = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Gone:
    """In the place of a piece: it is away; `is_over` when it is not waited for."""

    failure: Failure
    rate_hz: int
    is_over: bool


class ScopeInput:
    """`on_change(None)`: it is there; a code: why it is not."""

    def __init__(
        self,
        name: str,
        on_change: Callable[[Code | None], None],
        *,
        find: FindInput = find_input,
        record: Record = capture,
        pause: Pause = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._on_change = on_change
        self._find = find
        self._record = record
        self._pause = pause
        self._now = now
        self.known: Input | None = None  # as it was found first

    async def look(self) -> None:
        """Unavailable or Rejected when it is not there; opens nothing."""
        if not self._name:
            raise Unavailable(Code.DEVICE_MISSING, "stethoscope")
        await self._found()

    async def sound(self) -> AsyncGenerator[ScopeSound, None]:
        """Until the taker stops. What never began, or has no way back, ends as a Failure."""
        if not self._name:
            raise Unavailable(Code.DEVICE_MISSING, "stethoscope")
        pieces: asyncio.Queue[ScopeSound | _Gone] = asyncio.Queue(WAITING_MOST)
        async with TaskOwner("stethoscope") as tasks:
            feeding = tasks.start(self._feed(pieces), "feed")
            rate_hz = 0  # while it is away; else 0
            while True:
                piece = await _next(pieces)
                if isinstance(piece, ScopeSound):
                    rate_hz = 0
                    yield piece
                elif isinstance(piece, _Gone):
                    if piece.is_over:
                        raise piece.failure
                    rate_hz = piece.rate_hz
                elif feeding.done():
                    raise Unavailable(Code.DEVICE_UNUSABLE, "stethoscope")
                if rate_hz:
                    yield ScopeSound(b"", rate_hz, is_away=True)

    async def _feed(self, pieces: asyncio.Queue[ScopeSound | _Gone]) -> None:
        rate_hz, tries, ended_s = 0, 0, self._now()
        while True:
            try:
                async with aclosing(self._record(await self._found())) as recorded:
                    async for piece in recorded:
                        if rate_hz not in (0, piece.rate_hz):
                            raise Unavailable(Code.ANOTHER_DEVICE, "stethoscope")
                        missing_ms = 0
                        if rate_hz and tries:
                            missing_ms = _milliseconds(self._now() - _length_s(piece) - ended_s)
                        elif piece.missing:
                            missing_ms = _milliseconds(piece.missing / piece.rate_hz)
                        if not rate_hz or tries:
                            self._on_change(None)
                        rate_hz, tries, ended_s = piece.rate_hz, 0, self._now()
                        await pieces.put(ScopeSound(piece.samples, rate_hz, missing_ms))
            except Failure as failure:
                log.info("stethoscope: %s", failure.code)
                self._on_change(failure.code)
                is_late = self._now() - ended_s > AWAY_LIMIT_S
                is_over = not rate_hz or is_late or failure.code not in PASSING
                await pieces.put(_Gone(failure, rate_hz, is_over))
                if is_over:
                    return
            await self._pause(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    async def _found(self) -> Input:
        found = await self._find(self._name, self.known)
        self.known = self.known or found
        return found


async def _next(pieces: asyncio.Queue[ScopeSound | _Gone]) -> ScopeSound | _Gone | None:
    """None when nothing came for a while: the taker may want to stop."""
    try:
        async with asyncio.timeout(TELL_AWAY_EVERY_S):
            return await pieces.get()
    except TimeoutError:
        return None


def _length_s(piece: Captured) -> float:
    return len(piece.samples) / SAMPLE_BYTES / piece.rate_hz


def _milliseconds(gap_s: float) -> int:
    """A gap that is told is at least one."""
    return max(1, round(gap_s * 1000))
