"""What goes on paper for the time without a screen: the day's list, and a form for each visit."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.notes import Note
from app.domain.reading import Reading
from app.domain.worklist import WorklistRow


@dataclass(frozen=True, slots=True)
class VisitPaper:
    """One visit with what is known of its patient, newest first."""

    row: WorklistRow
    readings: tuple[Reading, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class DaySheet:
    """`heard_at`: when the server was last heard; None: not since the program began."""

    made_at: datetime
    made_by: str
    device: str
    visits: tuple[VisitPaper, ...]
    heard_at: datetime | None = None
    is_demonstration: bool = False
