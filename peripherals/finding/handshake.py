"""Whether a device of this model answers on that port: opened, greeted, closed. Nothing is started.

Only what the driver says on every line that it opens is said here, which moves nothing and inflates
nothing; `start` of its conversation is never called.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from app.domain.clock import Clock
from app.domain.device_binding import Answer, Tried
from app.domain.failures import Code, Unavailable
from app.domain.measurement import Measurement
from peripherals.byte_port import BytePort, Chunk, MakePort
from peripherals.drivers.driver import Driver
from peripherals.drivers.fault import Fault
from peripherals.drivers.said import Said, Send
from peripherals.moment import now_of

log = logging.getLogger(__name__)

LIMIT_S = 3.0
TURN_S = 0.05
MOST_TOLD = 500  # a device's whole memory
QUIET_TURNS = 2  # as in the monitor: a begun frame will not be finished

_ANSWER_OF = {
    Code.DEVICE_MISSING: Answer.MISSING,
    Code.DEVICE_PULLED: Answer.MISSING,
    Code.DEVICE_BUSY: Answer.BUSY,
    Code.DEVICE_UNUSABLE: Answer.UNUSABLE,
    Code.DEVICE_UNREADABLE: Answer.UNREADABLE,
}
# With these another speed of the same line may do.
_NOT_YET = (Answer.LISTENING, Answer.UNREADABLE, Answer.SILENT)


def answer_to(reason: Code | None) -> Answer:
    """What a reason that a monitor gives comes to."""
    return Answer.SILENT if reason is None else _ANSWER_OF.get(reason, Answer.SILENT)


async def shake_hands(
    driver: Driver, make_port: MakePort, path: str, clock: Clock, *, limit_s: float = LIMIT_S
) -> Tried:
    """What came of it, at every speed that the unit may be set to; the port is closed again."""
    answers, told = list[Answer](), list[Measurement]()
    for line in (driver.line, *driver.other_lines):
        tried = await _shake(driver, make_port(path, line), path, clock, limit_s)
        answers.append(tried.answer)
        told += tried.told
        if tried.answer not in _NOT_YET:
            break
    answer = answers[-1] if answers[-1] not in _NOT_YET else min(answers, key=_NOT_YET.index)
    log.info("handshake with %s: %s", driver.name, answer)
    return Tried(answer, tuple(told))


async def _shake(driver: Driver, port: BytePort, path: str, clock: Clock, limit_s: float) -> Tried:
    greeting = _Greeting(driver, port, path, clock)
    try:
        await port.open()
        answer = await greeting.until_answered(limit_s)
    except Unavailable as away:
        answer = answer_to(away.code)
    finally:
        await port.close()
    return Tried(answer, tuple(greeting.told))


class _Greeting:
    def __init__(self, driver: Driver, port: BytePort, path: str, clock: Clock) -> None:
        self._port = port
        self._clock = clock
        self._codec = driver.codec()
        self._conversation = driver.conversation(driver.identity(path))
        self._frames = 0
        self._bytes = 0
        self.told: list[Measurement] = []

    async def until_answered(self, limit_s: float) -> Answer:
        ends_s = self._clock.monotonic() + limit_s
        quiet_turns = 0
        self._send(self._conversation.opened(now_of(self._clock)))
        while self._clock.monotonic() < ends_s and not self._conversation.is_silent:
            item = await self._port.read(TURN_S)
            quiet_turns = 0 if item is not None else quiet_turns + 1
            if isinstance(item, Chunk):
                self._bytes += len(item.data)
                self._heard(self._codec.feed(item.data))
            elif quiet_turns == QUIET_TURNS:
                self._heard(self._codec.idle())
            if self._conversation.is_ready and self._frames:
                return Answer.ANSWERED
            self._send(self._conversation.tick(now_of(self._clock)))
            await asyncio.sleep(0)
        if self._bytes and not self._frames:
            return Answer.UNREADABLE
        return Answer.LISTENING if self._conversation.is_ready else Answer.SILENT

    def _heard(self, frames: Sequence[Any]) -> None:
        for frame in frames:
            self._frames += not isinstance(frame, Fault)
            self._send(self._conversation.heard(frame, now_of(self._clock)))

    def _send(self, said: list[Said]) -> None:
        for thing in said:
            if isinstance(thing, Send):
                self._port.write(thing.data)
            elif isinstance(thing, Measurement) and len(self.told) < MOST_TOLD:
                self.told.append(thing)
