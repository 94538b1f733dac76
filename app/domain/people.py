"""Who is signed in."""

from dataclasses import dataclass

from app.domain.access import Role
from app.domain.ids import PersonId


@dataclass(frozen=True, slots=True)
class Person:
    """A clinician or presenter, as the server names them."""

    id: PersonId
    name: str
    role: Role
