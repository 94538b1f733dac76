"""The head that an exam camera stands on: one task owns its line, opens it again, and stops it.

Fulfils the service's CameraMover. A move that is under way when nobody looks after it any more is
stopped by the port's dead man's switch.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from app.domain.camera_moves import Move
from app.domain.clock import Clock, SystemClock
from app.domain.failures import Code, Rejected, Unavailable
from app.runtime.tasks import TaskOwner
from peripherals.byte_port import BytePort, Chunk, MakePort
from peripherals.drivers.visca.codec import LINE, Acknowledged, Refused, ViscaCodec
from peripherals.drivers.visca.conversation import ViscaConversation
from peripherals.moment import Moment, now_of
from peripherals.port_names import is_there, port_named

log = logging.getLogger(__name__)

TURN_S = 0.05
QUIET_TURNS = 2
RENEW_EVERY_S = 1.0
ANSWER_LIMIT_S = 0.4  # a head that says nothing to it may move all the same
PAUSES_S = (0.2, 0.4, 0.8, 1.6, 2.0)


class CameraHead:
    """For `async with`."""

    def __init__(
        self,
        path: str,
        *,
        clock: Clock | None = None,
        make_port: MakePort = port_named,
        is_port_there: Callable[[str], bool] = is_there,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_defect: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._make_port = make_port
        self._is_port_there = is_port_there
        self._sleep = sleep
        self._port: BytePort | None = None
        self._talk = ViscaConversation()
        self._is_armed = False
        self._renewed_s = 0.0
        self._answered = asyncio.Event()
        self._tasks = TaskOwner("camera head", on_defect)

    async def __aenter__(self) -> Self:
        self._tasks.start_lasting(self._watch, "watch the port")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.close()

    @property
    def moves(self) -> frozenset[Move]:
        """All, as soon as it has answered once on this line."""
        return frozenset(Move) if self._port is not None and self._talk.is_ready else frozenset()

    async def make(self, move: Move) -> None:
        """Rejected(CAMERA_CANNOT_MOVE) when it says no, or Unavailable without a head."""
        port, talk = self._port, self._talk
        if port is None or not talk.is_ready:
            raise Unavailable(Code.DEVICE_MISSING, "camera head")
        self._answered.clear()
        self._send(port, talk.make(move, self._now()))
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self._answered.wait()
        if talk.refused is not None:
            raise Rejected(talk.refused, "camera head")

    # --- the task --------------------------------------------------------------------------------

    async def _watch(self) -> None:
        tries = 0
        while True:
            if self._is_port_there(self._path):
                was_ready = await self._live_one_line()
                tries = 0 if was_ready else tries
            await self._sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    async def _live_one_line(self) -> bool:
        """From open to lost; whether it had answered."""
        port, talk = self._make_port(self._path, LINE), ViscaConversation()
        self._talk = talk
        try:
            await port.open()
            self._port = port
            self._send(port, talk.opened(self._now()))
            await self._converse(port, talk)
        except Unavailable as lost:
            log.info("camera head lost: %s", lost.code)
        finally:
            self._port, self._is_armed = None, False
            await port.close()  # a switch that is armed sends its stop first
        return talk.is_ready

    async def _converse(self, port: BytePort, talk: ViscaConversation) -> None:
        codec, quiet_turns = ViscaCodec(), 0
        while not talk.is_silent(self._now()):
            item = await port.read(TURN_S)
            quiet_turns = quiet_turns + 1 if item is None else 0
            if isinstance(item, Chunk):
                for frame in codec.feed(item.data):
                    self._send(port, talk.heard(frame, item.at))
                    if isinstance(frame, Acknowledged | Refused):
                        self._answered.set()
            elif item is not None:
                self._is_armed = False
                talk.stopped_by_switch()
            if quiet_turns == QUIET_TURNS:
                codec.idle()
            self._send(port, talk.tick(self._now()))
        raise Unavailable(Code.DEVICE_SILENT, "camera head")

    def _send(self, port: BytePort, data: bytes) -> None:
        """The switch is armed before a drive is written, and let go after its stop."""
        talk, now_s = self._talk, self._clock.monotonic()
        if talk.is_running and not self._is_armed:
            port.arm(talk.abort_bytes)
            self._is_armed, self._renewed_s = True, now_s
        if data:
            port.write(data)
        if self._is_armed and not talk.is_running:
            port.disarm()
            self._is_armed = False
        elif self._is_armed and now_s - self._renewed_s >= RENEW_EVERY_S:
            port.renew()
            self._renewed_s = now_s

    def _now(self) -> Moment:
        return now_of(self._clock)
