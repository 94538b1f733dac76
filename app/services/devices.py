"""Every instrument of this desk in one list: connected, degraded or lost, and since when."""

from dataclasses import dataclass

from app.domain.device import DeviceKind, DeviceStatus
from app.runtime.broadcast import Broadcast

_ORDER = tuple(DeviceKind)


@dataclass(frozen=True, slots=True)
class DevicesState:
    devices: tuple[DeviceStatus, ...] = ()


class Devices:
    """Told by whoever watches an instrument; one row for each kind."""

    def __init__(self) -> None:
        self.state: Broadcast[DevicesState] = Broadcast(DevicesState())

    def seen(self, statuses: tuple[DeviceStatus, ...]) -> None:
        self._show(self._rows() | {status.identity.kind: status for status in statuses})

    def forgotten(self, kinds: frozenset[DeviceKind]) -> None:
        """No longer looked for, so neither found nor lost."""
        self._show({kind: row for kind, row in self._rows().items() if kind not in kinds})

    def _rows(self) -> dict[DeviceKind, DeviceStatus]:
        return {status.identity.kind: status for status in self.state.value.devices}

    def _show(self, rows: dict[DeviceKind, DeviceStatus]) -> None:
        ordered = sorted(rows.values(), key=lambda status: _ORDER.index(status.identity.kind))
        self.state.tell(DevicesState(tuple(ordered)))
