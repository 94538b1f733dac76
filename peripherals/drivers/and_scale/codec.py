"""Lines of an A&D scale to weighings; no clock, no I/O.

2400 7E1 as delivered, 9600 8N1 is common too. `ST,NT,+0012.34kg` or, of scales with one header,
`ST,+00012.34 kg`, CR LF; no checksum, so every width is exact. Facts: A&D manuals AD-4404 p. 80,
AD-4329 p. 43, EK-L p. 28 (tests/vectors/and_scale.json).
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from peripherals.drivers.fault import Why
from peripherals.drivers.shape import Shape, ShapeCodec
from peripherals.line_setting import LineSetting, Parity

DRIVER_VERSION = "and-scale-1"
LINE = LineSetting(2400, data_bits=7, parity=Parity.EVEN)
OTHER_LINES = (LineSetting(9600),)

# Exact: the pound is defined by the kilogram.
KG_OF_UNIT = {"kg": Decimal(1), "g": Decimal("0.001"), "lb": Decimal("0.45359237")}
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_LETTER, _SIGN, _DIGIT, _COMMA = rb"[A-Z]", rb"[+-]", rb"[ 0-9.]", rb","
_UNIT = rb"[ a-z]"
_END = (rb"\r", rb"\n")
_STATE = (rb"[SUO]", rb"[TSL]", _COMMA)
_TWO_HEADERS = (*_STATE, _LETTER, _LETTER, _COMMA, _SIGN, *[_DIGIT] * 7, _UNIT, _UNIT, *_END)
_ONE_HEADER = (*_STATE, _SIGN, *[_DIGIT] * 8, _UNIT, _UNIT, _UNIT, *_END)


class State(StrEnum):
    STABLE = "ST"
    MOVING = "US"
    OUT_OF_RANGE = "OL"


class Mode(StrEnum):
    GROSS = "GS"
    NET = "NT"
    TARE = "TR"


@dataclass(frozen=True, slots=True)
class Weighing:
    """`weight` is None when the scale says that it is out of range. None of a mode: not told."""

    state: State
    mode: Mode | None
    weight: Decimal | None
    unit: str
    raw: bytes

    @property
    def kilograms(self) -> Decimal | None:
        return None if self.weight is None else self.weight * KG_OF_UNIT[self.unit]


def _read(raw: bytes) -> Weighing | Why:
    *headers, data = raw[:-2].decode("ascii").split(",")
    if len(headers) == 2:
        digits, unit = data[1:8], data[8:].strip()
    else:
        digits, unit = data[1:9], data[9:].strip()
    if headers[0] not in list(State) or unit not in KG_OF_UNIT:
        return Why.BAD_FIELD
    if len(headers) == 2 and headers[1] not in list(Mode):
        return Why.BAD_FIELD
    state = State(headers[0])
    mode = Mode(headers[1]) if len(headers) == 2 else None
    if state is State.OUT_OF_RANGE or not digits.strip():
        return Weighing(State.OUT_OF_RANGE, mode, None, unit, raw)
    if _NUMBER.fullmatch(digits.strip()) is None:
        return Why.BAD_FIELD
    weight = Decimal(digits.strip())
    return Weighing(state, mode, -weight if data[0] == "-" else weight, unit, raw)


def and_scale_codec() -> ShapeCodec[Weighing]:
    return ShapeCodec(Shape(_TWO_HEADERS, _ONE_HEADER), _read)
