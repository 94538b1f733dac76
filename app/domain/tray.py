"""Measurements that belong to nobody yet: why they lie there, and which of them are the same one.

Two tellings are one measurement when serial number, device time and values agree.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum

from app.domain.failures import Code
from app.domain.ids import RecordId
from app.domain.measurement import Measurement, QualityFlag
from app.domain.vitals import assess

LIKE_WITHIN_S = 600.0  # without a device's time, equal values so near to each other are doubted


class WhyAside(StrEnum):
    NOBODY_ASKED = "nobody-asked"
    FROM_MEMORY = "from-memory"
    ANOTHER_VISIT = "another-visit"
    LATE = "late"  # the visit that it was started for was closed before it came
    UNDECIDED = "undecided"  # it stood on the screen, and nobody decided


class Place(StrEnum):
    """Where a measurement that arrived here lies, or how it left."""

    SHOWN = "shown"  # on the screen of the visit that it was started for
    ASIDE = "aside"
    REFUSED = "refused"  # asked for, and none that a person could have: shown, and written down so
    KEPT = "kept"
    ASSIGNED = "assigned"
    DISCARDED = "discarded"
    CROWDED_OUT = "crowded-out"  # the tray was full


WAITING = frozenset({Place.SHOWN, Place.ASIDE})


@dataclass(frozen=True, slots=True)
class TrayItem:
    """A measurement as it waits. `id` is its name in the audit, and its reading's if it gets one.

    A digest would give so few bytes away.
    """

    id: RecordId
    measured: Measurement
    why: WhyAside
    times: int = 1  # how often the device told it
    is_like_another: bool = False  # equal values shortly before, and no device's time to tell

    @property
    def refused(self) -> Code | None:
        """Why it may not be assigned to anybody."""
        return assess(self.measured)


@dataclass(frozen=True, slots=True)
class KnownBefore:
    """The same measurement was here before, and what became of it."""

    id: RecordId
    place: Place


def why_unasked(measured: Measurement) -> WhyAside:
    is_old = QualityFlag.FROM_MEMORY in measured.quality
    return WhyAside.FROM_MEMORY if is_old else WhyAside.NOBODY_ASKED


def same_key(measured: Measurement) -> str | None:
    """Equal for tellings of one measurement; None where nothing tells one from the next.

    A memory that is read again tells its undated records again, too.
    """
    if measured.device_time is not None:
        at = measured.device_time.astimezone(UTC).isoformat()
        return _digest("at", at, *_who_and_values(measured))
    if QualityFlag.FROM_MEMORY in measured.quality:
        return _digest("undated", *_who_and_values(measured))
    return None


def like_key(measured: Measurement) -> str:
    """Equal for the same values of the same instrument, at any time."""
    return _digest("like", *_who_and_values(measured))


def _who_and_values(measured: Measurement) -> list[str]:
    device = measured.device
    values = sorted(f"{q.kind}={q.value.normalize():f}" for q in measured.quantities)
    return [str(device.kind), device.serial_number or f"model {device.model}", *values]


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
