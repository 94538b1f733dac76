"""A cuff that measures what a test tells it to, always for the visit it was started for."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from app.domain.clock import Clock
from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import VisitId
from app.domain.measurement import (
    LiveValue,
    Measurement,
    NoMeasurement,
    QualityFlag,
    Quantity,
    VitalKind,
)

CUFF = DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "Cuff of the tests", "/dev/ttyTest")
WAITING = 1000


class FakeCuff:
    """Fulfils ports.Cuff. One that was not chosen says nothing, as a slot's place does."""

    def __init__(self, clock: Clock, *, is_chosen: bool = True) -> None:
        self._clock = clock
        self._since = clock.now()
        self._events: asyncio.Queue[CuffEvent] = asyncio.Queue(WAITING)
        self.visit: VisitId | None = None
        self.presence = Presence.FOUND
        self.starts: list[VisitId] = []
        self.stops = 0
        self.stop_refusal: Failure | None = None
        if is_chosen:
            self._tell_state()

    # --- what a test does ------------------------------------------------------------------

    def inflates_to(self, mmhg: int) -> None:
        pressure = Quantity(VitalKind.CUFF_PRESSURE_MMHG, Decimal(mmhg))
        self._tell(LiveValue(self.visit, pressure, self._clock.now()))

    def measures(self, systolic: int, diastolic: int, pulse: int = 71) -> Measurement:
        """The result of what was started; asked for once, answered once."""
        visit, self.visit = self.visit, None
        return self.tells_a_result_for(visit, systolic, diastolic, pulse)

    def tells_a_result_for(
        self, visit: VisitId | None, systolic: int, diastolic: int, pulse: int = 71
    ) -> Measurement:
        measured = measurement(visit, systolic, diastolic, pulse, at=self._clock)
        self._tell(measured)
        self._tell_state()
        return measured

    def tells_from_memory(
        self, systolic: int, diastolic: int, pulse: int, at: datetime | None
    ) -> Measurement:
        """What lay in its store; `at` None: its clock was never set."""
        return self._tells_stored(None, systolic, diastolic, pulse, at)

    def answers_with_its_memory(
        self, systolic: int, diastolic: int, pulse: int, at: datetime
    ) -> Measurement:
        """It was started, and tells what it had before."""
        visit, self.visit = self.visit, None
        return self._tells_stored(visit, systolic, diastolic, pulse, at)

    def _tells_stored(
        self,
        visit: VisitId | None,
        systolic: int,
        diastolic: int,
        pulse: int,
        at: datetime | None,
    ) -> Measurement:
        plain = measurement(visit, systolic, diastolic, pulse, at=self._clock)
        undated = set() if at is not None else {QualityFlag.UNDATED}
        told = replace(
            plain,
            device=replace(CUFF, serial_number="SN-7"),
            device_time=at,
            quality=frozenset({QualityFlag.FROM_MEMORY, *undated}),
        )
        self._tell(told)
        self._tell_state()
        return told

    def fails(self, reason: Code) -> None:
        visit, self.visit = self.visit, None
        self._tell(NoMeasurement(visit, reason, CUFF, self._clock.now()))
        self._tell_state()

    def tells(self, measured: Measurement) -> None:
        """Word for word."""
        self.visit = None
        self._tell(measured)
        self._tell_state()

    def is_chosen_here(self) -> None:
        self.presence, self._since = Presence.FOUND, self._clock.now()
        self._tell_state()

    def is_forgotten(self) -> None:
        status = DeviceStatus(CUFF, Presence.MISSING, self._clock.now(), Code.DEVICE_MISSING)
        self._tell(CuffState(status, is_running=False, is_chosen=False))

    def is_pulled(self) -> None:
        self.presence, self._since = Presence.MISSING, self._clock.now()
        self._tell_state()

    # --- ports.Cuff ------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[CuffEvent]:
        while True:
            yield await self._events.get()

    async def start(self, visit: VisitId) -> None:
        if self.presence is Presence.MISSING:
            raise Unavailable(Code.DEVICE_PULLED)
        if self.visit is not None:
            raise Rejected(Code.DEVICE_BUSY)
        self.visit = visit
        self.starts.append(visit)
        self._tell_state()

    async def stop(self) -> None:
        self.stops += 1
        if self.stop_refusal is not None:
            raise self.stop_refusal
        if self.visit is not None:
            self.fails(Code.CUFF_STOPPED)

    def _tell_state(self) -> None:
        reason = Code.DEVICE_PULLED if self.presence is Presence.MISSING else None
        status = DeviceStatus(CUFF, self.presence, self._since, reason)
        self._tell(CuffState(status, self.visit is not None, self.visit))

    def _tell(self, event: CuffEvent) -> None:
        self._events.put_nowait(event)


def measurement(
    visit: VisitId | None, systolic: int, diastolic: int, pulse: int = 71, *, at: Clock
) -> Measurement:
    kinds = (VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG, VitalKind.PULSE_PER_MINUTE)
    values = (systolic, diastolic, pulse)
    return Measurement(
        visit=visit,
        quantities=tuple(
            Quantity(kind, Decimal(value)) for kind, value in zip(kinds, values, strict=True)
        ),
        device=CUFF,
        device_time=None,
        received_at=at.now(),
        frame_sha256=hashlib.sha256(repr(values).encode()).hexdigest(),
    )
