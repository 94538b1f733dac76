"""What a conversation hands to its monitor: bytes to send, things to publish or to count."""

from dataclasses import dataclass

from app.domain.measurement import LiveValue, Measurement, NoMeasurement


@dataclass(frozen=True, slots=True)
class Send:
    data: bytes
    is_urgent: bool = False  # instead of everything that waits


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that cannot be what was asked for; told so that it leaves a trace."""

    what: str


Said = Send | LiveValue | Measurement | NoMeasurement | Ignored
