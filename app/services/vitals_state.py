"""What is known of each instrument in a visit, and what of it is said to the far end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.changes import Json
from app.domain.device import DeviceKind
from app.domain.failures import Code
from app.domain.measurement import LiveValue, NoMeasurement, VitalKind
from app.domain.tray import TrayItem, WhyAside
from app.services.ports import CuffState

CUFF = DeviceKind.BLOOD_PRESSURE_CUFF
ASIDE_CODE = {
    WhyAside.NOBODY_ASKED: Code.NOBODY_ASKED,
    WhyAside.FROM_MEMORY: Code.FROM_MEMORY,
    WhyAside.ANOTHER_VISIT: Code.MEASURED_FOR_ANOTHER_VISIT,
    WhyAside.LATE: Code.CAME_LATE,
}


@dataclass(frozen=True, slots=True)
class InstrumentState:
    """One instrument. `result` waits for keep or discard; `refused`: why it may not be kept."""

    told: CuffState | None = None
    live: Mapping[VitalKind, LiveValue] = field(default_factory=dict)
    result: TrayItem | None = None
    refused: Code | None = None
    no_measurement: NoMeasurement | None = None
    code: Code | None = None  # why the last wish was not carried out

    @property
    def is_here(self) -> bool:
        """One was chosen for this machine, whether or not it answers now."""
        return self.told is not None and self.told.is_chosen

    @property
    def is_running(self) -> bool:
        return self.told is not None and self.told.is_running

    @property
    def is_undecided(self) -> bool:
        """A refused result is none that a person could lose: it was never to be kept."""
        return self.result is not None and self.refused is None


@dataclass(frozen=True, slots=True)
class VitalsState:
    instruments: Mapping[DeviceKind, InstrumentState] = field(default_factory=dict)
    code: Code | None = None  # what was set aside last, and why

    def of(self, kind: DeviceKind = CUFF) -> InstrumentState:
        return self.instruments.get(kind, InstrumentState())


def ended_payload(kind: DeviceKind, reason: Code) -> dict[str, Json]:
    """There is no number any more, and why: the last one must not stand there as if alive."""
    return {"kind": "no-measurement", "device": str(kind), "code": str(reason)}


def live_payload(live: LiveValue) -> dict[str, Json]:
    """A cuff's pressure keeps the words that it had when there was nothing else."""
    value: dict[str, Json] = {"value": str(live.quantity.value), "at": live.at.isoformat()}
    if live.quantity.kind is VitalKind.CUFF_PRESSURE_MMHG:
        return {"kind": "cuff-pressure", **value}
    return {"kind": "live-value", "vital": str(live.quantity.kind), **value}
