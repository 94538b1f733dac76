"""Any instrument but the cuff: it streams and measures what a test tells it to, for its visit."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal

from app.domain.clock import Clock
from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement, Quantity, VitalKind

WAITING = 1000


class FakeInstrument:
    """Fulfils ports.Instrument. A stream goes on after its measurement, until it is stopped.

    Like a slot that nothing was chosen for, it says nothing before it `appears`.
    """

    def __init__(self, kind: DeviceKind, clock: Clock, *, is_stream: bool = False) -> None:
        self.identity = DeviceIdentity(kind, f"{kind} of the tests", f"/dev/{kind}", "SN-1", "1")
        self._clock = clock
        self._is_stream = is_stream
        self._since = clock.now()
        self._events: asyncio.Queue[CuffEvent] = asyncio.Queue(WAITING)
        self._is_answered = False
        self.visit: VisitId | None = None
        self.presence = Presence.MISSING
        self.starts: list[VisitId] = []
        self.stops = 0
        self.when_started: Callable[[], Awaitable[None]] | None = None

    # --- what a test does ------------------------------------------------------------------

    def appears(self) -> None:
        self.presence, self._since = Presence.FOUND, self._clock.now()
        self._tell_state()

    def is_pulled(self) -> None:
        self.presence, self._since, self.visit = Presence.MISSING, self._clock.now(), None
        self._tell_state()

    def streams(self, **values: str) -> None:
        for name, value in values.items():
            quantity = Quantity(VitalKind[name], Decimal(value))
            self._tell(LiveValue(self.visit, quantity, self._clock.now()))

    def measures(self, **values: str) -> Measurement:
        """Asked once, answered once; what comes after that nobody asked for."""
        visit = None if self._is_answered else self.visit
        self._is_answered = True
        if not self._is_stream:
            self.visit = None
        return self.tells(visit, **values)

    def tells(self, visit: VisitId | None, **values: str) -> Measurement:
        told = Measurement(
            visit=visit,
            quantities=tuple(
                Quantity(VitalKind[name], Decimal(value)) for name, value in values.items()
            ),
            device=self.identity,
            device_time=None,
            received_at=self._clock.now(),
            frame_sha256=hashlib.sha256(repr(values).encode()).hexdigest(),
        )
        self._tell(told)
        self._tell_state()
        return told

    def fails(self, reason: Code) -> None:
        visit, self.visit = self.visit, None
        self._tell(NoMeasurement(visit, reason, self.identity, self._clock.now()))
        self._tell_state()

    # --- ports.Instrument ------------------------------------------------------------------

    async def events(self) -> AsyncIterator[CuffEvent]:
        while True:
            yield await self._events.get()

    async def start(self, visit: VisitId) -> None:
        if self.presence is Presence.MISSING:
            raise Unavailable(Code.DEVICE_PULLED)
        if self.visit is not None:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit, self._is_answered = visit, False
        self.starts.append(visit)
        self._tell_state()
        if self.when_started is not None:
            await self.when_started()

    async def stop(self) -> None:
        self.stops += 1
        self.visit = None
        self._tell_state()

    def _tell_state(self) -> None:
        reason = Code.DEVICE_PULLED if self.presence is Presence.MISSING else None
        status = DeviceStatus(self.identity, self.presence, self._since, reason)
        self._tell(CuffState(status, self.visit is not None, self.visit))

    def _tell(self, event: CuffEvent) -> None:
        self._events.put_nowait(event)
