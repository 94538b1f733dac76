"""The patient banner: two identifiers and the allergies, on top of everything about a patient."""

from dataclasses import dataclass
from datetime import date

from app.domain.patients import Patient
from ui import wording


@dataclass(frozen=True, slots=True)
class BannerScreen:
    name: str  # DOE, Jane (Mrs)
    born: str  # 14-Jul-1945 (81y)
    record_number: str  # 129 728 7652
    allergies: str  # "Not known" when nobody asked
    has_allergies: bool = False  # drawn so that it is not overlooked
    sex: str = ""


def banner_of(patient: Patient, today: date) -> BannerScreen:
    """The banner's words for this patient."""
    return BannerScreen(
        name=patient.banner_name,
        born=wording.born(patient.born, patient.age_years(today)),
        record_number=wording.record_number(patient.record_number),
        allergies=patient.allergies or wording.text("unknown"),
        has_allergies=bool(patient.allergies),
        sex=patient.sex or wording.text("unknown"),
    )
