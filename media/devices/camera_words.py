"""What a camera process tells the media process; of an exam camera also what it may be asked."""

from dataclasses import dataclass

from app.domain.exam_camera import Control, ControlState
from app.domain.failures import Code
from app.domain.ids import RecordId
from media.link.typed_words import TypedWords


@dataclass(frozen=True, slots=True)
class CameraOpened:
    """One descriptor comes with it: the anonymous memory of its pictures."""

    slot_bytes: int
    model: str


@dataclass(frozen=True, slots=True)
class CameraPicture:
    """A newer picture is there; may be dropped."""

    sequence: int


@dataclass(frozen=True, slots=True)
class CameraSame:
    """It delivers, but what it delivers has not changed since then; nothing is handed over."""

    since_s: float  # CLOCK_MONOTONIC


@dataclass(frozen=True, slots=True)
class CameraStill:
    """One descriptor comes with it: sealed memory with the PNG of the source's own picture."""

    still: RecordId
    width: int
    height: int
    png_bytes: int
    sha256: str
    pixels_sha256: str  # rows of red, green, blue, as the source gave them
    taken_at_s: float  # CLOCK_MONOTONIC
    coding: str  # how the camera sends, "MJPG"; empty: not known


@dataclass(frozen=True, slots=True)
class CameraNoStill:
    still: RecordId
    code: Code


@dataclass(frozen=True, slots=True)
class CameraControls:
    """Answer to AskControls and SetControl; empty where the driver offers none."""

    controls: tuple[ControlState, ...]
    refused: Code | None  # why what was asked for was not set


@dataclass(frozen=True, slots=True)
class CameraFailed:
    """Its last word."""

    code: Code


@dataclass(frozen=True, slots=True)
class TakeStill:
    """Of the picture that was taken at `seen_at_s`; None: of the newest."""

    still: RecordId
    seen_at_s: float | None


@dataclass(frozen=True, slots=True)
class AskControls:
    pass


@dataclass(frozen=True, slots=True)
class SetControl:
    control: Control
    value: int


CameraWord = (
    CameraOpened
    | CameraPicture
    | CameraSame
    | CameraStill
    | CameraNoStill
    | CameraControls
    | CameraFailed
)
CameraWish = TakeStill | AskControls | SetControl
# Each of these brings exactly one descriptor; no other word brings any.
BRINGS_DESCRIPTOR: tuple[type[object], ...] = (CameraOpened, CameraStill)
# A newer one makes each of these worthless.
MAY_BE_DROPPED: tuple[type[object], ...] = (CameraPicture, CameraSame)

CAMERA_WORDS = TypedWords(
    {
        "opened": CameraOpened,
        "picture": CameraPicture,
        "same": CameraSame,
        "still": CameraStill,
        "no-still": CameraNoStill,
        "controls": CameraControls,
        "failed": CameraFailed,
    }
)
CAMERA_WISHES = TypedWords(
    {"take-still": TakeStill, "ask-controls": AskControls, "set-control": SetControl}
)
