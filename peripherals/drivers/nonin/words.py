"""What is said to a Nonin oximeter and what it answers; no clock, no I/O.

Facts: Nonin 9560 OEM specification (tests/vectors/nonin_9560.json). A format is taken only in the
first 5 s after the device was switched on; an OEM III or Xpod that knows no such words is silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from peripherals.drivers.decoded import Decoded
from peripherals.line_setting import LineSetting

LINE = LineSetting(9600)

ACK, NAK = 0x06, 0x15
ANSWER_SHAPE = (rb"[\x06\x15]",)
ANSWER_BYTES = 1
BEGIN, END = 0x02, 0x03
SELECT_FORMAT, SET_TIME = 0x70, 0x72
CENTURY = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """One byte, which noise holds too: it counts only where an answer is awaited."""

    raw: bytes

    @property
    def is_accepted(self) -> bool:
        return self.raw[0] == ACK


def select_format(number: int) -> bytes:
    return bytes([BEGIN, SELECT_FORMAT, 2, 2, number, END])


def set_time(wall: datetime) -> bytes:
    """The device's clock knows no zone."""
    year = wall.year - CENTURY
    fields = [year, wall.month, wall.day, wall.hour, wall.minute, wall.second]
    return bytes([BEGIN, SET_TIME, len(fields), *fields, END])


def answer_told(answer: Answer) -> Decoded:
    meaning = "accepted" if answer.is_accepted else "refused"
    return Decoded("answer", facts={"ack": answer.raw.hex(), "meaning": meaning})


COMMANDS: Mapping[bytes, str] = {
    select_format(number): f"select data format {number}" for number in (2, 7, 8, 13)
} | {bytes([BEGIN, SET_TIME, 0, END]): "get time"}


def command_of(data: bytes) -> tuple[str, int] | None:
    """The command that begins here and its length."""
    for raw, name in COMMANDS.items():
        if data.startswith(raw):
            return name, len(raw)
    if data[:3] == bytes([BEGIN, SET_TIME, 6]) and data[9:10] == bytes([END]):
        try:
            at = datetime(CENTURY + data[3], *data[4:9])  # noqa: DTZ001 - the device knows no zone
        except ValueError:
            return None
        return f"set time {at}", 10
    return None
