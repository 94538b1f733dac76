"""Results and failures of blood-pressure monitors in words, for support."""

from typing import Any

from peripherals.drivers.blood_pressure import BloodPressure, Dump, Failed
from peripherals.drivers.decoded import COUNT, MMHG, Decoded, Fact, Valued, pressures, wall_clock

KPA = "kPa"
UNKNOWN = "a whole frame of a kind that this driver does not know"


def told(frame: Any) -> list[Decoded]:
    """In the driver's own decoder, kinds of its own are told first."""
    if isinstance(frame, BloodPressure):
        return [result_told(frame)]
    if isinstance(frame, Failed):
        return [_failure_told(frame)]
    if isinstance(frame, Dump):
        records = [_record_told(record) for record in frame.records]
        return [Decoded("memory", {"count": Valued(len(records), COUNT)}), *records]
    return [Decoded("other", reason=UNKNOWN)]


def _failure_told(frame: Failed) -> Decoded:
    return Decoded("no-value", facts=frame.facts, reason=frame.told)


def _record_told(record: BloodPressure | Failed) -> Decoded:
    return _failure_told(record) if isinstance(record, Failed) else result_told(record, "record")


def result_told(frame: BloodPressure, kind: str = "measurement") -> Decoded:
    """Whole numbers among the facts are counts of the device."""
    unit = KPA if frame.is_kpa else MMHG
    values = pressures(frame.systolic, frame.diastolic, frame.mean, frame.pulse, unit)
    counts = {
        name: Valued(fact, COUNT)
        for name, fact in frame.facts.items()
        if isinstance(fact, int) and not isinstance(fact, bool)
    }
    facts = {name: fact for name, fact in frame.facts.items() if name not in counts}
    clock: dict[str, Fact] = {"device_time": wall_clock(frame.wall_clock)}
    return Decoded(kind, values | counts, clock | facts, quality=tuple(sorted(frame.quality)))
