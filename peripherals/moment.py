"""A point in time as a device's thread stamps it: for people and for limits."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.clock import Clock


@dataclass(frozen=True, slots=True)
class Moment:
    utc: datetime
    monotonic_s: float


def now_of(clock: Clock) -> Moment:
    return Moment(clock.now(), clock.monotonic())
