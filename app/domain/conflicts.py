"""Two changes that cannot both stand: what either said, and what a person made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.changes import Json, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import ChangeId, DeviceId, PatientId, PersonId, RecordId, VisitId

Fields = Mapping[str, Json]
BETWEEN_BOTH = "\n"


class Take(StrEnum):
    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"
    ANEW = "anew"


@dataclass(frozen=True, slots=True)
class Side:
    """Who set these values, when and where; `received_at` when the server had them."""

    fields: Fields
    by: PersonId | None = None
    by_name: str = ""
    device: DeviceId | None = None
    device_name: str = ""
    made_at: datetime | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """`fields`: what the record was given; empty when what stood was left. `before`: what stood."""

    take: Take
    fields: Fields
    before: Fields
    by: PersonId
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """`change` is the one that was not applied: `mine`. `base`: what its author had seen.

    `stands`: what the record says of these fields now, as this desk shows it; theirs, unless it
    moved on once more.
    """

    change: ChangeId
    record_type: RecordType | str
    record: RecordId
    base: Fields
    mine: Side
    theirs: Side
    resolution: Resolution | None = None
    patient: PatientId | None = None
    visit: VisitId | None = None
    is_pending: bool = False
    stands: Fields = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.resolution is None

    @property
    def can_take_both(self) -> bool:
        """Both is one below the other: a choice of words for texts, of nothing else."""
        return all(
            isinstance(value, str) and isinstance(self.stands.get(name), str)
            for name, value in self.mine.fields.items()
        )

    def outcome(self, take: Take, anew: Fields | None = None) -> dict[str, Json]:
        """What the record's fields become; empty when what stands is left.

        Rejected(NOT_ALLOWED) when it cannot be taken so.
        """
        if take is Take.THEIRS:
            return {}
        if take is Take.MINE:
            return dict(self.mine.fields)
        if take is Take.ANEW:
            if not anew or not self.mine.fields.keys() >= anew.keys():
                raise Rejected(Code.NOT_ALLOWED, "other fields than those in conflict")
            return dict(anew)
        if not self.can_take_both:
            raise Rejected(Code.NOT_ALLOWED, "these two cannot both be taken")
        return {
            name: BETWEEN_BOTH.join(str(each) for each in (self.stands[name], value) if each)
            for name, value in self.mine.fields.items()
        }
