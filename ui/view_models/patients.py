"""The patient banner: two identifiers and the allergies, on top of everything about a patient."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BannerScreen:
    name: str  # DOE, Jane (Mrs)
    born: str  # 14-Jul-1945 (81y)
    record_number: str  # 129 728 7652
    allergies: str  # "Not known" when nobody asked
    has_allergies: bool = False  # drawn so that it is not overlooked
    sex: str = ""
