"""One instrument and the one task that owns it: open, converse, publish, back off, open again.

The first word on every line of a cuff is abort: one that a killed program left running is let go.
Whether a measurement is plausible, and whose visit is open, is not asked here.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from app.domain.clock import Clock, SystemClock
from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import DeviceStatus, Presence
from app.domain.failures import Code, Unavailable
from app.domain.ids import VisitId
from app.runtime.tasks import TaskOwner
from peripherals.byte_port import BytePort, Chunk, MakePort, SwitchFired
from peripherals.drivers.driver import Codec, Conversation, Driver, Owing
from peripherals.drivers.fault import Fault
from peripherals.drivers.owed import Owed
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.event_stream import EventStream
from peripherals.moment import Moment, now_of
from peripherals.port_names import is_there, port_named
from peripherals.recording import Recorder

log = logging.getLogger(__name__)

TURN_S = 0.05
QUIET_TURNS = 2  # 100 ms without a byte: a begun frame will not be finished
CHUNKS_PER_TURN = 64
RENEW_EVERY_S = 1.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0
LOOK_FOR_PORT_S = 0.1


@dataclass(slots=True)
class _Line:
    """One life of the open port."""

    port: BytePort
    codec: Codec
    conversation: Conversation
    is_armed: bool = False
    renewed_s: float = 0.0
    quiet_turns: int = 0
    is_understood: bool = False  # a whole frame came
    is_heard: bool = False  # something came, whatever it was
    ignored: Counter[str] = field(default_factory=Counter)


class InstrumentMonitor:
    """Fulfils ports.Cuff for the instrument on `path`, which may come and go. For `async with`."""

    def __init__(
        self,
        path: str,
        driver: Driver,
        *,
        clock: Clock | None = None,
        make_port: MakePort = port_named,
        is_port_there: Callable[[str], bool] = is_there,
        recorder: Recorder | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_defect: Callable[[BaseException], None] | None = None,
        owed: Owed | None = None,
    ) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._driver = driver
        self._settings = cycle((driver.line, *driver.other_lines))
        self._setting = next(self._settings)
        self._make_port = make_port
        self._is_port_there = is_port_there
        self._recorder = recorder
        self._sleep = sleep
        self._tasks = TaskOwner(driver.name, on_defect)
        self._streams: WeakSet[EventStream] = WeakSet()
        self._line: _Line | None = None
        self._owed = owed  # of an earlier line, or program; None: nobody knows
        missing = DeviceStatus(
            driver.identity(path), Presence.MISSING, self._clock.now(), Code.DEVICE_MISSING
        )
        self._state = CuffState(missing, is_running=False)

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
        for stream in list(self._streams):
            stream.end()

    # --- what the service asks -----------------------------------------------------------------

    def events(self) -> AsyncIterator[CuffEvent]:
        """The present state first, then all that happens from this call on."""
        stream = EventStream()
        stream.put(self._state)
        self._streams.add(stream)
        return stream

    async def start(self, visit: VisitId) -> None:
        line = self._line
        if line is None or not line.conversation.is_ready:
            raise Unavailable(self._state.status.reason or Code.DEVICE_MISSING)
        said = line.conversation.start(visit, self._now())
        self._note("start")
        self._do(line, said)

    async def stop(self) -> None:
        """The bytes are handed to the port's thread before this returns."""
        if self._line is not None:
            self._note("stop")
            self._do(self._line, self._line.conversation.stop(self._now()))

    def _note(self, wish: str) -> None:
        if self._recorder is not None:
            self._recorder.wished(wish)

    # --- the task ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            reason = Code.DEVICE_MISSING
            if self._is_port_there(self._path):
                reason = await self._live_one_line()
            if self._state.status.presence is Presence.FOUND:
                pause_s = FIRST_PAUSE_S
            self._tell_missing(reason)
            await self._pause(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _pause(self, pause_s: float) -> None:
        """A port that is gone is not waited out: it is opened as soon as it is back."""
        end_s = self._clock.monotonic() + pause_s
        was_gone = False
        while True:
            is_port_there = self._is_port_there(self._path)
            if is_port_there and (was_gone or self._clock.monotonic() >= end_s):
                return
            was_gone = was_gone or not is_port_there
            await self._sleep(LOOK_FOR_PORT_S)

    async def _live_one_line(self) -> Code:
        """From open to lost; why it was lost."""
        conversation = self._driver.conversation(self._state.status.identity)
        if isinstance(conversation, Owing):
            conversation.owed = self._owed_to(conversation)
        line = _Line(self._port(), self._driver.codec(), conversation)
        reason = Code.CUFF_STOPPED  # when this task is cancelled
        try:
            await line.port.open()
            self._line = line
            self._do(line, conversation.opened(self._now()))
            await self._converse(line)
        except Unavailable as lost:
            reason = lost.code
        finally:
            self._line = None
            self._do(line, conversation.lost(reason, self._now()))
            await line.port.close()
            for what, times in line.ignored.items():
                log.info("%s: line closed; passed over %d times: %s", self._name, times, what)
        return reason

    def _owed_to(self, conversation: Owing) -> Owed:
        """Where nobody knows: as if one were begun just now, by a program that died."""
        if self._owed is None:
            self._owed = Owed([self._clock.monotonic() + conversation.longest_s])
        return self._owed

    def _port(self) -> BytePort:
        port = self._make_port(self._path, self._setting)
        return port if self._recorder is None else self._recorder.port(port, self._setting)

    async def _converse(self, line: _Line) -> None:
        while not line.conversation.is_silent:
            item = await line.port.read(TURN_S)
            line.quiet_turns = line.quiet_turns + 1 if item is None else 0
            chunks = 0
            while item is not None:  # all that waits is heard before time is judged
                self._heard(line, item)
                chunks += 1
                item = await line.port.read(0) if chunks < CHUNKS_PER_TURN else None
            if line.quiet_turns >= QUIET_TURNS:
                self._heard_frames(line, line.codec.idle(), self._now())
            self._do(line, line.conversation.tick(self._now()))
            self._renew(line)
            await asyncio.sleep(0)
        self._setting = next(self._settings)  # it may be set to another speed
        is_nonsense = line.is_heard and not line.is_understood
        raise Unavailable(Code.DEVICE_UNREADABLE if is_nonsense else Code.DEVICE_SILENT)

    def _heard(self, line: _Line, item: Chunk | SwitchFired) -> None:
        if isinstance(item, SwitchFired):
            line.is_armed = False
            self._do(line, line.conversation.aborted_by_switch(item.at))
        else:
            line.is_heard = True
            self._heard_frames(line, line.codec.feed(item.data), item.at)

    def _heard_frames(self, line: _Line, frames: Sequence[Any], at: Moment) -> None:
        for frame in frames:
            line.is_understood = line.is_understood or not isinstance(frame, Fault)
            self._do(line, line.conversation.heard(frame, at))

    # --- what comes of it ----------------------------------------------------------------------

    def _do(self, line: _Line, said: list[Said]) -> None:
        """The switch is armed before a start is written."""
        self._set_switch(line)
        for thing in said:
            if isinstance(thing, Send):
                (line.port.write_now if thing.is_urgent else line.port.write)(thing.data)
            elif isinstance(thing, Ignored):
                line.ignored[thing.what] += 1
            else:
                self._publish(thing)
        self._tell_line(line)

    def _set_switch(self, line: _Line) -> None:
        """Where nothing can be stopped, there is nothing to watch over."""
        is_running = line.conversation.is_running and bool(line.conversation.abort_bytes)
        if is_running and not line.is_armed:
            line.port.arm(line.conversation.abort_bytes)
            line.renewed_s = self._clock.monotonic()
        elif line.is_armed and not is_running:
            line.port.disarm()
        line.is_armed = is_running

    def _renew(self, line: _Line) -> None:
        now_s = self._clock.monotonic()
        if line.is_armed and now_s - line.renewed_s >= RENEW_EVERY_S:
            line.renewed_s = now_s
            line.port.renew()

    def _tell_line(self, line: _Line) -> None:
        status = self._state.status
        if line.conversation.is_ready and status.presence is Presence.MISSING and self._line:
            status = replace(status, presence=Presence.FOUND, since=self._clock.now(), reason=None)
            log.info("%s: found", self._name)
        self._tell(CuffState(status, line.conversation.is_running, line.conversation.visit))

    def _tell_missing(self, reason: Code) -> None:
        status = self._state.status
        if status.presence is Presence.FOUND:
            log.info("%s: lost: %s", self._name, reason)
            status = replace(
                status, presence=Presence.MISSING, since=self._clock.now(), reason=reason
            )
        elif not (reason is Code.DEVICE_MISSING and status.reason is Code.DEVICE_PULLED):
            status = replace(status, reason=reason)  # since when it is missing stays
        self._tell(CuffState(status, is_running=False))

    def _tell(self, state: CuffState) -> None:
        if state != self._state:
            self._state = state
            self._publish(state)

    def _publish(self, event: CuffEvent) -> None:
        for stream in list(self._streams):
            stream.put(event)

    @property
    def _name(self) -> str:
        return self._driver.name

    def _now(self) -> Moment:
        return now_of(self._clock)
