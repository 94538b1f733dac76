"""The cart's instruments, told to the clinician's desk during a visit and shown there.

Over the call or by the server, when they change, when somebody comes, and now and then; not stored.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.device import DeviceStatus
from app.domain.device_words import KIND, statuses_from, words_of
from app.domain.failures import Rejected
from app.domain.ids import VisitId
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import Call, CallState
from app.services.chart import Chart, ChartState
from app.services.devices import Devices

log = logging.getLogger(__name__)

AGAIN_S = 60.0  # live words go out once; one may be lost
SETTLE_S = 0.5  # several changes are one telling


@dataclass(frozen=True, slots=True)
class FarDevicesState:
    """`told_at` None: nothing was told of the open visit's cart."""

    devices: tuple[DeviceStatus, ...] = ()
    told_at: datetime | None = None


class FarDevices:
    def __init__(
        self, *, acts: Acts, chart: Chart, call: Call, devices: Devices, role: Role
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._call = call
        self._devices = devices
        self._role = role
        self._visit: VisitId | None = None
        self._changed = asyncio.Event()
        self._listening: tuple[object, ...] = ()
        self._tasks = TaskOwner("far devices")
        self._stops: list[Callable[[], None]] = []
        self.state: Broadcast[FarDevicesState] = Broadcast(FarDevicesState())

    def start(self) -> None:
        self._stops.append(self._chart.state.listen(self._chart_changed))
        if self._role is Role.PRESENTER:
            self._stops.append(self._devices.state.listen(lambda _: self._changed.set()))
            self._stops.append(self._call.state.listen(self._call_changed))
            self._tasks.start_lasting(self._run, "tell the far end")

    async def close(self) -> None:
        for stop in self._stops:
            stop()
        await self._tasks.close()

    def heard(self, visit: VisitId, payload: dict[str, Json]) -> None:
        """From the far end; of another visit, or unreadable, it changes nothing."""
        if payload.get("kind") != KIND or visit != self._visit or self._role is Role.PRESENTER:
            return
        try:
            devices = statuses_from(payload)
        except Rejected:
            log.warning("the far end's devices were not readable")
            return
        self.state.tell(FarDevicesState(devices, self._acts.clock.now()))

    def _chart_changed(self, chart: ChartState) -> None:
        visit = None if chart.row is None else chart.row.visit.id
        if visit != self._visit:
            self._visit = visit
            self.state.tell(FarDevicesState())

    def _call_changed(self, call: CallState) -> None:
        """Somebody else may be there now, or nobody; figures of the line change nothing."""
        listening = (call.visit, call.link, call.far is not None, call.far_screen)
        if listening != self._listening:
            self._listening = listening
            self._changed.set()

    async def _run(self) -> None:
        while True:
            self._tell()
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self._changed.wait()
                await asyncio.sleep(SETTLE_S)
            self._changed.clear()

    def _tell(self) -> None:
        """Only while somebody sits at the far end."""
        call = self._call.state.value
        if call.visit is not None and call.far is not None:
            self._call.tell_far(call.visit, words_of(self._devices.state.value.devices))
