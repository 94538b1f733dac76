"""How a serial line is set: what both ends must agree upon before the first byte."""

from dataclasses import dataclass
from enum import StrEnum


class Parity(StrEnum):
    """Letters as pyserial takes them."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


@dataclass(frozen=True, slots=True)
class LineSetting:
    """`str` of it is the usual short form, "9600 8N1"."""

    baud: int
    data_bits: int = 8
    parity: Parity = Parity.NONE
    stop_bits: int = 1

    def __str__(self) -> str:
        return f"{self.baud} {self.data_bits}{self.parity}{self.stop_bits}"
