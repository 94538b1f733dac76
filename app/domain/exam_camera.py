"""The exam camera: what is looked at, what its controls are, and what its process tells of both."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.access import Role
from app.domain.device import DeviceStatus, Impairment, Presence
from app.domain.failures import Code
from app.domain.ids import RecordId, VisitId

OPENING_S = 3.0  # a camera that is only being opened is not missing


class Focus(StrEnum):
    """Which picture a person has large before them; the far side sends that one the most."""

    FACE = "face"
    BESIDE = "beside"  # both alike
    EXAM = "exam"


class Control(StrEnum):
    """What of a camera may be set, as far as its driver offers it."""

    ZOOM = "zoom"
    FOCUS = "focus"
    AUTO_FOCUS = "auto-focus"
    PAN = "pan"
    TILT = "tilt"
    EXPOSURE = "exposure"
    AUTO_EXPOSURE = "auto-exposure"
    WHITE_BALANCE = "white-balance"
    AUTO_WHITE_BALANCE = "auto-white-balance"


# While its automatic is on, the camera itself sets the value.
AUTOMATIC_OF: dict[Control, Control] = {
    Control.FOCUS: Control.AUTO_FOCUS,
    Control.EXPOSURE: Control.AUTO_EXPOSURE,
    Control.WHITE_BALANCE: Control.AUTO_WHITE_BALANCE,
}
AUTOMATICS = frozenset(AUTOMATIC_OF.values())


@dataclass(frozen=True, slots=True)
class ControlState:
    """In the driver's own units; an automatic is 0 or 1."""

    control: Control
    least: int
    most: int
    step: int
    value: int
    is_settable: bool = True  # False: its automatic holds it now


@dataclass(frozen=True, slots=True)
class StillDone:
    """A still was taken here; `png` is the file whose SHA-256 is `sha256`."""

    still: RecordId
    visit: VisitId
    asked_by: Role
    png: bytes
    width: int
    height: int
    sha256: str
    pixels_sha256: str
    taken_at: datetime
    source: str
    coding: str


@dataclass(frozen=True, slots=True)
class StillRefused:
    """The wish for this still was not carried out, here or at the far end."""

    still: RecordId
    code: Code


@dataclass(frozen=True, slots=True)
class FarStill:
    """The far end has taken a still, at whoever's wish: it will come with the records."""

    still: RecordId
    sha256: str


@dataclass(frozen=True, slots=True)
class FarExamCamera:
    """What the far end says of its exam camera."""

    is_there: bool
    is_on: bool  # a person there shows it
    reason: Code | None = None  # why its picture is not live, all the same
    since: datetime | None = None


def fault_of(status: DeviceStatus) -> tuple[Code, datetime] | None:
    """Why a camera's picture is not live, and since when; None: it is."""
    if status.presence is Presence.MISSING:
        return status.reason or Code.DEVICE_MISSING, status.since
    if status.impairment is Impairment.STILL_PICTURE:
        return Code.CAMERA_STUCK, status.standing_since
    return None


def is_being_opened(fault: Code, since: datetime, now: datetime) -> bool:
    return fault is Code.DEVICE_MISSING and (now - since).total_seconds() <= OPENING_S


def is_missing(fault: Code) -> bool:
    """No picture comes at all; one that stands still may go on being shown as what it is."""
    return fault is not Code.CAMERA_STUCK


@dataclass(frozen=True, slots=True)
class ControlsSeen:
    """Of the exam camera here; empty: it is off, or offers none."""

    controls: tuple[ControlState, ...]
    refused: Code | None = None  # why what was asked for was not set
