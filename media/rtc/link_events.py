"""What a peer link tells whoever made it. Control words of the far side come as they are."""

from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt

from app.domain.changes import Json
from app.domain.engine import FarScreen, LiveFromFar, Measures
from app.domain.failures import Code
from media.rtc.control_words import FarCamera, FarLadder


@dataclass(frozen=True, slots=True)
class SignalOut:
    """To be carried to the far side by the signalling: {"type": "offer" | "answer", "sdp": ...}."""

    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Media and channels flow; told again when a gap of this same link is over."""

    join_ms: float


@dataclass(frozen=True, slots=True)
class LinkWarm:
    """An empty link has all but sound and picture, which wait until both people have joined."""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """Nothing was heard for a while. The link may come back by itself, or a new one replaces it."""

    code: Code


@dataclass(frozen=True, slots=True)
class LinkFailed:
    """This link will never work (again). It still has to be closed."""

    code: Code


@dataclass(frozen=True, slots=True)
class FirstPicture:
    after_ms: float  # since the link was opened


@dataclass(frozen=True, slots=True)
class PictureIn:
    frame: av.VideoFrame  # yuv420p


@dataclass(frozen=True, slots=True)
class ExamPictureIn:
    """Of the far end's exam camera; `stamp` is its RTP timestamp, by which the far end knows it."""

    frame: av.VideoFrame  # yuv420p
    stamp: int


@dataclass(frozen=True, slots=True)
class VoiceIn:
    samples: npt.NDArray[np.int16]  # one channel, 48 kHz


@dataclass(frozen=True, slots=True)
class ScopeIn:
    """A message of the scope channel, for auscultation/lossless_channel."""

    data: bytes


LinkEvent = (
    SignalOut
    | LinkUp
    | LinkWarm
    | LinkLost
    | LinkFailed
    | FirstPicture
    | PictureIn
    | ExamPictureIn
    | VoiceIn
    | ScopeIn
    | FarScreen
    | FarCamera
    | FarLadder
    | LiveFromFar
    | Measures
)
