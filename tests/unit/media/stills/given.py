"""A still to go out, of an invented person, and the pixels that it is made of."""

import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime

import av
import numpy as np
import numpy.typing as npt

from app.domain.access import Role
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.patients import Patient
from app.domain.still_export import StillToExport
from app.domain.stills import Drawing, Point, Scale, Still
from app.domain.visits import Visit, VisitState

TAKEN_AT = datetime(2026, 11, 21, 13, 3, 4, 250000, tzinfo=UTC)
SCALE = Scale(Point(10, 10), Point(110, 10), 25.0)


@dataclass(frozen=True, slots=True)
class GivenStill:
    told: StillToExport
    png: bytes
    pixels: npt.NDArray[np.uint8]


def png_of(pixels: npt.NDArray[np.uint8]) -> bytes:
    """By a coder that the product does not use."""
    height, width = pixels.shape[:2]
    held = io.BytesIO()
    with av.open(held, "w", format="image2pipe") as file:
        stream = file.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")):
            file.mux(packet)
        file.mux(stream.encode())
    return held.getvalue()


def given_still(
    width: int = 161, height: int = 121, *, coding: str = "", scale: Scale | None = SCALE
) -> GivenStill:
    pixels = np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)
    png = png_of(pixels)
    patient = Patient(
        PatientId(new_id()), "Åström", "Ana", date(1970, 1, 2), "129 728", "Mrs", "female"
    )
    visit = Visit(VisitId(new_id()), patient.id, TAKEN_AT, VisitState.IN_VISIT)
    still = Still(
        id=RecordId(new_id()),
        visit=visit.id,
        patient=patient.id,
        width=width,
        height=height,
        sha256=hashlib.sha256(png).hexdigest(),
        pixels_sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        taken_at=TAKEN_AT,
        taken_by=PersonId(new_id()),
        asked_by=Role.CLINICIAN,
        source="exam.avi",
        coding=coding,
    )
    return GivenStill(StillToExport(still, patient, visit, 3, Drawing((), scale)), png, pixels)
