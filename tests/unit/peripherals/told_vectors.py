"""Vectors whose expected events stand in the words of `python -m peripherals.decode`."""

import json
from pathlib import Path
from typing import Any

from peripherals.catalogue import DRIVERS
from peripherals.decoders import DECODER_OF_NAME
from peripherals.drivers.fault import Fault

FOLDER = Path(__file__).parents[2] / "vectors"
Told = dict[str, Any]

# The drivers whose vectors are written so.
NAMES = (
    "nonin_df2",
    "nonin_9560",
    "nonin_df7",
    "nonin_df8",
    "nonin_df13",
    "cms50_v7",
    "cms50_old",
    "welchallyn_suretemp",
    "and_scale",
    "lifescan_binary",
    "serial_scope",
)


def vectors_of(name: str) -> list[Told]:
    found: list[Told] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["vectors"]
    return found


def told(name: str, raw: bytes) -> list[Told]:
    """Every event; of a fault its reason and how many bytes it cost."""
    codec = DRIVERS[name].codec()
    faults = iter([f for f in [*codec.feed(raw), *codec.idle()] if isinstance(f, Fault)])
    events: list[Told] = []
    for decoded in DECODER_OF_NAME[name](raw):
        if decoded.kind == "fault":
            fault = next(faults)
            events.append({"fault": str(fault.why), "byte_count": fault.byte_count})
        else:
            values = {key: float(valued.value) for key, valued in decoded.values.items()}
            facts = {k: list(v) if isinstance(v, tuple) else v for k, v in decoded.facts.items()}
            events.append({"kind": decoded.kind, "values": values, **facts})
    return events


def fits(expected: list[Told], said: list[Told]) -> bool:
    """Everything expected is told; more may be told besides, but no further event."""
    if len(expected) != len(said):
        return False
    pairs = zip(expected, said, strict=True)
    return all(_fits(wanted, found) for wanted, found in pairs)


def _fits(wanted: Told, found: Told) -> bool:
    values = wanted.get("values", {})
    are_values = all(
        name in found["values"] and abs(found["values"][name] - value) < 1e-9
        for name, value in values.items()
    )
    rest = {name: value for name, value in wanted.items() if name != "values"}
    return are_values and all(name in found and found[name] == rest[name] for name in rest)
