"""What the far end tells of its instruments: live values, and why there are none any more.

Of the open visit only. Shown, never kept; readings that were kept there are `direct_line`'s.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.domain.changes import Json
from app.domain.device import DeviceKind
from app.domain.failures import Code
from app.domain.ids import RecordId, VisitId
from app.domain.measurement import LiveValue, Quantity, VitalKind
from app.domain.reading import Reading, decimal_from
from app.domain.vitals import is_plausible, live_of
from app.runtime.broadcast import Broadcast
from app.services.acts import Acts
from app.services.chart import Chart, ChartState

BASE_OF_S = 30.0
LATEST_S = 3600.0  # what is later is as old as anybody need know


@dataclass(frozen=True, slots=True)
class FarVitalsState:
    live: Mapping[VitalKind, LiveValue] = field(default_factory=dict)
    ended: Mapping[DeviceKind, Code] = field(default_factory=dict)  # why there is no number
    code: Code | None = None


class _Ways:
    """How much longer a word was on its way than the quickest of late; clocks need not agree."""

    def __init__(self) -> None:
        self._base_s = self._base_before_s = math.inf  # what lies between both clocks' times
        self._base_since_s = -math.inf

    def late_s(self, apart_s: float, now_s: float) -> float:
        if now_s - self._base_since_s >= BASE_OF_S:
            self._base_before_s, self._base_s = self._base_s, apart_s
            self._base_since_s = now_s
        self._base_s = min(self._base_s, apart_s)
        return min(apart_s - min(self._base_s, self._base_before_s), LATEST_S)


class FarVitals:
    def __init__(self, acts: Acts, chart: Chart) -> None:
        self._acts = acts
        self._chart = chart
        self.state: Broadcast[FarVitalsState] = Broadcast(FarVitalsState())
        self._visit: VisitId | None = None
        self._ways = _Ways()
        self._kept: frozenset[RecordId] = frozenset()  # readings that stand in the chart
        self._stop_listening = chart.state.listen(self._chart_changed)

    async def close(self) -> None:
        self._stop_listening()

    def _chart_changed(self, chart: ChartState) -> None:
        visit = None if chart.row is None else chart.row.visit.id
        before, self._kept = self._kept, frozenset(one.id for one in chart.readings)
        if visit != self._visit:
            self._visit, self._ways = visit, _Ways()
            self.state.tell(FarVitalsState())
            return
        for reading in chart.readings:
            if reading.id not in before and reading.visit == visit:
                self._is_kept(reading)

    def _is_kept(self, reading: Reading) -> None:
        """What an instrument of the far end came to: it runs no more, and had a number."""
        kind, state = reading.measured.device.kind, self.state.value
        if self._acts.has_person and reading.kept_by == self._acts.person.id:
            return
        live = dict(state.live)
        if kind is DeviceKind.BLOOD_PRESSURE_CUFF:
            live.pop(VitalKind.CUFF_PRESSURE_MMHG, None)
        ended = {device: why for device, why in state.ended.items() if device is not kind}
        self._tell(live=live, ended=ended)

    def heard(self, visit: VisitId, payload: dict[str, Json]) -> None:
        """A live value of the far end, or that there is none, over the call or the server."""
        if self._visit is None or self._visit != visit:
            return
        said: dict[str, Any] = payload
        try:
            if said.get("kind") == "cuff-pressure":
                self._hear_live(VitalKind.CUFF_PRESSURE_MMHG, said)
            elif said.get("kind") == "live-value":
                self._hear_live(VitalKind(said["vital"]), said)
            elif said.get("kind") == "no-measurement":
                self._hear_ended(DeviceKind(said["device"]), Code(said["code"]))
        except (KeyError, ValueError, TypeError):
            self._tell(code=Code.FAR_UNREADABLE)

    def _hear_live(self, kind: VitalKind, said: Mapping[str, Any]) -> None:
        """ValueError when no instrument says such a thing."""
        quantity = Quantity(kind, decimal_from(said["value"]))
        if not is_plausible(quantity):
            raise ValueError("a live value")
        live = LiveValue(self._visit, quantity, self._measured_at(said))
        state = self.state.value
        ended = {device: why for device, why in state.ended.items() if kind not in live_of(device)}
        self._tell(live={**state.live, kind: live}, ended=ended)

    def _measured_at(self, said: Mapping[str, Any]) -> datetime:
        """By our clock: what was held up on its way is as old as that."""
        now, now_s = self._acts.clock.now(), self._acts.clock.monotonic()
        if "at" not in said:  # of an earlier release
            return now
        apart_s = (now - datetime.fromisoformat(said["at"])).total_seconds()
        return now - timedelta(seconds=self._ways.late_s(apart_s, now_s))

    def _hear_ended(self, device: DeviceKind, reason: Code) -> None:
        """At once: what it showed last is not waited for until it is old."""
        state, gone = self.state.value, live_of(device)
        live = {kind: one for kind, one in state.live.items() if kind not in gone}
        self._tell(live=live, ended={**state.ended, device: reason})

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields
