"""A cart, three patients and their instruments; and, kept beside the code, whose body was measured.

A `Life` is one run of the program on the store that outlives it: services, monitors and
conversations are the real ones, wired as main.py wires them.
"""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.access import Role
from app.domain.bp_protocol import BpPolicy
from app.domain.changes import ConfirmedRecord, FeedPage
from app.domain.device import DeviceKind
from app.domain.engine import Equipment
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.measurement import Measurement, VitalKind
from app.domain.people import Person
from app.domain.visits import VisitState
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.bp_protocol import BpProtocol, BpProtocolState
from app.services.call import Call
from app.services.chart import Chart
from app.services.desk import Desk
from app.services.ports import Instrument
from app.services.switchboard import Switchboard
from app.services.tray import Tray
from app.services.visits import Visits
from app.services.vitals import Vitals
from app.services.vitals_state import VitalsState
from peripherals.catalogue import DRIVERS
from peripherals.drivers.owed import Owed
from peripherals.emulators.hbp9030 import line as hbp9030_line
from peripherals.emulators.key_pressed import SimulatedKeyPressed
from peripherals.emulators.memory import Memory
from peripherals.emulators.microlife import SimulatedMicrolife
from peripherals.emulators.suntech import Activity, Shown, SimulatedSunTech
from peripherals.monitor import InstrumentMonitor
from tests.fakes.channel import FakeChannel
from tests.fakes.engine import FakeEngine
from tests.fakes.inline_store import InlineStore
from tests.fakes.time_loop import LoopClock, settled
from tests.story.attribution.wires import Wire, maker
from tests.unit.services.given import Known, patient_record, visit_record

CYCLE_S = 2.0  # of the cuff; a real one takes fifteen times as long
KEY_CYCLE_S = 7.0  # of the monitor with its own key: never less than a measurement can take
PATIENTS = 3
POLICY = BpPolicy(rest_s=1.0, readings=2, interval_s=0.5, most_tries=4)
EQUIPMENT = Equipment(camera=None, microphone=None, speaker=None, scope=None)

Values = tuple[int, int, int]
# The service knows them by the place they are plugged into; what they are, they say themselves.
CUFF, KEYED, MEMORY = DeviceKind.BLOOD_PRESSURE_CUFF, DeviceKind.OXIMETER, DeviceKind.SCALE
DRIVER_OF = {CUFF: "suntech", KEYED: "hbp9030", MEMORY: "microlife"}


def values_of(measured: Measurement) -> Values:
    kinds = (VitalKind.SYSTOLIC_MMHG, VitalKind.DIASTOLIC_MMHG, VitalKind.PULSE_PER_MINUTE)
    systolic, diastolic, pulse = (int(measured.value_of(kind) or 0) for kind in kinds)
    return systolic, diastolic, pulse


