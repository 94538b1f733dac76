"""Every instrument of this desk in one list: found or missing, and since when."""

from dataclasses import dataclass

from app.domain.device import DeviceKind, DeviceStatus
from app.runtime.broadcast import Broadcast

_ORDER = tuple(DeviceKind)


@dataclass(frozen=True, slots=True)
class DevicesState:
    devices: tuple[DeviceStatus, ...] = ()


class Devices:
    """Told by whoever watches an instrument; one row per kind and port."""

    def __init__(self) -> None:
        self.state: Broadcast[DevicesState] = Broadcast(DevicesState())

    def seen(self, statuses: tuple[DeviceStatus, ...]) -> None:
        rows = {status.identity.kind: status for status in self.state.value.devices}
        rows |= {status.identity.kind: status for status in statuses}
        ordered = sorted(rows.values(), key=lambda status: _ORDER.index(status.identity.kind))
        self.state.tell(DevicesState(tuple(ordered)))
