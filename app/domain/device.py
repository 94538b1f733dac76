"""Instruments and their state: found or missing, and since when."""

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
    FOUND = "found"
    MISSING = "missing"


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
    identity: DeviceIdentity
    presence: Presence
    since: datetime
    reason: Code | None = None  # why it is missing
