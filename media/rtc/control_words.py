"""The words of the control channel between two media processes: JSON text, at most 16 KiB.

What a word means stands in its class; a word that is not understood is refused with a code.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from app.domain.changes import Json
from app.domain.clock import plausible_instant
from app.domain.engine import FarScreen, LiveFromFar
from app.domain.failures import Code, Rejected
from app.domain.ladder import Matters, Reason, Stand, Step, Wants

MAX_TEXT_BYTES = 16 * 1024
LIVE_MOST_DEPTH = 8  # less than the local channel to our screen takes


@dataclass(frozen=True, slots=True)
class Beat:
    """Sign of life, four a second. `echo` is the newest number heard, `held_ms` how long ago."""

    number: int
    echo: int | None
    held_ms: float


@dataclass(frozen=True, slots=True)
class FarCamera:
    """Whether a moving picture is being sent: a picture that stands still is never silent."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """Of a link that was made empty: the person here is in the call, sound and picture follow."""


@dataclass(frozen=True, slots=True)
class PictureHere:
    """The first picture was decoded: no more key frames are needed for the start."""


@dataclass(frozen=True, slots=True)
class FarLadder:
    """Where what the far side sends stands, what its person wishes, and how it hears our voice."""

    stand: Stand
    wants: Wants
    concealed_share: float | None  # of our voice, 0..1


ControlWord = Beat | Joined | FarCamera | PictureHere | FarScreen | LiveFromFar | FarLadder


def text_of(word: ControlWord) -> str:
    """What goes onto the channel; Rejected(TOO_LARGE) when a live value is beyond measure."""
    text = json.dumps(_fields_of(word), separators=(",", ":"))
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise Rejected(Code.TOO_LARGE, "control word")
    return text


def _fields_of(word: ControlWord) -> dict[str, Json]:
    match word:
        case Beat(number, echo, held_ms):
            return {"kind": "beat", "number": number, "echo": echo, "held_ms": round(held_ms, 1)}
        case FarCamera(is_on):
            return {"kind": "camera", "is_on": is_on}
        case Joined():
            return {"kind": "joined"}
        case PictureHere():
            return {"kind": "picture-here"}
        case FarScreen(is_attached, since):
            return {"kind": "far-screen", "is_attached": is_attached, "since": since.isoformat()}
        case LiveFromFar(payload):
            return {"kind": "live", "payload": payload}
        case FarLadder(stand, wants, concealed_share):
            return {
                "kind": "ladder",
                "step": str(stand.step),
                "reason": str(stand.reason),
                "since": stand.since.isoformat(),
                "carries_bit_s": stand.carries_bit_s,
                "matters": str(wants.matters),
                "is_picture_held": wants.is_picture_held,
                "concealed_share": concealed_share,
            }


def word_of(text: object) -> ControlWord:
    """What the far side said; Rejected(MALFORMED or TOO_LARGE) when it makes no sense."""
    if not isinstance(text, str):
        raise Rejected(Code.MALFORMED, "control word")
    if len(text) > MAX_TEXT_BYTES:
        raise Rejected(Code.TOO_LARGE, "control word")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "control word") from error
    if not isinstance(fields, dict):
        raise Rejected(Code.MALFORMED, "control word")
    try:
        return _word_of(fields)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Rejected(Code.MALFORMED, "control word") from error


def _word_of(fields: dict[str, object]) -> ControlWord:
    match fields["kind"]:
        case "beat":
            echo = fields["echo"]
            return Beat(
                _whole(fields["number"]),
                None if echo is None else _whole(echo),
                _length_ms(fields["held_ms"]),
            )
        case "camera":
            return FarCamera(_truth(fields["is_on"]))
        case "joined":
            return Joined()
        case "picture-here":
            return PictureHere()
        case "far-screen":
            return FarScreen(_truth(fields["is_attached"]), _instant(fields["since"]))
        case "live":
            payload = fields["payload"]
            if not isinstance(payload, dict) or _is_deeper(payload, LIVE_MOST_DEPTH):
                raise TypeError("payload")
            return LiveFromFar(cast(dict[str, Json], payload))
        case "ladder":
            return _ladder_of(fields)
        case _:
            raise ValueError("kind")


def _ladder_of(fields: dict[str, object]) -> FarLadder:
    carries, concealed = fields["carries_bit_s"], fields["concealed_share"]
    stand = Stand(
        Step(cast(str, fields["step"])),
        Reason(cast(str, fields["reason"])),
        _instant(fields["since"]),
        None if carries is None else _whole(carries),
    )
    wants = Wants(Matters(cast(str, fields["matters"])), _truth(fields["is_picture_held"]))
    return FarLadder(stand, wants, None if concealed is None else _share(concealed))


def _instant(value: object) -> datetime:
    return plausible_instant(datetime.fromisoformat(cast(str, value)))


def _is_deeper(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError("whole number")
    return value


def _length_ms(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= cast(float, value) < 1e9:
        raise ValueError("length of time")
    return float(cast(float, value))


def _share(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= cast(float, value) <= 1:
        raise ValueError("share")
    return float(cast(float, value))


def _truth(value: object) -> bool:
    if type(value) is not bool:
        raise TypeError("truth")
    return value
