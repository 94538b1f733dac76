"""One random day at a cart, and what must be true of it whatever happened."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from app.domain.audit import Act
from app.domain.bp_protocol import Choice, Phase
from app.domain.bp_setting import BpSetting
from app.domain.changes import RecordType
from app.domain.device import DeviceKind
from app.domain.failures import Failure
from app.domain.ids import RecordId, VisitId
from app.domain.measurement import Measurement, VitalKind
from app.domain.reading import Reading, reading_from
from app.domain.tray import Place, TrayItem
from tests.fakes.inline_store import InlineStore
from tests.story.attribution.world import (
    CUFF,
    CYCLE_S,
    KEY_CYCLE_S,
    KEYED,
    MEMORY,
    Life,
    Values,
    World,
    values_of,
)

ACTS_IN_A_DAY = 14
QUIET_S = 12.0  # after which everything that was under way has come
SLOWEST_S = 3.0
OPENED_AGAIN_S = 3.5  # at the latest, with the pause between two tries
SEEN_S = 1.0  # an opened line has let go of what a dead program left running


class Day:
    def __init__(self, seed: int, store: InlineStore) -> None:
        self.world = World(seed, store)
        self.chance = self.world.chance
        self.truth = self.world.truth
        self.is_key_unasked = False
        self.heard_from_s = 0.0  # the cuff's line is open from then on
        self.story: list[str] = []  # for whoever looks at a day that went wrong
        self.acts: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (10, self.opens_another),
            (2, self.leaves),
            (12, self.starts_the_cuff),
            (6, self.starts_and_changes),
            (8, self.measures_and_keeps),
            (5, self.arms_the_keyed),
            (6, self.presses_the_key),
            (3, self.sends_again),
            (4, self.measures_at_home),
            (4, self.reads_the_memory),
            (4, self.reads_the_memory_twice),
            (5, self.stops),
            (10, self.keeps),
            (3, self.discards),
            (7, self.assigns),
            (3, self.discards_from_the_tray),
            (5, self.pulls_or_plugs),
            (5, self.is_slow),
            (4, self.presses_and_changes),
            (3, self.presses_and_is_plugged_anew),
            (4, self.comes_behind_a_slow_disk),
            (4, self.dies),
            (3, self.dies_while_the_cuff_runs),
            (2, self.is_started_again),
            (3, self.disk),
            (2, self.disk_is_slow),
            (4, self.series),
        ]

    @property
    def life(self) -> Life:
        assert self.world.life is not None
        return self.world.life

    async def passes(self) -> list[str]:
        """The whole day; what was wrong in it."""
        await self.world.knows_visits()
        await self.world.starts()
        await asyncio.sleep(self.chance.uniform(0.5, 2.0))
        await self.opens_another()
        weights = [weight for weight, _ in self.acts]
        for _ in range(ACTS_IN_A_DAY):
            [(_, act)] = self.chance.choices(self.acts, weights)
            self.story.append(f"{self.world.clock.monotonic():.1f} {act.__name__}")
            await act()
            self.look()
            await asyncio.sleep(self.chance.choice((0.0, 0.1, 0.5, 1.0, 2.5)))
            self.look()
        await self.calms_down()
        await self.settle_accounts()
        return self.truth.wrong

    async def wish(self, wanted: Awaitable[object]) -> bool:
        """Whether it was carried out; a refusal is nothing wrong."""
        try:
            await wanted
        except Failure as failure:
            self.story.append(f"  refused: {failure.code}")
            return False
        return True

    def wrong(self, what: str) -> None:
        self.truth.wrong.append(what)

    # --- patients --------------------------------------------------------------------------

    async def opens_another(self) -> None:
        others = [one.visit for one in self.world.visits if one.visit != self.life.shown]
        visit = self.chance.choice(others)
        await self.wish(self.life.desk.open(visit))
        await self.changed()

    async def leaves(self) -> None:
        await self.wish(self.life.desk.leave())
        await self.changed()

    async def changed(self) -> None:
        """People go by what stands on the screen; the cuff of before must be letting go."""
        before, self.world.on_the_cuff = self.world.on_the_cuff, self.life.shown
        if before != self.life.shown and self.is_anothers_cuff_on():
            self.wrong("the cuff goes on although its patient was changed")

    def is_anothers_cuff_on(self) -> bool:
        """And would hear that it must stop."""
        is_on = self.world.cuff.measures and self.world.wires[CUFF].is_plugged
        return is_on and self.truth.of.get(self.running()) != self.life.shown

    def is_on_unseen(self) -> bool:
        """Long enough for everybody to have said so."""
        now_s, cuff = self.world.clock.monotonic(), self.world.cuff
        is_heard = self.world.wires[CUFF].is_plugged and now_s >= self.heard_from_s
        is_on = is_heard and cuff.measures and now_s - cuff.started_s > 0.5
        return is_on and not self.life.vitals.state.value.of(CUFF).is_running

    def running(self) -> Values:
        shown = self.world.cuff.shown
        return shown.systolic, shown.diastolic, shown.pulse

    # --- instruments -----------------------------------------------------------------------

    async def starts_the_cuff(self) -> None:
        await self.wish(self.life.vitals.measure(CUFF))

    async def starts_and_changes(self) -> None:
        """The patient is changed while it runs, and what it comes to may be late."""
        await self.starts_the_cuff()
        self.world.wires[CUFF].lag_s = self.chance.choice((0.0, 0.3, 1.0))
        await asyncio.sleep(self.chance.uniform(0, CYCLE_S + 1.0))
        self.look()
        await self.opens_another()
        if self.chance.random() < 0.5:
            await self.starts_the_cuff()

    async def measures_and_keeps(self) -> None:
        """Nothing comes between: then a reading is what must come of it."""
        wire = self.world.wires[CUFF]
        state = self.life.vitals.state.value.of(CUFF)
        is_free = self.life.series.state.value.series is None and not self.world.cuff.measures
        is_free = is_free and state.result is None and not state.is_running
        if not (wire.is_plugged and is_free and self.life.shown):
            return
        self.world.store.worker.takes_s = 0.0
        wire.lag_s = 0.0
        await asyncio.sleep(SEEN_S + SLOWEST_S)  # what was slow before has come
        if not await self.wish(self.life.vitals.measure(CUFF)):
            return
        if self.life.vitals.state.value.of(CUFF).code is not None:
            return
        values = self.running()
        await asyncio.sleep(CYCLE_S + SEEN_S)
        if values in self.truth.implausible:
            return
        if await self.wish(self.life.vitals.keep(CUFF)) or not self.world.store.worker.is_full:
            self.truth.undisturbed.add(values)

    async def arms_the_keyed(self) -> None:
        """Not while it inflates unasked: whose arm that is, people see and no program can."""
        if not (self.world.keyed.measures and self.is_key_unasked):
            await self.wish(self.life.vitals.measure(KEYED))

    async def presses_the_key(self) -> None:
        await asyncio.sleep(0.05)  # until the screen says whether it waits for the key
        if not self.world.keyed.measures:
            self.is_key_unasked = not self.life.vitals.state.value.of(KEYED).is_running
            self.world.presses_the_key()

    async def presses_and_changes(self) -> None:
        """The key cannot be taken back, and the next patient waits for their own."""
        await self.arms_the_keyed()
        await self.presses_the_key()
        await asyncio.sleep(self.chance.uniform(0, KEY_CYCLE_S))
        await self.opens_another()
        await self.arms_the_keyed()
        await asyncio.sleep(KEY_CYCLE_S + SEEN_S)
        self.look()

    async def presses_and_is_plugged_anew(self) -> None:
        """Its cable is pulled while it measures; the next patient waits for their own."""
        wire = self.world.wires[KEYED]
        if not wire.is_plugged:
            return
        await self.arms_the_keyed()
        await self.presses_the_key()
        wire.is_plugged = False
        await asyncio.sleep(0.6)
        wire.is_plugged = True
        await self.opens_another()
        await asyncio.sleep(0.2)
        await self.arms_the_keyed()
        await asyncio.sleep(KEY_CYCLE_S + SEEN_S)
        self.look()

    async def comes_behind_a_slow_disk(self) -> None:
        """The answer waits until what came before it is written down; the patient does not."""
        await self.arms_the_keyed()
        await self.presses_the_key()
        await asyncio.sleep(KEY_CYCLE_S - 0.3)
        self.world.store.worker.takes_s = 0.4
        await self.sends_again()
        await asyncio.sleep(self.chance.uniform(0.2, 1.0))
        await self.opens_another()
        self.world.store.worker.takes_s = 0.0
        await asyncio.sleep(SEEN_S)

    async def sends_again(self) -> None:
        if self.world.keyed.last and self.world.wires[KEYED].is_plugged:
            self.world.wires[KEYED].says([self.world.keyed.last])

    async def measures_at_home(self) -> None:
        for _ in range(self.chance.randint(1, 3)):
            self.world.measured_at_home(has_clock=self.chance.random() < 0.7)

    async def reads_the_memory(self) -> None:
        await self.wish(self.life.vitals.measure(MEMORY))

    async def reads_the_memory_twice(self) -> None:
        await self.measures_at_home()
        for _ in range(2):
            await self.reads_the_memory()
            await asyncio.sleep(SEEN_S)

    async def stops(self) -> None:
        kind = self.chance.choice((CUFF, CUFF, KEYED, MEMORY))
        await self.wish(self.life.vitals.stop(kind))
        if kind is CUFF and self.world.wires[CUFF].is_plugged and self.world.cuff.measures:
            self.wrong("the cuff goes on although STOP was pressed")

    async def pulls_or_plugs(self) -> None:
        wire = self.chance.choice(list(self.world.wires.values()))
        wire.is_plugged = not wire.is_plugged
        if wire.is_plugged:
            self.heard_from_s = self.world.clock.monotonic() + OPENED_AGAIN_S

    async def is_slow(self) -> None:
        wire = self.chance.choice(list(self.world.wires.values()))
        wire.lag_s = self.chance.choice((0.0, 0.2, 1.0, SLOWEST_S))

    # --- what people decide ----------------------------------------------------------------

    def with_result(self) -> list[DeviceKind]:
        instruments = self.life.vitals.state.value.instruments
        return [kind for kind, one in instruments.items() if one.result is not None]

    async def keeps(self) -> None:
        for kind in self.with_result():
            await self.wish(self.life.vitals.keep(kind))

    async def discards(self) -> None:
        for kind in self.with_result():
            item = self.life.vitals.state.value.of(kind).result
            is_one = self.life.vitals.state.value.of(kind).is_undecided
            if await self.wish(self.life.vitals.discard(kind)) and item is not None and is_one:
                self.truth.discarded[item.id] = values_of(item.measured)

    async def assigns(self) -> None:
        items, shown = self.life.tray.state.value.items, self.life.shown
        if items and shown is not None:
            item = self.chance.choice(items)
            if await self.wish(self.life.tray.assign(item.id)):
                self.truth.assigned[values_of(item.measured)] = shown

    async def discards_from_the_tray(self) -> None:
        items = self.life.tray.state.value.items
        if items:
            item = self.chance.choice(items)
            if await self.wish(self.life.tray.discard(item.id)):
                self.truth.discarded[item.id] = values_of(item.measured)

    async def series(self) -> None:
        """Begun, or brought a step on."""
        protocol = self.life.series
        series = protocol.state.value.series
        if series is None:
            await self.wish(protocol.begin(BpSetting()))
        elif series.phase is Phase.DECIDING:
            await self.wish(protocol.decide(self.chance.choice(list(Choice))))
        elif series.phase is Phase.HELD:
            await self.wish(protocol.hurry())
        elif not series.is_over:
            await self.wish(protocol.stop())
        elif self.chance.random() < 0.7:
            await self.wish(protocol.keep())
        else:
            items = {one.record: one.measured for one in series.tries if one.can_be_kept}
            if await self.wish(protocol.discard()):
                for record, measured in items.items():
                    assert record is not None and measured is not None
                    self.truth.discarded[record] = values_of(measured)

    # --- the program -----------------------------------------------------------------------

    async def dies(self) -> None:
        for _ in range(self.chance.randint(0, 12)):
            await asyncio.sleep(0)
        await self.life.dies()
        self.world.on_the_cuff = None
        await asyncio.sleep(self.chance.choice((0.0, 0.5, 3.0)))
        await self.begins_anew()

    async def dies_while_the_cuff_runs(self) -> None:
        await self.starts_the_cuff()
        await asyncio.sleep(self.chance.uniform(0.1, 0.5))
        await self.life.dies()
        self.world.on_the_cuff = None
        await self.begins_anew()

    async def is_started_again(self) -> None:
        self.world.store.worker.is_full = False
        await self.life.ends()
        self.world.on_the_cuff = None
        await self.begins_anew()

    async def begins_anew(self) -> None:
        began_s = self.world.clock.monotonic()
        self.heard_from_s = began_s + OPENED_AGAIN_S
        await self.world.starts()
        await asyncio.sleep(SEEN_S)
        is_heard = self.world.wires[CUFF].is_plugged
        if is_heard and self.world.cuff.measures and self.world.cuff.started_s < began_s:
            self.wrong("a cuff that a dead program left running goes on")
        if self.chance.random() < 0.7:
            await self.opens_another()

    async def disk_is_slow(self) -> None:
        worker = self.world.store.worker
        worker.takes_s = 0.0 if worker.takes_s else self.chance.choice((0.05, 0.3))

    async def disk(self) -> None:
        worker = self.world.store.worker
        worker.is_full = not worker.is_full

    # --- what must be true at any moment ---------------------------------------------------

    def look(self) -> None:
        """No number stands beside a name that is not its own."""
        shown = self.life.shown
        for kind, one in self.life.vitals.state.value.instruments.items():
            if one.result is not None:
                self.must_be_of(one.result.measured, shown, f"shown as a result of {kind}")
        series = self.life.series.state.value.series
        for taken in () if series is None else series.tries:
            if taken.measured is not None:
                self.must_be_of(taken.measured, shown, "in a series")
        if self.is_on_unseen():
            self.wrong("a cuff inflates, and no STOP stands on the screen")
        live = self.life.vitals.state.value.of(CUFF).live.get(VitalKind.CUFF_PRESSURE_MMHG)
        is_fresh = live is not None and (self.world.clock.now() - live.at).total_seconds() < 0.05
        if is_fresh and self.is_anothers_cuff_on():
            self.wrong("the pressure in a cuff stands beside another patient")

    def must_be_of(self, measured: Measurement, shown: VisitId | None, where: str) -> None:
        values = values_of(measured)
        if self.truth.of.get(values) != shown or shown is None:
            self.wrong(f"{values} of another is {where}")

    # --- the evening -----------------------------------------------------------------------

    async def calms_down(self) -> None:
        self.world.store.worker.is_full, self.world.store.worker.takes_s = False, 0.0
        for wire in self.world.wires.values():
            wire.is_plugged, wire.lag_s = True, 0.0
        await asyncio.sleep(QUIET_S)
        self.look()
        await self.leaves()
        await asyncio.sleep(QUIET_S)

    async def settle_accounts(self) -> None:
        readings, aside, discarded, refused = await self.world.store.transaction(self.accounts)
        self.nothing_is_anothers(readings)
        places: dict[Values, list[str]] = {}
        for reading in readings:
            if reading.series is None or not reading.series.is_average:
                places.setdefault(values_of(reading.measured), []).append("reading")
        for item in aside:
            places.setdefault(values_of(item.measured), []).append("tray")
        for record, values in self.truth.discarded.items():
            if record in discarded:
                places.setdefault(values, []).append("discarded")
        for values, found in places.items():
            if len(found) > 1:
                self.wrong(f"{values} is there more than once: {found}")
        missing = set(self.truth.published) - set(places) - self.truth.lost_at_the_kill
        if len(missing & self.truth.implausible) > refused:
            self.wrong("a refused measurement left no trace")
        for values in missing - self.truth.implausible:
            self.wrong(f"{values} is lost without a trace")
        kept = {values_of(one.measured) for one in readings if one.assigned is None}
        for values in self.truth.undisturbed - kept:
            self.wrong(f"{values} was measured in peace and is no reading")

    def accounts(self, unit: Any) -> tuple[list[Reading], list[TrayItem], set[RecordId], int]:
        readings = [
            reading_from(str(change.record), dict(change.fields_set), is_pending=True)
            for change in (pending.change for pending in unit.outbox.all())
            if change.record_type is RecordType.READING
        ]
        events = [one.event for one in unit.audit.unacknowledged(100_000)]
        discarded = {
            RecordId(event.subject)
            for event in events
            if event.act is Act.MEASUREMENT_DISCARDED and event.subject is not None
        }
        refused = sum(event.act is Act.READING_REFUSED for event in events)
        aside = unit.measurements.waiting(Place.ASIDE)
        shown = unit.measurements.waiting(Place.SHOWN)
        for item in shown:
            self.wrong(f"{values_of(item.measured)} stands on no screen and in no tray")
        in_view = {item.id for item in self.life.tray.state.value.items}
        if {item.id for item in aside} != in_view:
            self.wrong("what lies in the store is not what the tray shows")
        return readings, aside, discarded, refused

    def nothing_is_anothers(self, readings: list[Reading]) -> None:
        patient_of = {known.visit: known.patient for known in self.world.visits}
        of_record: dict[RecordId, VisitId | None] = {}
        for reading in readings:
            values = values_of(reading.measured)
            if patient_of[reading.visit] != reading.patient:
                self.wrong("a reading of one visit and another patient")
            if reading.series is not None and reading.series.is_average:
                continue
            whose = self.truth.of.get(values)
            if reading.assigned is not None:
                whose = self.truth.assigned.get(values)
            of_record[reading.id] = whose
            if whose != reading.visit:
                self.wrong(f"{values} was given to another patient")
        for reading in readings:
            names = () if reading.series is None else reading.series.averaged
            if names and {of_record.get(one) for one in names} != {reading.visit}:
                self.wrong("an average over another patient")


def told(day: Day, wrong: list[str]) -> str:
    return json.dumps({"wrong": wrong, "story": day.story}, indent=1)
