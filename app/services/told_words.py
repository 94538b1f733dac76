"""A record as words for the call's channel, and back: cut small, put together again, bounded.

{"kind": "told", "told": id, "part": 0, "parts": 2, "text": slice}. A far side of an earlier release
knows no such word and leaves it out.
"""

import json
from dataclasses import dataclass
from uuid import UUID

from app.domain.changes import HeardRecord, Json, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, RecordId, VisitId

KIND = "told"
PART_CHARACTERS = 6_000  # of ASCII; each may become two in a word of 16 KiB
PARTS_MOST = 48  # the longest note, each of its characters written as two escapes
GATHERED_MOST = 4


def words_of(record: HeardRecord) -> list[dict[str, Json]]:
    text = json.dumps(
        {
            "type": str(record.record_type),
            "patient": str(record.patient),
            "visit": str(record.visit),
            "fields": dict(record.fields),
        },
        separators=(",", ":"),
    )
    slices = [text[at : at + PART_CHARACTERS] for at in range(0, len(text), PART_CHARACTERS)]
    if len(slices) > PARTS_MOST:
        raise Rejected(Code.TOO_LARGE, "told record")
    return [
        {
            "kind": KIND,
            "told": str(record.record),
            "part": part,
            "parts": len(slices),
            "text": cut,
        }
        for part, cut in enumerate(slices)
    ]


def kept_reading_of(word: dict[str, Json]) -> HeardRecord:
    """Of the one word that is said of a reading when it is kept (`readings.kept_words`)."""
    fields = {name: value for name, value in word.items() if name not in ("kind", "record")}
    try:
        return HeardRecord(
            record_type=RecordType.READING,
            record=RecordId(UUID(_text(word["record"]))),
            fields=fields,
            patient=PatientId(UUID(_text(word["patient"]))),
            visit=VisitId(UUID(_text(word["visit"]))),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise Rejected(Code.MALFORMED, "told reading") from error


@dataclass(slots=True)
class _Gathered:
    parts: list[str | None]


class Gathering:
    """What the far side tells; the oldest unfinished one gives way to a newer one."""

    def __init__(self) -> None:
        self._gathered: dict[UUID, _Gathered] = {}

    def forget(self) -> None:
        self._gathered.clear()

    def take(self, word: dict[str, Json]) -> HeardRecord | None:
        """The record when its last part came; Rejected(MALFORMED) when it makes no sense."""
        try:
            return self._take(word)
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise Rejected(Code.MALFORMED, "told record") from error

    def _take(self, word: dict[str, Json]) -> HeardRecord | None:
        told, part, parts, text = UUID(_text(word["told"])), word["part"], word["parts"], ""
        if type(part) is not int or type(parts) is not int:
            raise TypeError("part")
        if not 0 <= part < parts <= PARTS_MOST:
            raise ValueError("part")
        text = _text(word["text"])
        if len(text) > PART_CHARACTERS:
            raise ValueError("text")
        found = self._gathered.get(told)
        if found is None or len(found.parts) != parts:
            while len(self._gathered) >= GATHERED_MOST:
                del self._gathered[next(iter(self._gathered))]
            found = self._gathered[told] = _Gathered([None] * parts)
        found.parts[part] = text
        if any(one is None for one in found.parts):
            return None
        del self._gathered[told]
        return _record_of(told, "".join(one for one in found.parts if one is not None))


def _record_of(told: UUID, text: str) -> HeardRecord:
    said = json.loads(text)
    fields = said["fields"]
    if not isinstance(fields, dict):
        raise TypeError("fields")
    return HeardRecord(
        record_type=RecordType(said["type"]),
        record=RecordId(told),
        fields=fields,
        patient=PatientId(UUID(_text(said["patient"]))),
        visit=VisitId(UUID(_text(said["visit"]))),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value
