"""Every measurement that arrives is written down first; what is nobody's waits here for a person.

It waits in the store, so that no restart loses it. A person assigns it, with the device's time in
view, or discards it; either is an act.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.domain.audit import Act
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.domain.measurement import Measurement
from app.domain.reading import Assigned, Reading
from app.domain.tray import Place, TrayItem, WhyAside
from app.domain.vitals import assess
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart
from app.services.ports import UnitOfWork
from app.services.readings import TellFar, kept_words, must_be_allowed, write_reading

log = logging.getLogger(__name__)

WRITE_AGAIN_S = 5.0
UNWRITTEN_MOST = 100


@dataclass(frozen=True, slots=True)
class TrayState:
    """`items` oldest first. `told_again`: how often, since the start, a known one came again."""

    items: tuple[TrayItem, ...] = ()
    told_again: int = 0
    code: Code | None = None  # why something is not written down


class Tray:
    def __init__(self, acts: Acts, chart: Chart, tell_far: TellFar) -> None:
        self._acts = acts
        self._chart = chart
        self._tell_far = tell_far
        self.state: Broadcast[TrayState] = Broadcast(TrayState())
        self._tasks = TaskOwner("tray")
        self._unwritten: dict[RecordId, tuple[TrayItem, Place]] = {}
        self._shown: set[RecordId] = set()  # in this life of the program
        self._wants_to_write = asyncio.Event()

    def start(self) -> None:
        self._tasks.start_lasting(self._recover_and_write, "tray")

    async def close(self) -> None:
        """What the disk had no room for is tried once more."""
        await self._tasks.close()
        await self._written()

    # --- what arrives --------------------------------------------------------------------------

    async def take(self, measured: Measurement, why: WhyAside | None) -> TrayItem | None:
        """Written down before anybody sees it. `why` None: it was asked for, for the open visit.

        None when the same one was here before: it is counted, and is not new.
        """
        item = TrayItem(RecordId(new_id()), measured, why or WhyAside.UNDECIDED)
        place = Place.ASIDE if why is not None else _place_of_asked(measured)
        if place is Place.SHOWN:
            self._shown.add(item.id)
        try:
            taken = await self._acts.do_beside(lambda unit: self._take(unit, item, place))
        except Failure as failure:
            self._keep_in_memory(item, place, failure.code)
            return item
        if taken is None:
            again = self.state.value.told_again + 1
            self._tell(told_again=again)
            await self._look()  # which one it was stands beside it
        elif place is Place.ASIDE:
            await self._look()
        return taken

    def _take(self, unit: UnitOfWork, item: TrayItem, place: Place) -> TrayItem | None:
        known = unit.measurements.known(item.measured)
        if known is not None and known.id != item.id:
            unit.measurements.told_again(known.id)
            return None
        return self._put(unit, item, place)

    def _put(self, unit: UnitOfWork, item: TrayItem, place: Place) -> TrayItem:
        if place is Place.REFUSED:  # there is nothing to decide
            self._note(unit, Act.READING_REFUSED, item.measured.visit, code=item.refused)
            return item
        given_way = unit.measurements.crowded_out()
        if given_way is not None:
            self._note(unit, Act.MEASUREMENT_DISCARDED, None, given_way, Code.TRAY_FULL)
        if place is Place.ASIDE:
            self._note(unit, Act.MEASUREMENT_SET_ASIDE, item.measured.visit, item.id)
        return unit.measurements.put(item, place)

    async def set_aside(self, *items: TrayItem) -> None:
        """They stood on the screen of their visit; that is over."""
        try:
            await self._acts.do_beside(
                lambda unit: [self._put(unit, item, Place.ASIDE) for item in items]
            )
        except Failure as failure:
            for item in items:
                self._keep_in_memory(item, Place.ASIDE, failure.code)
        else:
            self.forget(*(item.id for item in items))
            await self._look()

    def forget(self, *records: RecordId) -> None:
        """A transaction that moved them is done."""
        for record in records:
            self._unwritten.pop(record, None)
            self._shown.discard(record)

    # --- what a person decides -----------------------------------------------------------------

    async def assign(self, record: RecordId) -> None:
        """It is a reading of whoever stands open here, by the word of whoever is here."""
        row, person = self._chart.row, self._acts.person
        must_be_allowed(row, person)
        stamp, unwritten = self._acts.stamp(), self._in_memory(record)

        def write(unit: UnitOfWork) -> Reading:
            item = _found(unit, record, unwritten)
            reading = Reading(
                id=item.id,
                visit=row.visit.id,
                patient=row.patient.id,
                measured=replace(item.measured, visit=row.visit.id),
                kept_at=stamp.device_time,
                kept_by=person.id,
                assigned=Assigned(person.id, stamp.device_time, item.why),
            )
            write_reading(unit, self._acts, reading, stamp, Act.MEASUREMENT_ASSIGNED)
            unit.measurements.put(item, Place.ASSIGNED)
            return reading

        reading = await self._acts.do(write)
        self.forget(record)
        self._tell_far(reading.visit, kept_words(reading))
        await self._look()

    async def discard(self, record: RecordId) -> None:
        """A person looked at what belongs to nobody here; that they took it away is an act."""
        if all(item.id != record for item in self.state.value.items):
            return  # pressed twice
        unwritten = self._in_memory(record)
        await self._acts.do_beside(
            lambda unit: self.discard_in(unit, _found(unit, record, unwritten))
        )
        self.forget(record)
        await self._look()

    def discard_in(self, unit: UnitOfWork, item: TrayItem) -> None:
        """Part of a transaction; `forget` it afterwards."""
        self._note(unit, Act.MEASUREMENT_DISCARDED, item.measured.visit, item.id)
        unit.measurements.put(item, Place.DISCARDED)

    def _in_memory(self, record: RecordId) -> TrayItem | None:
        item, place = self._unwritten.get(record, (None, None))
        return item if place is Place.ASIDE else None

    def _note(
        self,
        unit: UnitOfWork,
        act: Act,
        visit: VisitId | None,
        subject: RecordId | None = None,
        code: Code | None = None,
    ) -> None:
        row = None if visit is None else unit.records.visit_row(visit)
        patient: PatientId | None = None if row is None else row.patient.id
        event = self._acts.event(act, patient=patient, visit=visit, subject=subject, code=code)
        unit.audit.add(event)

    # --- the store -----------------------------------------------------------------------------

    async def _look(self) -> None:
        try:
            stored = await self._acts.read(lambda unit: unit.measurements.waiting(Place.ASIDE))
        except Failure as failure:
            self._tell(code=failure.code)
            return
        known = {item.id for item in stored}
        waiting = [item for item, place in self._unwritten.values() if place is Place.ASIDE]
        left = [item for item in waiting if item.id not in known]
        self._tell(items=(*stored, *left), code=self.state.value.code if self._unwritten else None)

    def _keep_in_memory(self, item: TrayItem, place: Place, code: Code) -> None:
        """Until the store takes it; it is said that it does not."""
        if item.id not in self._unwritten and len(self._unwritten) >= UNWRITTEN_MOST:
            log.error("a measurement was not written down, and there is no room for it: %s", code)
            self._tell(code=Code.TRAY_FULL)
            return
        self._unwritten[item.id] = (item, place)
        items = [one for one in self.state.value.items if one.id != item.id]
        self._tell(items=(*items, item) if place is Place.ASIDE else tuple(items), code=code)
        self._wants_to_write.set()

    async def _recover_and_write(self) -> None:
        """Again and again until the store takes it; then whenever something waits."""
        is_recovered = False
        while True:
            is_recovered = is_recovered or await self._recovered()
            if is_recovered and await self._written():
                self._wants_to_write.clear()
                await self._wants_to_write.wait()
            else:
                await asyncio.sleep(WRITE_AGAIN_S)

    async def _recovered(self) -> bool:
        """What stood on the screen when the program ended is nobody's now."""
        shown = frozenset(self._shown)

        def recover(unit: UnitOfWork) -> None:
            for item in unit.measurements.waiting(Place.SHOWN):
                if item.id not in shown:
                    self._put(unit, item, Place.ASIDE)

        is_done = await self._done(recover)
        if is_done:
            await self._look()
        return is_done

    async def _written(self) -> bool:
        waiting = tuple(self._unwritten.values())
        if not waiting:
            return True
        is_done = await self._done(
            lambda unit: [self._take(unit, item, place) for item, place in waiting]
        )
        if is_done:
            for item, place in waiting:
                if self._unwritten.get(item.id) == (item, place):  # else it moved on meanwhile
                    del self._unwritten[item.id]
            await self._look()
        return is_done and not self._unwritten

    async def _done(self, work: Callable[[UnitOfWork], object]) -> bool:
        """Nothing of `work` looks at this object: it is done on the store's thread."""
        try:
            await self._acts.do_beside(work)
        except Failure as failure:
            self._tell(code=failure.code)
            return False
        return True

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields


def _found(unit: UnitOfWork, record: RecordId, unwritten: TrayItem | None) -> TrayItem:
    found = unit.measurements.find(record, Place.ASIDE) or unwritten
    if found is None:
        raise Rejected(Code.NOTHING_TO_KEEP)
    return found


def _place_of_asked(measured: Measurement) -> Place:
    return Place.SHOWN if assess(measured) is None else Place.REFUSED