class CuffThatKnows(SimulatedSunTech):
    """The real emulator; beside it stands which values it will tell, and of whom."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.started_s = 0.0
        super().__init__(Shown(0, 0, 0), CYCLE_S, self._obeys)

    def _obeys(self, name: str, _: bytes) -> None:
        if name == "start-adult" and self.activity is Activity.RESTING:
            self.started_s = self._world.clock.monotonic()
            self.shown = self._world.measures_now()

    @property
    def measures(self) -> bool:
        return self.activity is Activity.MEASURING


@dataclass
class Truth:
    """What only the world knows."""

    of: dict[Values, VisitId | None] = field(default_factory=dict)
    implausible: set[Values] = field(default_factory=set)
    published: dict[Values, int] = field(default_factory=dict)  # by a monitor, how often
    seen: set[Values] = field(default_factory=set)  # on a screen, by a person
    assigned: dict[Values, VisitId] = field(default_factory=dict)  # by a person's word
    discarded: dict[RecordId, Values] = field(default_factory=dict)
    undisturbed: set[Values] = field(default_factory=set)  # nothing came between start and keep
    lost_at_the_kill: set[Values] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


class KeyedMonitor(SimulatedKeyPressed):
    """The real emulator, whose last line can be sent again."""

    def __init__(self, clock: LoopClock) -> None:
        self.last = b""
        super().__init__(
            self._line,
            Shown(118, 76, 68),
            KEY_CYCLE_S,
            lambda name, raw: None,
            wall_clock=lambda: clock.now().astimezone(),
        )

    def _line(self, shown: Shown, at: datetime, fault: str) -> bytes:
        self.last = hbp9030_line(shown, at, fault)
        return self.last

    @property
    def measures(self) -> bool:
        return bool(self.told(0.0)["activity"] == "measuring")


class World:
    def __init__(self, seed: int, store: InlineStore) -> None:
        self.chance = random.Random(seed)
        self.clock = LoopClock(asyncio.get_running_loop())
        self.store = store
        self.truth = Truth()
        self.visits: list[Known] = []
        self.on_the_cuff: VisitId | None = None  # whose visit the people at the cart hold
        self._numbers = list(range(4_000))
        self.chance.shuffle(self._numbers)
        self.cuff = CuffThatKnows(self)
        self.keyed = KeyedMonitor(self.clock)
        memory = Memory(lambda: self.clock.now().astimezone())
        memory.records = []
        self.memory = SimulatedMicrolife(Shown(118, 76, 68), lambda name, raw: None, memory)
        self.wires = {
            CUFF: Wire(self.clock, self.cuff),
            KEYED: Wire(self.clock, self.keyed, quiet_s=0.5),
            MEMORY: Wire(self.clock, self.memory, quiet_s=0.5),
        }
        self.life: Life | None = None

    def new_values(self) -> Shown:
        """Each pair once, within what every one of the instruments can tell."""
        number = self._numbers.pop()
        return Shown(110 + number % 80, 50 + number // 80, 60 + number % 7)

    def measures_now(self) -> Shown:
        """Somebody's arm is in the cuff: whoever's visit stands open."""
        shown = self.new_values()
        if self.chance.random() < 0.1:
            shown = Shown(shown.diastolic + 3, shown.diastolic, shown.pulse)  # no person has that
        self._is_made(shown)
        return shown

    def presses_the_key(self) -> None:
        shown = self.new_values()
        self._is_made(shown)
        self.keyed.shown = shown
        self.keyed.pressed(self.clock.monotonic())

    def measured_at_home(self, *, has_clock: bool) -> None:
        shown = self.new_values()
        self.truth.of[values_of_shown(shown)] = None
        self.memory.memory.keep(shown, "none" if has_clock else "unset-clock")

    def _is_made(self, shown: Shown) -> None:
        values = values_of_shown(shown)
        self.truth.of[values] = self.on_the_cuff
        if shown.systolic - shown.diastolic < 10:
            self.truth.implausible.add(values)

    async def knows_visits(self) -> None:
        """Of days before, too: the store is the cart's, and not made anew for each."""
        self.visits = [Known(VisitId(new_id()), PatientId(new_id())) for _ in range(PATIENTS)]

        def arrive(unit: Any) -> None:
            since = unit.records.feed_position()
            records: list[ConfirmedRecord] = []
            for known in self.visits:
                at = self.clock.now().isoformat()
                records.append(patient_record(known, "Doe", since + len(records) + 1))
                position = since + len(records) + 1
                records.append(visit_record(known, VisitState.IN_VISIT, at, position))
            unit.records.apply(FeedPage(since, since + len(records), tuple(records), False))

        await self.store.transaction(arrive)

    async def starts(self) -> "Life":
        self.life = Life(self)
        await self.life.begins()
        return self.life


def values_of_shown(shown: Shown) -> Values:
    return shown.systolic, shown.diastolic, shown.pulse


