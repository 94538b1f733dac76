"""The one visit that stands open at this desk: opened, joined, left. One patient at a time.

Closing or changing it fences whatever still runs for the old one.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from app.domain.access import Role
from app.domain.call import WITH_FAR_SIDE, Phase, RunningCall
from app.domain.engine import CallSetup, Equipment
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import VisitId
from app.domain.visits import VisitState
from app.runtime.broadcast import Broadcast
from app.services.acts import Acts
from app.services.call import Call
from app.services.chart import Chart
from app.services.visits import Visits
from app.services.vitals import Vitals


@dataclass(frozen=True, slots=True)
class DeskState:
    """`is_chart_shown` is False while a taken-over call runs behind a locked screen.

    `code` is why the open visit was not checked in or its call not prepared; joining tries again.
    """

    visit: VisitId | None = None
    is_chart_shown: bool = False
    code: Code | None = None


class Desk:
    """`running` tells how a later screen would find the media process that runs now."""

    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        call: Call,
        visits: Visits,
        vitals: Vitals,
        role: Role,
        equipment: Equipment,
        running: Callable[[], RunningCall | None],
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._call = call
        self._visits = visits
        self._vitals = vitals
        self._role = role
        self._equipment = equipment
        self._running = running
        self._one_at_a_time = asyncio.Lock()
        self.state: Broadcast[DeskState] = Broadcast(DeskState())
        acts.before_leaving(self._clear)

    async def look_for_equipment(self) -> None:
        """At the cart's home page: which instruments are there, before any patient is chosen."""
        await self._call.look_for(self._equipment)

    async def open(self, visit: VisitId) -> None:
        """Show the chart; at the cart the patient is checked in and the visit's room entered."""
        async with self._one_at_a_time:
            stands = self.state.value
            if (stands.visit, stands.is_chart_shown) != (visit, True):  # else: a double click
                await self._open(visit)

    async def _open(self, visit: VisitId) -> None:
        if self.state.value.visit not in (None, visit):
            await self._leave()
        await self._chart.open(visit)
        self.state.tell(DeskState(visit, is_chart_shown=True))
        if not self._chart.row.visit.is_open:
            return
        try:
            if self._role is Role.PRESENTER:
                await self._join()
            else:
                await self._call.prepare(self._setup(visit))
        except Failure as failure:  # said where the chart is shown: who asked shows another page
            self.state.tell(replace(self.state.value, code=failure.code))

    async def join(self) -> None:
        """Enter the visit's room; the cart's joining checks the patient in, if that is not done,
        the clinician's opens the visit itself.
        """
        async with self._one_at_a_time:
            await self._join()

    async def _join(self) -> None:
        row = self._chart.row
        visit = row.visit.id
        self.state.tell(replace(self.state.value, code=None))
        if self._role is Role.CLINICIAN:
            await self._visits.begin(visit)
        elif row.visit.state is VisitState.BOOKED:
            await self._visits.check_in(visit)
        await self._call.join(self._setup(visit), self._remember_for_joining)

    async def _remember_for_joining(self) -> None:
        with suppress(Failure):  # whatever the disk says, the call comes up
            await self.remember_call()

    async def hang_up(self) -> None:
        """Leave the call; chart and visit stay as they are."""
        await self._call.hang_up()
        await self._acts.read(lambda unit: unit.kept.keep_running_call(None))

    async def leave(self) -> None:
        """Close the chart; what runs for the visit is stopped. Rejected while a call runs."""
        async with self._one_at_a_time:
            await self._leave()

    async def _clear(self) -> None:
        """Whoever signs out leaves nothing open for the next person, whatever fails on the way.

        What runs on a body is stopped before anything else is tried.
        """
        try:
            await self._vitals.visit_closed()
            if self._call.state.value.phase not in (Phase.IDLE, Phase.ENDED):
                await self.hang_up()
            await self.leave()
        finally:
            self._chart.shut()
            self.state.tell(DeskState())

    async def _leave(self) -> None:
        phase = self._call.state.value.phase
        if phase in WITH_FAR_SIDE:
            raise Rejected(Code.CALL_RUNNING)
        if phase is Phase.WAITING:
            await self.hang_up()
        await self._vitals.visit_closed()
        self._chart.shut()
        self.state.tell(DeskState())
        await self._call.put_away()

    async def resume(self, running: RunningCall) -> None:
        """After a crash of the screen: take the call over; the chart waits for the unlocking."""
        self.state.tell(DeskState(running.visit, is_chart_shown=False))
        await self._call.take_over(self._setup(running.visit), running)

    def cover(self) -> None:
        """The chart leaves the memory; the visit stays open, and unlocking shows it again."""
        if self.state.value.visit is not None:
            self._chart.shut()
            self.state.tell(replace(self.state.value, is_chart_shown=False))

    def uncover(self) -> None:
        """The chart's opening is an act: whoever unlocks shows it."""

    async def show_chart(self) -> None:
        """Unlocked: the chart of the visit whose call was taken over, and its camera and sound."""
        await self._call.attend()
        visit = self.state.value.visit
        if visit is not None and not self.state.value.is_chart_shown:
            await self._chart.open(visit)
            self.state.tell(replace(self.state.value, is_chart_shown=True))

    async def remember_call(self) -> None:
        """The media process was attached or started anew: a later screen must find it.

        None is remembered without a call, and while no process is there for it; the next one that
        answers is told again.
        """
        visit, running = self._call.state.value.visit, self._running()
        known = None
        if visit is not None and running is not None:
            known = replace(running, visit=visit)
        await self._acts.read(lambda unit: unit.kept.keep_running_call(known))

    def _setup(self, visit: VisitId) -> CallSetup:
        return CallSetup(
            visit=visit,
            side=self._role,
            own_name=self._acts.person.name,
            camera=self._equipment.camera,
            microphone=self._equipment.microphone,
            speaker=self._equipment.speaker,
            scope=self._equipment.scope,
            has_echo_control=self._equipment.has_echo_control,
            exam_camera=self._equipment.exam_camera,
        )
