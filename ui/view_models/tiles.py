"""One value as a tile shows it: live while fresh, else kept while the policy lets it, else –."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.measurement import LiveValue, Measurement, VitalKind
from app.domain.reading import Reading
from app.domain.vitals import live_stale_after_s
from ui import wording
from ui.view_models.reading_words import UNITS, words_of

LIVE_GONE_S = 15.0  # a live value that stayed stale this long leaves its tile


class Colour(StrEnum):
    """By what is measured, never by how good it is."""

    PRESSURE = "pressure"
    PULSE = "pulse"
    SATURATION = "saturation"
    TEMPERATURE = "temperature"
    PLAIN = "plain"


COLOUR_OF = {
    VitalKind.PULSE_PER_MINUTE: Colour.PULSE,
    VitalKind.SPO2_PERCENT: Colour.SATURATION,
    VitalKind.TEMPERATURE_CELSIUS: Colour.TEMPERATURE,
}


@dataclass(frozen=True, slots=True)
class TileScreen:
    """One value. When `is_stale` the tile shows a dash whatever stands in `value`."""

    name: str  # "Cuff pressure"
    value: str  # "132", "128/76"
    unit: str  # "mmHg"
    source: str = ""  # which instrument
    age: str = ""  # "1 s ago"
    is_stale: bool = False
    is_refused: bool = False
    colour: Colour = Colour.PRESSURE


def live_tile(live: LiveValue, now: datetime, name: str = "") -> TileScreen | None:
    """None for one that has been stale for so long that nothing runs any more."""
    kind, age_s = live.quantity.kind, (now - live.at).total_seconds()
    if age_s > LIVE_GONE_S:
        return None
    return TileScreen(
        name=name or wording.text(f"vital.{kind}"),
        value=wording.isolate(wording.number(live.quantity.value)),
        unit=UNITS[kind],
        age=wording.age(age_s),
        is_stale=age_s > live_stale_after_s(kind),
        colour=COLOUR_OF.get(kind, Colour.PLAIN),
    )


def result_tile(
    measured: Measurement, now: datetime, *, is_refused: bool, kind: VitalKind | None = None
) -> TileScreen:
    """What waits for a person. `kind` None: a blood pressure, both numbers."""
    words = words_of(measured)
    number, unit, name = words.number, words.unit, wording.text("vitals.result")
    colour = Colour.PRESSURE
    if kind is not None:
        value = measured.value_of(kind)
        number = wording.DASH if value is None else wording.isolate(wording.number(value))
        unit, colour = UNITS[kind], COLOUR_OF.get(kind, Colour.PLAIN)
        name = wording.text("tile.not-kept", name=wording.text(f"vital.{kind}"))
    return TileScreen(
        name=name,
        value=number,
        unit=unit,
        source=measured.device.model,
        age=wording.age(now - measured.received_at),
        is_refused=is_refused,
        colour=colour,
    )


def kept_tile(
    kind: VitalKind, readings: Iterable[Reading], now: datetime, fresh_for: timedelta
) -> TileScreen:
    """The newest of this kind that was kept, with its age; a dash when it is too old, or none."""
    name = wording.text(f"vital.{kind}")
    colour = COLOUR_OF.get(kind, Colour.PLAIN)
    found = [
        (at, value, reading.measured.device.model)
        for reading in readings
        if (at := reading.measured.taken_at) is not None
        and (value := reading.measured.value_of(kind)) is not None
        and reading.is_counted
    ]
    if not found:
        return TileScreen(name, "", UNITS[kind], is_stale=True, colour=colour)
    at, value, source = max(found, key=lambda one: one[0])
    return TileScreen(
        name=name,
        value=wording.isolate(wording.number(value)),
        unit=UNITS[kind],
        source=source,
        age=wording.age(now - at),
        is_stale=now - at > fresh_for,
        colour=colour,
    )
