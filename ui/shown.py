"""What a view model tells and a widget draws, where words alone do not say it. No Qt."""

from dataclasses import dataclass

from app.domain.body_sites import Site


@dataclass(frozen=True, slots=True)
class MarkShown:
    """On a recording; both ends are the same for a moment."""

    at_s: float
    to_s: float
    word: str


@dataclass(frozen=True, slots=True)
class TimelineShown:
    """`peaks`: a byte for each quarter of a second, 255 where nothing is here."""

    seconds: float = 0.0
    peaks: bytes = b""
    late: tuple[tuple[float, float], ...] = ()
    gaps_s: tuple[float, ...] = ()  # where the instrument was away
    marks: tuple[MarkShown, ...] = ()
    spoken: str = ""


NO_TIMELINE = TimelineShown()


@dataclass(frozen=True, slots=True)
class SiteShown:
    """`short` stands in the button; `spoken` says all of it."""

    site: Site
    short: str
    spoken: str
    is_chosen: bool = False
    is_live: bool = False  # a sound from here runs now
    is_recorded: bool = False
    can_choose: bool = False
