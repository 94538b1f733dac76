"""Who the visit is about, and how the banner writes a name (NHS Common User Interface v4)."""

from dataclasses import dataclass
from datetime import date

from app.domain.ids import PatientId


@dataclass(frozen=True, slots=True)
class Patient:
    """Two identifiers at least: name with birth date, and the clinic's record number."""

    id: PatientId
    family_name: str
    given_name: str
    born: date | None
    record_number: str
    title: str = ""
    sex: str = ""
    allergies: str = ""  # empty: not known; the screen says so

    @property
    def banner_name(self) -> str:
        """`DOE, Jane (Mrs)`: family name first, in capitals."""
        title = f" ({self.title})" if self.title else ""
        return f"{self.family_name.upper()}, {self.given_name}{title}"

    def age_years(self, today: date) -> int | None:
        if self.born is None:
            return None
        had_birthday = (today.month, today.day) >= (self.born.month, self.born.day)
        return today.year - self.born.year - (0 if had_birthday else 1)
