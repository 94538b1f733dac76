"""The instrument: a WAV file played in real time, or a sound input named by the user.

What comes out is bit for bit what the source gave: no gain, no filter, no change of rate. An input
that is pulled is waited for in the same recording; what is missing is told with what follows.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.domain.clock import Clock
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Impairment, Presence
from app.domain.device_health import clipped_samples
from app.domain.failures import Code, Failure
from media.auscultation.wav import SAMPLE_BYTES
from media.devices.scope_capture import FindInput, find_input, is_serial
from media.devices.scope_file import ScopeFile
from media.devices.scope_input import Pause, ScopeInput
from media.devices.scope_sound import ScopeSound as ScopeSound

LOWEST, HIGHEST = -32768, 32767

OnStatus = Callable[[DeviceStatus], None]


class Stethoscope:
    """`source`: the path of a WAV file, a sound input's name, None or "" for none.

    `on_status` is told of each change while it is in use; `pause` waits before it is looked for
    again, and may end sooner when something was plugged in.
    """

    def __init__(
        self,
        source: str | None,
        *,
        clock: Clock,
        is_looped: bool = False,
        on_status: OnStatus | None = None,
        find: FindInput = find_input,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._source = source or ""
        self._clock = clock
        self._on_status = on_status or (lambda status: None)
        self._file = ScopeFile(self._source, is_looped=is_looped)
        self._input = ScopeInput(self._source, self._changed, find=find, pause=pause)
        self._clipping = clipped_samples()
        self._status = DeviceStatus(
            DeviceIdentity(DeviceKind.STETHOSCOPE, self.label or "none", self.label or "none"),
            Presence.MISSING,
            clock.now(),
            Code.DEVICE_MISSING,
        )

    @property
    def is_file(self) -> bool:
        is_path = self._source.lower().endswith(".wav") or os.sep in self._source
        return is_path and not is_serial(self._source)

    @property
    def label(self) -> str:
        """As records name it; a file says that it is one."""
        return f"file {Path(self._source).name}" if self.is_file else self._source

    @property
    def status(self) -> DeviceStatus:
        """As last seen; `look()` looks again."""
        return self._status

    async def look(self) -> DeviceStatus:
        """Is it there? Opens nothing: whether it works shows when it is used."""
        try:
            await (self._file.look() if self.is_file else self._input.look())
        except Failure as failure:
            self._changed(failure.code)
        else:
            self._changed(None)
        return self._status

    async def sound(self) -> AsyncGenerator[ScopeSound, None]:
        """Blocks in real time until the file ends or the taker stops.

        Unavailable or Rejected when the instrument is not there, or what is there is another one:
        what came before stays good, the recording is then not complete.
        """
        self._clipping = clipped_samples()
        sound = self._file.sound() if self.is_file else self._input.sound()
        try:
            async with aclosing(sound) as blocks:
                async for block in blocks:
                    self._look_at(block)
                    yield block
        except Failure as failure:
            self._changed(failure.code)
            raise

    def _changed(self, code: Code | None) -> None:
        """`code` None: it is there."""
        presence = Presence.FOUND if code is None else Presence.MISSING
        before, known, is_there = self._status, self._input.known, code is None
        self._tell(
            replace(
                before,
                presence=presence,
                since=before.since if presence is before.presence else self._clock.now(),
                reason=code,
                impairment=before.impairment if is_there else None,
                impaired_since=before.impaired_since if is_there else None,
                firmware="" if known is None else known.usb.release,
            )
        )

    def _look_at(self, block: ScopeSound) -> None:
        if block.is_away:
            return
        if self._status.presence is Presence.MISSING:
            self._changed(None)
        values = np.frombuffer(block.samples, dtype="<i2")
        clipped = int(np.count_nonzero((values == LOWEST) | (values == HIGHEST)))
        now_s = self._clock.monotonic()
        self._clipping.heard(len(block.samples) // SAMPLE_BYTES - clipped, clipped, now_s)
        is_clipping = self._clipping.is_too_much(now_s)
        if is_clipping != (self._status.impairment is not None):
            self._impaired(is_clipping)

    def _impaired(self, is_clipping: bool) -> None:
        impairment = Impairment.CLIPPING if is_clipping else None
        since = self._clock.now() if is_clipping else None
        self._tell(replace(self._status, impairment=impairment, impaired_since=since))

    def _tell(self, status: DeviceStatus) -> None:
        if status != self._status:
            self._status = status
            self._on_status(status)
