"""One act, one transaction: what every service shares to write, and to hear that records changed.

Knows who is signed in and how wrong the clock is; knows nothing of any feature.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from app.domain.audit import Act, AuditEvent
from app.domain.clock import Clock, ClockOffset, Stamp
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import DeviceId, EventId, PatientId, VisitId, new_id
from app.domain.people import Person
from app.runtime.broadcast import Broadcast
from app.services.ports import Store, UnitOfWork

log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")


class Acts:
    """`revision` grows with each write; services that show records read again when it does.

    `events_noted` grows with each act that is only noted.
    """

    def __init__(self, store: Store, clock: Clock, device: DeviceId) -> None:
        self._store = store
        self.clock = clock
        self.device = device
        self.revision: Broadcast[int] = Broadcast(0)
        self.events_noted: Broadcast[int] = Broadcast(0)
        self.offset: ClockOffset | None = None
        self._person: Person | None = None
        self._confirmed: ClockOffset | None = None
        self._before_leaving: list[Callable[[], Awaitable[None]]] = []

    @property
    def person(self) -> Person:
        """Who acts; Rejected when nobody is signed in."""
        if self._person is None:
            raise Rejected(Code.NOT_ALLOWED, "nobody is signed in")
        return self._person

    @property
    def is_kept(self) -> bool:
        """False: what is written goes with this window."""
        return self._store.is_kept

    @property
    def has_person(self) -> bool:
        return self._person is not None

    def now_acting(self, person: Person | None) -> None:
        self._person = person
        self._confirmed = None

    def before_leaving(self, work: Callable[[], Awaitable[None]]) -> None:
        """`work` is done while the person who signs out still acts."""
        self._before_leaving.append(work)

    async def take_leave(self) -> None:
        """The person signs out: what stands open in their name is closed first."""
        for work in self._before_leaving:
            try:
                await work()
            except Failure as failure:  # they go all the same
                log.error("not all was closed at signing out: %s", failure.code)

    async def confirm_times(self) -> None:
        """A person looked at this clock difference and said that times may be kept."""
        seen, person = self.offset, self._person
        await self.note(self.event(Act.TIMES_CONFIRMED))
        if self._person is person:
            self._confirmed = seen

    @property
    def must_confirm_times(self) -> bool:
        """Once for a difference; a later one that is another is asked about again."""
        if self.offset is None or not self.offset.needs_confirmation:
            return False
        return self._confirmed is None or not self.offset.is_covered_by(self._confirmed)

    def stamp(self) -> Stamp:
        """When an act happens; Rejected(TIMES_NOT_CONFIRMED) while the clock is 2 min off."""
        if self.must_confirm_times:
            raise Rejected(Code.TIMES_NOT_CONFIRMED)
        return Stamp(self.clock.now(), self.offset)

    def event(
        self,
        act: Act,
        *,
        patient: PatientId | None = None,
        visit: VisitId | None = None,
        subject: UUID | None = None,
        code: Code | None = None,
    ) -> AuditEvent:
        return AuditEvent(
            id=EventId(new_id()),
            act=act,
            at=self.clock.now(),
            actor=None if self._person is None else self._person.id,
            device=self.device,
            patient=patient,
            visit=visit,
            subject=subject,
            code=code,
            offset_ms=None if self.offset is None else _whole_ms(self.offset.offset),
            uncertainty_ms=None if self.offset is None else _whole_ms(self.offset.uncertainty),
        )

    async def read(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """A look that changes nothing that is shown."""
        return await self._store.transaction(work)

    async def look(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """Reads, and only that, beside whoever writes; sees all that was written before."""
        return await self._store.look(work)

    async def do(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """A write, whole or not at all; listeners of `revision` hear of it afterwards."""
        result = await self._store.transaction(work)
        self.revision.tell(self.revision.value + 1)
        return result

    async def note(self, event: AuditEvent) -> None:
        """An act that changes no record; whoever sends hears that there is an event to send."""
        await self.do_beside(lambda unit: unit.audit.add(event))

    async def do_beside(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """A write beside the records, with its events: whole or not at all."""
        result = await self._store.transaction(work)
        self.events_noted.tell(self.events_noted.value + 1)
        return result


def _whole_ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))
