"""Instruments and their state: connected, degraded or lost, since when, and how well known."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.failures import Code


class DeviceKind(StrEnum):
    BLOOD_PRESSURE_CUFF = "blood-pressure-cuff"
    OXIMETER = "oximeter"
    THERMOMETER = "thermometer"
    SCALE = "scale"
    GLUCOMETER = "glucometer"
    STETHOSCOPE = "stethoscope"
    CAMERA = "camera"
    EXAM_CAMERA = "exam-camera"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    BY_HAND = "by-hand"  # no instrument: a person counted or saw it, and typed it in


class Presence(StrEnum):
    """Whether it is there at all; how well it works is its Standing."""

    FOUND = "found"
    MISSING = "missing"


class Standing(StrEnum):
    CONNECTED = "connected"
    DEGRADED = "degraded"  # it is there, and what it gives is not to be relied on
    LOST = "lost"


class Impairment(StrEnum):
    """Why a device that is there is degraded."""

    LINE_FAULTS = "line-faults"  # bytes that became no frame, more often than a line may have
    LOW_BATTERY = "low-battery"
    WEAK_SIGNAL = "weak-signal"
    CLIPPING = "clipping"  # a sound that stands at its limit
    STILL_PICTURE = "still-picture"  # pictures come and show the same for ever


class Evidence(StrEnum):
    """How we know what a device says, the best first; shown in the device list and the docs."""

    VENDOR = "vendor-document"
    CAPTURED = "captured"
    OTHER_PROJECT = "other-project"  # its published test or code
    CONSTRUCTED = "constructed"  # from a documented layout: proves only agreement with our reading


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """What is known of an instrument; the adapter's serial number is not the instrument's."""

    kind: DeviceKind
    model: str
    port: str  # /dev/tty..., a sound device's name, a file
    serial_number: str = ""
    driver_version: str = ""


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """`since` is of its presence; `impairment` and its own time only while it is found."""

    identity: DeviceIdentity
    presence: Presence
    since: datetime
    reason: Code | None = None  # why it is missing
    impairment: Impairment | None = None
    impaired_since: datetime | None = None
    evidence: Evidence | None = None  # None: nothing of ours speaks its language
    firmware: str = ""

    @property
    def standing(self) -> Standing:
        if self.presence is Presence.MISSING:
            return Standing.LOST
        return Standing.CONNECTED if self.impairment is None else Standing.DEGRADED

    @property
    def standing_since(self) -> datetime:
        if self.standing is Standing.DEGRADED and self.impaired_since is not None:
            return self.impaired_since
        return self.since
