"""A device's own clock: it knows no time zone and may never have been set.

A wall clock is a naive datetime, as the device shows it; `instant_of` takes it for the time of the
place where this machine stands.
"""

from datetime import date, datetime, time

FIRST_YEAR, LAST_YEAR = 2000, 2099


def wall_clock(
    year: int, month: int, day: int, hour: int, minute: int, second: int = 0
) -> datetime | None:
    """None when there is no such day or time of day."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return datetime.combine(date(year, month, day), time(hour, minute, second))
    except ValueError:
        return None


def instant_of(at: datetime) -> datetime:
    return at.astimezone()
