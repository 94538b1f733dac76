"""What a blood-pressure cuff tells while it is there, runs, and ends."""

from dataclasses import dataclass

from app.domain.device import DeviceStatus
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement


@dataclass(frozen=True, slots=True)
class CuffState:
    """Since when the cuff is there or not, and whether it runs for a visit now.

    `is_chosen` False: nobody at this machine wants one any more; not the same as pulled.
    """

    status: DeviceStatus
    is_running: bool
    visit: VisitId | None = None
    is_chosen: bool = True


CuffEvent = CuffState | LiveValue | Measurement | NoMeasurement
