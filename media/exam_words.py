"""What two media processes say to each other of an exam camera, as live words of their channel.

They never reach a screen as they are; a word that makes no sense is left out.
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.changes import Json
from app.domain.clock import plausible_instant
from app.domain.exam_camera import Focus
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId
from media.link.typed_words import TypedWords


@dataclass(frozen=True, slots=True)
class ExamState:
    """Whether there is an exam camera, whether it is shown, and why its picture is not live."""

    is_there: bool
    is_on: bool
    reason: Code | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ExamLook:
    focus: Focus


@dataclass(frozen=True, slots=True)
class ExamFreeze:
    """`stamp` is the RTP timestamp of the picture that was seen; None: the newest."""

    still: RecordId
    stamp: int | None


@dataclass(frozen=True, slots=True)
class ExamTaken:
    still: RecordId
    sha256: str


@dataclass(frozen=True, slots=True)
class ExamRefused:
    still: RecordId
    code: Code


ExamWord = ExamState | ExamLook | ExamFreeze | ExamTaken | ExamRefused

_KINDS: dict[str, type[object]] = {
    "exam-state": ExamState,
    "exam-look": ExamLook,
    "exam-freeze": ExamFreeze,
    "exam-taken": ExamTaken,
    "exam-refused": ExamRefused,
}
_WORDS = TypedWords(_KINDS)


def payload_of(word: ExamWord) -> dict[str, Json]:
    return _WORDS.word(word)


def is_exam_word(payload: dict[str, Json]) -> bool:
    return payload.get("kind") in _KINDS


def word_in(payload: dict[str, Json]) -> ExamWord:
    """Rejected(MALFORMED) when it makes no sense."""
    word: ExamWord = _WORDS.said(payload)
    try:
        if isinstance(word, ExamState) and word.since is not None:
            plausible_instant(word.since)
    except ValueError as error:
        raise Rejected(Code.MALFORMED, "exam word") from error
    return word
