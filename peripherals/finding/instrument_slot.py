"""The place of one kind of instrument: whatever model stands there, whoever listens goes on.

Fulfils ports.Cuff. Which driver speaks here, and behind which port, is the desk's business; the
slot adds to each state what the monitor does not know: the port of today, faults of the line,
evidence.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol
from weakref import WeakSet

from app.domain.clock import Clock
from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import DeviceKind, DeviceStatus, Impairment, Presence
from app.domain.device_health import BadShare, impairment_of, line_faults
from app.domain.failures import Code, Unavailable
from app.domain.ids import VisitId
from app.domain.measurement import Measurement
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from peripherals.drivers.driver import Driver
from peripherals.event_stream import WAITING_EVENTS, EventStream
from peripherals.finding.counted_codec import counted

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0


@dataclass(slots=True)
class Place:
    """Where the instrument is: `path` None while it is nowhere. The desk changes it."""

    path: str | None
    last_path: str

    def is_there(self, _: str) -> bool:
        return self.path is not None

    def moves_to(self, path: str | None) -> None:
        self.path = path
        self.last_path = path or self.last_path


class Monitor(Protocol):
    """What a slot needs of whoever looks after one line (peripherals/monitor.py)."""

    async def __aenter__(self) -> Any: ...
    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None: ...
    def events(self) -> AsyncIterator[CuffEvent]: ...
    async def start(self, visit: VisitId) -> None: ...
    async def stop(self) -> None: ...


MakeMonitor = Callable[[Driver, Place], Monitor]


class InstrumentSlot:
    """`status` None: no instrument of this kind was ever chosen here. For one loop; `close` it."""

    def __init__(
        self,
        kind: DeviceKind,
        clock: Clock,
        make_monitor: MakeMonitor,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_defect: Callable[[BaseException], None] | None = None,
    ) -> None:
        self.kind = kind
        self._clock = clock
        self._make_monitor = make_monitor
        self._sleep = sleep
        self._tasks = TaskOwner(f"slot of {kind}", on_defect)
        self._streams: WeakSet[EventStream] = WeakSet()
        self._unheard: deque[Measurement] = deque(maxlen=WAITING_EVENTS)  # nobody listened
        self._monitor: Monitor | None = None
        self._driver: Driver | None = None
        self._place = Place(None, "")
        self._state: CuffState | None = None
        self._line: BadShare = line_faults()
        self._said_of_itself: Impairment | None = None
        self.has_heard = False  # a whole frame, since this model stands here
        self.status: Broadcast[DeviceStatus | None] = Broadcast(None)

    @property
    def driver(self) -> Driver | None:
        return self._driver

    async def hold(self, driver: Driver, place: Place) -> None:
        """From now on this model stands here; an earlier one is let go, and its cuff stopped."""
        await self.let_go()
        self._line, self._said_of_itself, self.has_heard = line_faults(), None, False
        self._driver, self._place = driver, place
        monitor = self._make_monitor(counted(driver, self._counted), place)
        self._monitor = monitor
        await monitor.__aenter__()
        self._tasks.start_lasting(lambda: self._listen(monitor), "listen")
        self._tasks.start_lasting(lambda: self._look_after(monitor), "look after the line")

    async def let_go(self) -> None:
        monitor, self._monitor, self._driver = self._monitor, None, None
        if monitor is None:
            return
        await monitor.__aexit__(None, None, None)
        if self._state is not None:  # whoever listens must not believe that it is still there
            gone = DeviceStatus(
                self._state.status.identity,
                Presence.MISSING,
                self._clock.now(),
                Code.DEVICE_MISSING,
            )
            self._publish(CuffState(gone, is_running=False, is_chosen=False))
        self._state = None
        self.status.tell(None)

    async def close(self) -> None:
        await self.let_go()
        await self._tasks.close()
        for stream in list(self._streams):
            stream.end()

    def moved(self) -> None:
        """The desk has changed the place's path."""
        if self._state is not None:
            self._heard(self._state)

    async def until_found(self, limit_s: float) -> bool:
        """Whether the instrument answers, within the limit."""
        found = asyncio.Event()

        def looked(status: DeviceStatus | None) -> None:
            if status is not None and status.presence is Presence.FOUND:
                found.set()

        stop = self.status.listen(looked)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await found.wait()
        finally:
            stop()
        return found.is_set()

    # --- what the service asks -------------------------------------------------------------------

    def events(self) -> AsyncIterator[CuffEvent]:
        """The present state first, where there is one, then all that happens from this call on.

        What was measured while nobody listened is heard by the first who does.
        """
        stream = EventStream()
        if self._state is not None:
            stream.put(self._state)
        while self._unheard:
            stream.put(self._unheard.popleft())
        self._streams.add(stream)
        return stream

    async def start(self, visit: VisitId) -> None:
        if self._monitor is None:
            raise Unavailable(Code.DEVICE_MISSING)
        await self._monitor.start(visit)

    async def stop(self) -> None:
        if self._monitor is not None:
            await self._monitor.stop()

    # --- what the monitor tells ------------------------------------------------------------------

    async def _listen(self, monitor: Monitor) -> None:
        async for event in monitor.events():
            if self._monitor is monitor or not isinstance(event, CuffState):
                self._heard(event)

    def tell(self, measured: Measurement) -> None:
        """What an instrument of this kind said while it was tried: for nobody, and not lost."""
        self._publish(measured)

    def _heard(self, event: CuffEvent) -> None:
        if isinstance(event, CuffState):
            event = replace(event, status=self._told(event.status))
            self._state = event
            self.status.tell(event.status)
        elif isinstance(event, Measurement):
            self._said_of_itself = impairment_of(event.quality)
        self._publish(event)

    async def _look_after(self, monitor: Monitor) -> None:
        """A line gets worse or better without a word of the monitor."""
        while self._monitor is monitor:
            await self._sleep(LOOK_EVERY_S)
            state = self._state
            if state is not None and self._told(state.status) != state.status:
                self._heard(state)

    def _counted(self, frames: int, faults: int) -> None:
        self.has_heard = self.has_heard or frames > 0
        self._line.heard(frames, faults, self._clock.monotonic())

    def _told(self, status: DeviceStatus) -> DeviceStatus:
        """The monitor's status, and what is known besides."""
        impairment = self._impairment() if status.presence is Presence.FOUND else None
        before = self._state.status if self._state is not None else None
        since = None if impairment is None else self._clock.now()
        if before is not None and before.impairment is impairment:
            since = before.impaired_since
        elif impairment is not None:
            log.warning("%s degraded: %s", self.kind, impairment)
        return replace(
            status,
            identity=replace(status.identity, port=self._place.last_path),
            evidence=None if self._driver is None else self._driver.evidence,
            impairment=impairment,
            impaired_since=since,
        )

    def _impairment(self) -> Impairment | None:
        if self._line.is_too_much(self._clock.monotonic()):
            return Impairment.LINE_FAULTS
        return self._said_of_itself

    def _publish(self, event: CuffEvent) -> None:
        if isinstance(event, Measurement) and not self._streams:
            self._unheard.append(event)
        for stream in list(self._streams):
            stream.put(event)
