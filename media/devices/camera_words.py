"""What a camera process tells the media process; it is asked nothing."""

from dataclasses import dataclass

from app.domain.failures import Code
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
class CameraFailed:
    """Its last word."""

    code: Code


CameraWord = CameraOpened | CameraPicture | CameraFailed

CAMERA_WORDS = TypedWords(
    {"opened": CameraOpened, "picture": CameraPicture, "failed": CameraFailed}
)
