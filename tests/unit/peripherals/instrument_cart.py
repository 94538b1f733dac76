"""Any simulated instrument on a line without wires, its monitor, and all that it told."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import Presence
from app.domain.ids import VisitId
from app.domain.measurement import Measurement, NoMeasurement, VitalKind
from app.services.ports import Cuff
from peripherals.catalogue import DRIVERS
from peripherals.drivers.owed import Owed
from peripherals.emulators.all_emulators import EMULATORS
from peripherals.emulators.key_pressed import SimulatedKeyPressed
from peripherals.emulators.suntech import Shown
from peripherals.emulators.tm2655 import SimulatedTm2655
from peripherals.emulators.wire_faults import WireFault, shaped
from peripherals.monitor import InstrumentMonitor
from peripherals.recording import Recorder
from tests.fakes.byte_port import FakeLine

CYCLE_S = 6.0
LIMIT_S = 20.0


def visit_of(number: int) -> VisitId:
    return VisitId(UUID(int=number))


def a_pressure(chance: random.Random) -> Shown:
    """Within what every device here can measure."""
    diastolic = chance.randint(55, 95)
    return Shown(diastolic + chance.randint(30, 60), diastolic, chance.randint(50, 110))


class InstrumentCart:
    """`is_new`: nothing was begun before it was there, unless a test says otherwise."""

    def __init__(
        self,
        name: str,
        traces: Path | None = None,
        cycle_s: float = CYCLE_S,
        *,
        is_new: bool = True,
    ) -> None:
        self.seen: list[str] = []
        self.emulator = EMULATORS[name]
        self.device = self.emulator.make(cycle_s, lambda command, raw: self.seen.append(command))
        if isinstance(self.device, SimulatedKeyPressed | SimulatedTm2655):
            self.device.wall_clock = lambda: self.line.clock.now().astimezone()
        self.wire = WireFault.NONE
        self._noise = random.Random(5)
        self.line = FakeLine(self._heard, self._tick)
        self.told: list[CuffEvent] = []
        self.driver = DRIVERS[name]
        recorder = None if traces is None else Recorder(traces, self.driver, self.line.clock)
        self.monitor = InstrumentMonitor(
            "fake",
            self.driver,
            clock=self.line.clock,
            make_port=self.line.port,
            is_port_there=self.line.is_there,
            recorder=recorder,
            sleep=self.line.clock.sleep,
            owed=Owed() if is_new else None,
        )
        self.instrument: Cuff = self.monitor  # mypy compares the two here

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Until the end all events are gathered in `told`."""
        async with asyncio.timeout(LIMIT_S):
            self._events = self.instrument.events()
            async with self.monitor:
                yield
            self.told += [event async for event in self._events]

    @asynccontextmanager
    async def found(self) -> AsyncIterator[None]:
        async with self.watched():
            await self.until(lambda: self.is_found)
            yield

    async def until(self, is_it: Callable[[], bool], limit_s: float = 400.0) -> None:
        end_s = self.line.clock.monotonic() + limit_s
        while not is_it():
            assert self.line.clock.monotonic() < end_s, "it did not happen"
            await self.passes(0.05)

    async def passes(self, seconds: float) -> None:
        end_s = self.line.clock.monotonic() + seconds
        while True:
            await asyncio.sleep(0)
            if self.line.clock.monotonic() >= end_s:
                break
        await self._gather()

    async def _gather(self) -> None:
        while True:
            try:
                async with asyncio.timeout(0):
                    self.told.append(await anext(self._events))
            except TimeoutError:
                return

    def press(self) -> None:
        self._send(self.device.pressed(self.line.clock.monotonic()))

    def measured(self) -> list[Measurement]:
        return [event for event in self.told if isinstance(event, Measurement)]

    def reasons(self) -> list[tuple[VisitId | None, str]]:
        return [(e.visit, str(e.reason)) for e in self.told if isinstance(e, NoMeasurement)]

    @property
    def is_found(self) -> bool:
        states = [event for event in self.told if isinstance(event, CuffState)]
        return bool(states) and states[-1].status.presence is Presence.FOUND

    def _heard(self, data: bytes, now_s: float) -> list[bytes]:
        return self._shaped(self.device.heard(data, now_s))

    def _tick(self, now_s: float) -> list[bytes]:
        return self._shaped(self.device.tick(now_s))

    def _send(self, answers: list[bytes]) -> None:
        assert not answers  # what a press brings, comes with time

    def _shaped(self, answers: list[bytes]) -> list[bytes]:
        sync = self.emulator.false_sync
        return [
            piece for answer in answers for _, piece in shaped(answer, self.wire, self._noise, sync)
        ]


def values_of(measured: Measurement) -> tuple[int, int, int]:
    kinds = (VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG, VitalKind.PULSE_PER_MINUTE)
    systolic, diastolic, pulse = (int(measured.value_of(kind) or 0) for kind in kinds)
    return systolic, diastolic, pulse
