"""What goes out with a still: whose it is, which visit it belongs to, and its scale."""

from dataclasses import dataclass

from app.domain.patients import Patient
from app.domain.stills import Drawing, Still
from app.domain.visits import Visit


@dataclass(frozen=True, slots=True)
class StillToExport:
    """`number` among the stills of its visit, from 1. Of the drawing only the scale is told."""

    still: Still
    patient: Patient
    visit: Visit
    number: int
    drawing: Drawing