class Life:
    """One run of the program, from its start to its end or its death."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.is_alive = True
        self._before = asyncio.all_tasks()
        self._ears = TaskOwner("ears")
        self._house = AsyncExitStack()
        clock, store = world.clock, world.store
        self.monitors = {
            kind: InstrumentMonitor(
                str(kind),
                DRIVERS[DRIVER_OF[kind]],
                clock=clock,
                make_port=maker(wire, lambda: self.is_alive),
                is_port_there=lambda _, wire=wire: wire.is_plugged,  # type: ignore[misc]
                owed=Owed() if world.life is None else None,  # the night was quiet
            )
            for kind, wire in world.wires.items()
        }
        instruments: dict[DeviceKind, Instrument] = dict(self.monitors)
        self.acts = acts = Acts(store, clock, DEVICE)
        acts.now_acting(PERSON)
        engine, channel = FakeEngine(), FakeChannel()
        call = Call(
            engine=engine,
            switchboard=Switchboard(channel, clock),
            acts=acts,
            role=Role.CLINICIAN,
        )
        self.chart = Chart(acts)
        self.tray = Tray(acts, self.chart, call.tell_far)
        self.vitals = Vitals(
            acts=acts,
            chart=self.chart,
            tray=self.tray,
            instruments=instruments,
            tell_far=lambda visit, payload: None,
        )
        self.series = BpProtocol(
            acts=acts,
            chart=self.chart,
            vitals=self.vitals,
            tray=self.tray,
            tell_far=lambda visit, payload: None,
            policy=POLICY,
        )
        self.desk = Desk(
            acts=acts,
            chart=self.chart,
            call=call,
            visits=Visits(acts),
            vitals=self.vitals,
            role=Role.CLINICIAN,
            equipment=EQUIPMENT,
            running=lambda: None,
        )

    async def begins(self) -> None:
        for monitor in self.monitors.values():
            await self._house.enter_async_context(monitor)
            self._listens_to(monitor)
        for service in (self.chart, self.tray, self.vitals, self.series):
            service.start()
        self.vitals.state.listen(self._sees_results)
        self.tray.state.listen(lambda state: self._sees(*(one.measured for one in state.items)))
        self.series.state.listen(self._sees_series)
        await settled(5)

    def _listens_to(self, monitor: InstrumentMonitor) -> None:
        """A second ear on the real events: what was published may not be lost afterwards."""
        events = monitor.events()

        async def listen() -> None:
            async for event in events:
                if isinstance(event, Measurement):
                    self._published(event)

        self._ears.start(listen(), "listen")

    def _sees(self, *measured: Measurement) -> None:
        """Whatever stood on a screen once may be lost no more."""
        self.world.truth.seen |= {values_of(one) for one in measured}

    def _sees_results(self, state: VitalsState) -> None:
        results = (one.result for one in state.instruments.values())
        self._sees(*(item.measured for item in results if item is not None))

    def _sees_series(self, state: BpProtocolState) -> None:
        tries = () if state.series is None else state.series.tries
        self._sees(*(one.measured for one in tries if one.measured is not None))

    def _published(self, measured: Measurement) -> None:
        truth, values = self.world.truth, values_of(measured)
        truth.published[values] = truth.published.get(values, 0) + 1
        if values not in truth.of:
            truth.wrong.append(f"a measurement that nobody made: {values}")

    @property
    def shown(self) -> VisitId | None:
        """Whose chart is on the screen."""
        row = self.chart.state.value.row
        return None if row is None else row.visit.id

    async def ends(self) -> None:
        """The window is closed in order."""
        await self.desk.leave()
        await self.series.close()
        await self.chart.close()
        await self._ears.close()  # what is said from here on, nobody hears
        await self.vitals.close()
        await self.tray.close()
        await self._house.aclose()

    async def dies(self) -> None:
        """Not one line of it runs any more; what the store has committed stays."""
        self.is_alive = False
        truth = self.world.truth
        truth.lost_at_the_kill |= set(truth.published) - truth.seen  # said, and not heard yet
        unwritten = {values_of(item.measured) for item, _ in self.tray._unwritten.values()}
        truth.lost_at_the_kill |= unwritten  # the screen said that the disk was full
        own = asyncio.all_tasks() - self._before - {asyncio.current_task()}
        for task in own:
            task.cancel()
        await asyncio.gather(*own, return_exceptions=True)


DEVICE: Any = RecordId(new_id())
PERSON = Person(PersonId(new_id()), "Nurse Kim", Role.CLINICIAN)
