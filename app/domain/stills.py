"""Stills of the exam camera: the source's own picture, and what people draw beside it.

The picture is never touched: arrows, circles, words and rulers are vectors in its pixels, kept in
records of their own. Each saving of a drawing is a new record; the newest is shown.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId, RecordId, VisitId

STILL_MAX_BYTES = 30 * 1024 * 1024  # what a desk takes from the server in one answer
SIDE_MAX = 8192
MARKS_MOST = 100
LABEL_MAX_CHARACTERS = 120
LENGTH_LEAST_MM, LENGTH_MOST_MM = 0.1, 2000.0
SCALE_LEAST_PIXELS = 8.0  # two points nearer than that make no scale


@dataclass(frozen=True, slots=True)
class Still:
    """`sha256` is of the PNG, `pixels_sha256` of the source's pixels (rows of red, green, blue)."""

    id: RecordId
    visit: VisitId
    patient: PatientId
    width: int
    height: int
    sha256: str
    pixels_sha256: str
    taken_at: datetime
    taken_by: PersonId  # who was signed in where the camera is
    asked_by: Role  # at whose side it was pressed
    source: str  # as the device list names it
    coding: str = ""  # how the camera sent it, "MJPG"; empty: not known
    file_sha256: str = ""
    file_key: str = ""  # base64, 32 bytes; travels inside the record over TLS
    file_bytes: int = 0
    is_pending: bool = True


@dataclass(frozen=True, slots=True)
class Point:
    """In pixels of the picture, from its upper left corner; may lie between two of them."""

    x: float
    y: float

    def distance(self, other: "Point") -> float:
        return math.hypot(other.x - self.x, other.y - self.y)


class MarkKind(StrEnum):
    ARROW = "arrow"  # points at `end`
    CIRCLE = "circle"  # around `start`, through `end`
    LABEL = "label"  # words at `start`
    RULER = "ruler"


@dataclass(frozen=True, slots=True)
class Mark:
    kind: MarkKind
    start: Point
    end: Point
    words: str = ""  # of a label


@dataclass(frozen=True, slots=True)
class Scale:
    """Two points of which a person knows how far apart they are."""

    start: Point
    end: Point
    length_mm: float

    @property
    def mm_per_pixel(self) -> float:
        return self.length_mm / self.start.distance(self.end)


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that is drawn beside one still."""

    marks: tuple[Mark, ...] = ()
    scale: Scale | None = None

    def length_mm(self, mark: Mark) -> float | None:
        """None: nobody has said yet what a pixel is."""
        if self.scale is None:
            return None
        return mark.start.distance(mark.end) * self.scale.mm_per_pixel


@dataclass(frozen=True, slots=True)
class StillMarks:
    """One saving of a drawing, by one person."""

    id: RecordId
    still: RecordId
    visit: VisitId
    patient: PatientId
    drawing: Drawing
    author: PersonId
    author_name: str
    made_at: datetime
    is_pending: bool = True


def must_fit(drawing: Drawing, width: int, height: int) -> None:
    """Rejected(DRAWING_DOES_NOT_FIT) with what lies outside of the picture or says nothing."""
    if len(drawing.marks) > MARKS_MOST:
        raise Rejected(Code.TOO_LARGE, "drawing")
    points = [point for mark in drawing.marks for point in (mark.start, mark.end)]
    if drawing.scale is not None:
        points += [drawing.scale.start, drawing.scale.end]
    # A circle's rim may lie outside; where it is held may not be farther away than the picture is.
    reach = max(width, height)
    if not all(-reach <= p.x <= width + reach and -reach <= p.y <= height + reach for p in points):
        raise Rejected(Code.DRAWING_DOES_NOT_FIT, "point")
    if not all(_says_something(mark) for mark in drawing.marks):
        raise Rejected(Code.DRAWING_DOES_NOT_FIT, "mark")
    if drawing.scale is not None:
        scale_of(drawing.scale.start, drawing.scale.end, drawing.scale.length_mm)


def _says_something(mark: Mark) -> bool:
    if mark.kind is MarkKind.LABEL:
        return 0 < len(mark.words.strip()) <= LABEL_MAX_CHARACTERS
    return mark.start.distance(mark.end) >= 1.0 and not mark.words


def scale_of(start: Point, end: Point, length_mm: float) -> Scale:
    """Rejected(SCALE_UNUSABLE) when it would make nonsense of every ruler."""
    is_length = math.isfinite(length_mm) and LENGTH_LEAST_MM <= length_mm <= LENGTH_MOST_MM
    if not is_length or start.distance(end) < SCALE_LEAST_PIXELS:
        raise Rejected(Code.SCALE_UNUSABLE)
    return Scale(start, end, length_mm)


def still_fields(still: Still) -> dict[str, Json]:
    """The still's document as it is kept and sent (contract: StillBody)."""
    return {
        "visit": str(still.visit),
        "patient": str(still.patient),
        "kind": "exam-camera",
        "width": still.width,
        "height": still.height,
        "sha256": still.sha256,
        "pixels_sha256": still.pixels_sha256,
        "taken_at": still.taken_at.isoformat(),
        "taken_by": str(still.taken_by),
        "asked_by": str(still.asked_by),
        "source": still.source,
        "coding": still.coding,
        "file_sha256": still.file_sha256,
        "file_key": still.file_key,
        "file_bytes": still.file_bytes,
    }


def marks_fields(marks: StillMarks) -> dict[str, Json]:
    """The drawing's document as it is kept and sent (contract: StillMarksBody)."""
    scale = marks.drawing.scale
    return {
        "visit": str(marks.visit),
        "patient": str(marks.patient),
        "still": str(marks.still),
        "marks": [_mark_fields(mark) for mark in marks.drawing.marks],
        "scale": None
        if scale is None
        else {**_line_fields(scale.start, scale.end), "length_mm": scale.length_mm},
        "author": str(marks.author),
        "author_name": marks.author_name,
        "made_at": marks.made_at.isoformat(),
    }


def _mark_fields(mark: Mark) -> Json:
    return {"kind": str(mark.kind), **_line_fields(mark.start, mark.end), "words": mark.words}


def _line_fields(start: Point, end: Point) -> dict[str, Json]:
    return {"x1": start.x, "y1": start.y, "x2": end.x, "y2": end.y}
