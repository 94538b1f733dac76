"""What `python -m peripherals.decode` tells of a device's bytes: one event, as it stands on a line.

Values are called as in the published vectors (sys, dia, map, pulse, spo2 ...) and carry UCUM units.
A patient's identifier is never among the facts, only whether one was there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from peripherals.drivers.driver import Codec
from peripherals.drivers.fault import Fault, Why

MMHG, PER_MINUTE, PERCENT, COUNT = "mm[Hg]", "/min", "%", "1"

Fact = str | int | bool | tuple[int, ...] | None

FAULT_SENTENCES = {
    Why.LOST_BYTES: "no frame begins there",
    Why.BAD_LENGTH: "the length is one that no frame has",
    Why.BAD_CHECKSUM: "the checksum is wrong",
    Why.BAD_FIELD: "malformed: a field has a width, a digit or a value that cannot be",
    Why.CUT_SHORT: "the length promises more than came: the rest of the frame is missing",
}


@dataclass(frozen=True, slots=True)
class Valued:
    value: Decimal | int
    unit: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """`reason` says why there is no value; `facts` are what else the frame tells."""

    kind: str
    values: Mapping[str, Valued] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    reason: str = ""
    quality: tuple[str, ...] = ()  # what the device itself said of its measurement

    def line(self) -> str:
        told: dict[str, Any] = {"kind": self.kind}
        if self.values or not self.reason:
            told["values"] = {
                name: {"value": number(valued.value), "unit": valued.unit}
                for name, valued in self.values.items()
            }
        told |= self.facts
        if self.quality:
            told["quality"] = list(self.quality)
        if self.reason:
            told["reason"] = self.reason
        return json.dumps(told, ensure_ascii=False)


Decode = Callable[[bytes], list[Decoded]]
# The name of the command that begins here and its length, or None.
CommandOf = Callable[[bytes], tuple[str, int] | None]


def number(value: Decimal | int) -> int | float:
    return int(value) if value == int(value) else float(value)


def pressures(
    systolic: Decimal | int,
    diastolic: Decimal | int,
    mean: Decimal | int | None = None,
    pulse: Decimal | int | None = None,
    unit: str = MMHG,
) -> dict[str, Valued]:
    """None where the device tells none."""
    found = {"sys": Valued(systolic, unit), "dia": Valued(diastolic, unit)}
    if mean is not None:
        found["map"] = Valued(mean, unit)
    if pulse is not None:
        found["pulse"] = Valued(pulse, PER_MINUTE)
    return found


def wall_clock(at: datetime | None) -> str | None:
    """The device's own clock, as it stands there: it knows no zone."""
    return None if at is None else at.replace(tzinfo=None).isoformat()


def fault_told(fault: Fault) -> Decoded:
    sentence = FAULT_SENTENCES[fault.why]
    facts: dict[str, Fact] = {"why": str(fault.why), "byte_count": fault.byte_count}
    return Decoded("fault", facts=facts, reason=sentence)


def known_commands(commands: Mapping[bytes, str]) -> CommandOf:
    def command_of(data: bytes) -> tuple[str, int] | None:
        fitting = [raw for raw in commands if data.startswith(raw)]
        longest = max(fitting, key=len, default=None)
        return None if longest is None else (commands[longest], len(longest))

    return command_of


def decoder(
    codec: Callable[[], Codec],
    told: Callable[[Any], Sequence[Decoded]],
    command_of: CommandOf | None = None,
) -> Decode:
    """Bytes that are wholly commands of the host are told as such; else the device speaks."""

    def decode(data: bytes) -> list[Decoded]:
        if command_of is not None and (commands := _only_commands(data, command_of)):
            return [Decoded("command", facts={"command": name}) for name in commands]
        heard = codec()
        events: list[Decoded] = []
        for frame in [*heard.feed(data), *heard.idle()]:
            events += [fault_told(frame)] if isinstance(frame, Fault) else told(frame)
        return events

    return decode


def _only_commands(data: bytes, command_of: CommandOf) -> list[str]:
    """Empty when there is anything besides."""
    names: list[str] = []
    while data:
        found = command_of(data)
        if found is None:
            return []
        names.append(found[0])
        data = data[found[1] :]
    return names
