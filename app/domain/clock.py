"""Time as the house sees it: aware UTC for people, monotonic for durations, and the known error.

No rule about order rests on a clock; versions and feed positions give the order.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

SAY_SO_ABOVE = timedelta(seconds=2)
CONFIRM_ABOVE = timedelta(minutes=2)
# Nearer to the calendar's ends a moment cannot be written in every time zone.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


def plausible_instant(moment: datetime) -> datetime:
    """The same; ValueError when it is naive or outside of what any clock of ours may say."""
    if moment.tzinfo is None:
        raise ValueError("times are aware UTC")
    if not EARLIEST <= moment < LATEST:
        raise ValueError("a time out of range")
    return moment


class Clock(Protocol):
    """What services need of time; tests give a clock that they move by hand."""

    def now(self) -> datetime:
        """The device's own idea of now, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow; for durations and limits."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the server's clock is ahead of ours, and how sure we are (half the round trip)."""

    offset: timedelta
    uncertainty: timedelta

    @property
    def is_worth_saying(self) -> bool:
        """Above 2 s of certain difference the status bar says so."""
        return abs(self.offset) - self.uncertainty > SAY_SO_ABOVE

    @property
    def needs_confirmation(self) -> bool:
        """Above 2 min a person confirms times before they are kept."""
        return abs(self.offset) - self.uncertainty > CONFIRM_ABOVE

    def is_covered_by(self, confirmed: "ClockOffset") -> bool:
        """Whoever confirmed that difference looked at this one, too."""
        return abs(self.offset - confirmed.offset) <= CONFIRM_ABOVE


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One question to the server: sent and received by our monotonic clock, its answer between."""

    asked_at: datetime
    round_trip: timedelta
    server_time: datetime

    def offset(self) -> ClockOffset:
        """The answer is taken to be half a round trip old (RFC 5905, 8)."""
        middle = self.asked_at + self.round_trip / 2
        return ClockOffset(self.server_time - middle, self.round_trip / 2)


def best_offset(samples: list[ClockSample]) -> ClockOffset:
    """Of several questions the one with the shortest round trip knows best."""
    if not samples:
        raise ValueError("no clock sample")
    return min(samples, key=lambda sample: sample.round_trip).offset()


@dataclass(frozen=True, slots=True)
class Stamp:
    """When an act happened: the raw device time and what was known of its error then.

    `offset` is None before the first contact with the server.
    """

    device_time: datetime
    offset: ClockOffset | None = None

    def __post_init__(self) -> None:
        if self.device_time.tzinfo is None:
            raise ValueError("times are aware UTC")

    @property
    def corrected_time(self) -> datetime:
        """By the server's clock as far as it was known; the raw one where that cannot be."""
        if self.offset is None:
            return self.device_time
        try:
            return plausible_instant(self.device_time + self.offset.offset)
        except (ValueError, OverflowError):
            return self.device_time
