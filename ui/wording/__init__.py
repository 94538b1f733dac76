"""Every sentence that a user reads, by key and by failure code, and how figures are written.

Dates, numbers, units and ids are wrapped in directional isolates (U+2066 ... U+2069): without them
a right-to-left sentence turns 128/76 mmHg around. Accessible names are the same words without.
"""

import math
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.domain.failures import Code
from app.domain.stills import Drawing, Mark
from ui.wording.english import FAILURES, MONTHS, SENTENCES, WEEKDAYS

DASH = "–"
LEFT_TO_RIGHT = "\u2066"
FIRST_STRONG = "\u2068"
END_OF_ISOLATE = "\u2069"
UNBROKEN = "\u00a0"  # a space at which no line ends
JOINED = "\u2060"  # no line ends here
_MARKS: dict[int, str | None] = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))
_MARKS[ord(UNBROKEN)] = " "
_MARKS[ord(JOINED)] = None
# Control signs but tab and line end; embeddings, overrides, and the isolate that we never use.
_UNSEEN: dict[int, None] = dict.fromkeys(
    sign
    for span in ((0x00, 0x09), (0x0B, 0x20), (0x7F, 0xA0), (0x202A, 0x202F), (0x2067, 0x2068))
    for sign in range(*span)
)


def text(key: str, **values: object) -> str:
    """The sentence of this key; a value that is not isolated yet is isolated as it stands."""
    return SENTENCES[key].format(**{name: _kept_apart(value) for name, value in values.items()})


def failure(code: Code) -> str:
    """What went wrong and what to do about it."""
    return FAILURES[code]


def isolate(figures: str) -> str:
    """Dates, numbers, units and ids: left to right whatever stands around, never on two lines."""
    return f"{LEFT_TO_RIGHT}{unbroken(figures)}{END_OF_ISOLATE}"


def isolate_name(name: str) -> str:
    """Names and free words: their own direction, without a hold on what stands around them."""
    return f"{FIRST_STRONG}{harmless(name)}{END_OF_ISOLATE}"


def harmless(words: str) -> str:
    """Free words without signs that are not seen: they would end a sentence early for a screen
    reader, or turn round what stands beside them ("confirmed" read backwards is still believed).
    """
    return words.translate(_UNSEEN)


def unbroken(words: str) -> str:
    """128/76 does not become 128/ on one line and 76 on the next."""
    words = words.replace(" ", UNBROKEN)
    for sign in "-/":
        words = words.replace(sign, f"{JOINED}{sign}{JOINED}")
    return words


def spoken(shown: str) -> str:
    """The same words for accessible names: no isolates, plain spaces."""
    return shown.translate(_MARKS)


def _kept_apart(value: object) -> str:
    shown = str(value)
    if shown.startswith((LEFT_TO_RIGHT, FIRST_STRONG)) and shown.endswith(END_OF_ISOLATE):
        return shown
    return isolate_name(shown)


# --- figures -----------------------------------------------------------------------------------


def day(of: date) -> str:
    """14-Jul-1945: no order of day and month to guess."""
    return isolate(_day(of))


def weekday(of: date) -> str:
    return WEEKDAYS[of.weekday()]


def time_of_day(moment: datetime) -> str:
    """14:03, in the time zone of this machine."""
    return isolate(f"{moment.astimezone():%H:%M}")


def moment(at: datetime, now: datetime) -> str:
    """14:03 when it was today, else 20-Nov-2026 14:03."""
    local = at.astimezone()
    if local.date() == now.astimezone().date():
        return time_of_day(at)
    return isolate(f"{_day(local.date())} {local:%H:%M}")


def born(on: date | None, age_years: int | None) -> str:
    """14-Jul-1945 (81y)."""
    if on is None:
        return text("unknown")
    return isolate(_day(on) if age_years is None else f"{_day(on)} ({age_years}y)")


def record_number(raw: str) -> str:
    """129 728 7652: ten digits in the groups in which they are read aloud, others as they are."""
    if len(raw) == 10 and raw.isdecimal():
        return isolate(f"{raw[:3]} {raw[3:6]} {raw[6:]}")
    return isolate(raw)


def quantity(value: Decimal | int | str, unit: str) -> str:
    """97 %, 71 /min: never a number without its unit."""
    return isolate(f"{number(value)} {unit}")


def number(value: Decimal | int | str) -> str:
    """As the device said it, without trailing zeros and with a leading one."""
    if not isinstance(value, Decimal):
        return str(value)
    return f"{value.normalize():f}"


def pressure(systolic: Decimal | int, diastolic: Decimal | int) -> str:
    """128/76, without the unit: it stands beside the number."""
    return isolate(f"{number(systolic)}/{number(diastolic)}")


def age(passed: timedelta | float) -> str:
    """3 s ago, 4 min ago, 2 h ago."""
    seconds = passed.total_seconds() if isinstance(passed, timedelta) else passed
    return text("age.ago", span=span(seconds))


def span(seconds: float) -> str:
    """3 s, 4 min, 2 h, 5 d: the largest unit that fits, rounded down."""
    whole = max(0, int(seconds))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if whole >= size:
            return isolate(f"{whole // size} {unit}")
    return isolate(f"{whole} s")


def clock(seconds: float) -> str:
    """0:12:41: a running clock, always with hours so that it cannot be read as 12 hours."""
    whole = max(0, int(seconds))
    return isolate(f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}")


def countdown(seconds: float) -> str:
    """4:05: what is left, rounded up, so that 0:00 is the end."""
    whole = max(0, math.ceil(seconds))
    return isolate(f"{whole // 60}:{whole % 60:02}")


def seconds_long(seconds: float) -> str:
    """20.0 s."""
    return isolate(f"{seconds:.1f} s")


def megabytes(count: int) -> str:
    """1.2 MB, 340 kB: by the thousand, as file managers say it."""
    if count >= 1_000_000:
        return isolate(f"{count / 1_000_000:.1f} MB")
    return isolate(f"{max(1, round(count / 1000))} kB")


def length(mark: Mark, drawing: Drawing) -> str:
    """12.4 mm where a person has set a scale, else in pixels, which nobody takes for a size."""
    millimetres = drawing.length_mm(mark)
    if millimetres is None:
        return isolate(f"{mark.start.distance(mark.end):.0f} px")
    return isolate(f"{millimetres:.1f} mm")


def fingerprint(digest: str) -> str:
    """The first bytes of a SHA-256 in groups that two people can compare aloud."""
    return isolate(f"{digest[:4]} {digest[4:8]}")


def _day(of: date) -> str:
    return f"{of.day:02}-{MONTHS[of.month - 1]}-{of.year}"
