"""What people meant to write, each with a value that exists only once: the memory of the judge."""

from dataclasses import dataclass, field
from uuid import UUID

from app.domain.changes import Json, RecordType


@dataclass(frozen=True, slots=True)
class Intent:
    """`seen`: what stood there on that person's screen. `is_recorded`: the screen said kept."""

    value: Json
    desk: int
    record_type: RecordType
    record: UUID
    field: str
    seen: Json
    is_recorded: bool


@dataclass(slots=True)
class Memory:
    """`given_up`: values that a person let go, knowing what stands there instead."""

    intents: list[Intent] = field(default_factory=list)
    given_up: set[str] = field(default_factory=set)
    made: int = 0

    def fresh(self, desk: int) -> str:
        self.made += 1
        return f"value {self.made} of desk {desk}"

    def seen_before(self, value: Json) -> set[str]:
        """What stood there for whoever wrote this value, each time it was written."""
        return {repr(intent.seen) for intent in self.intents if intent.value == value}

    def desks_of(self, value: Json) -> set[int]:
        """Also of who took it in a conflict: that writes it once more."""
        return {intent.desk for intent in self.intents if intent.value == value}
