"""What a clinic decides about vital signs: how long a value is shown, and how pressures are taken.

Read from a table of a file by `policy_from`; what is not there stays as it is below.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from app.domain.bp_protocol import BpPolicy
from app.domain.measurement import VitalKind

LONGEST_MIN = 7 * 24 * 60


def _stale_after() -> dict[VitalKind, timedelta]:
    quarter, hour = timedelta(minutes=15), timedelta(hours=1)
    return {
        VitalKind.SYSTOLIC_MMHG: quarter,
        VitalKind.SPO2_PERCENT: quarter,
        VitalKind.PULSE_PER_MINUTE: quarter,
        VitalKind.PERFUSION_INDEX_PERCENT: quarter,
        VitalKind.TEMPERATURE_CELSIUS: hour,
        VitalKind.GLUCOSE_MG_PER_DL: hour,
        VitalKind.WEIGHT_KG: timedelta(days=1),
    }


@dataclass(frozen=True, slots=True)
class VitalsPolicy:
    """`stale_after`: a kept value that is older is a dash on its tile."""

    stale_after: Mapping[VitalKind, timedelta] = field(default_factory=_stale_after)
    news2_oldest: timedelta = timedelta(hours=1)
    pressures: BpPolicy = field(default_factory=BpPolicy)


# In the words of the file.
TILES = {
    "blood-pressure": VitalKind.SYSTOLIC_MMHG,
    "spo2": VitalKind.SPO2_PERCENT,
    "pulse": VitalKind.PULSE_PER_MINUTE,
    "perfusion-index": VitalKind.PERFUSION_INDEX_PERCENT,
    "temperature": VitalKind.TEMPERATURE_CELSIUS,
    "glucose": VitalKind.GLUCOSE_MG_PER_DL,
    "weight": VitalKind.WEIGHT_KG,
}
FIRST = "leave-out-first"
NUMBERS = {"rest-s": "rest_s", "interval-s": "interval_s"}
COUNTS = {"readings": "readings", "differ-mmhg": "differ_mmhg", "most-tries": "most_tries"}


def policy_from(table: Mapping[str, Any]) -> VitalsPolicy:
    """ValueError, in words for whoever wrote the file, when it is not understood whole."""
    _only(table, {"stale-after-min", "news2", "blood-pressure"}, "the file")
    policy = VitalsPolicy()
    stale = _table(table, "stale-after-min", set(TILES))
    given = {TILES[name]: _minutes(name, value) for name, value in stale.items()}
    news2 = _table(table, "news2", {"oldest-min"})
    oldest = policy.news2_oldest
    if "oldest-min" in news2:
        oldest = _minutes("oldest-min", news2["oldest-min"])
    return replace(
        policy,
        stale_after={**policy.stale_after, **given},
        news2_oldest=oldest,
        pressures=_pressures(_table(table, "blood-pressure", {*NUMBERS, *COUNTS, FIRST})),
    )


def _pressures(table: Mapping[str, Any]) -> BpPolicy:
    fields: dict[str, Any] = {}
    for name, value in table.items():
        if name == FIRST:
            if not isinstance(value, bool):
                raise ValueError(f"{name} is true or false")
            fields["leaves_out_first"] = value
        elif name in COUNTS:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} is a whole number above 0")
            fields[COUNTS[name]] = value
        else:
            fields[NUMBERS[name]] = _number(name, value)
    return BpPolicy(**fields)


def _table(table: Mapping[str, Any], name: str, known: set[str]) -> Mapping[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"[{name}] is a table")
    _only(found, known, f"[{name}]")
    return found


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    """A word that is misspelt would else leave a default in force, unseen."""
    for name in table:
        if name not in known:
            raise ValueError(f"{where} knows {', '.join(sorted(known))}; not {name}")


def _minutes(name: str, value: Any) -> timedelta:
    minutes = _number(name, value)
    if not 0 < minutes <= LONGEST_MIN:
        raise ValueError(f"{name} is above 0 and at most {LONGEST_MIN} minutes")
    return timedelta(minutes=minutes)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name} is a number")
    return float(value)
