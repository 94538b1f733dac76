"""How a blood pressure was taken: arm, cuff, position and rest; a number means little without."""

from dataclasses import dataclass
from enum import StrEnum


class Arm(StrEnum):
    LEFT = "left"
    RIGHT = "right"


class CuffSize(StrEnum):
    """The usual one first."""

    ADULT = "adult"
    SMALL_ADULT = "small-adult"
    LARGE_ADULT = "large-adult"
    THIGH = "thigh"
    CHILD = "child"


class Position(StrEnum):
    SEATED = "seated"
    LYING = "lying"
    STANDING = "standing"


@dataclass(frozen=True, slots=True)
class BpSetting:
    """What a person chooses before a series of readings."""

    arm: Arm = Arm.LEFT
    cuff_size: CuffSize = CuffSize.ADULT
    position: Position = Position.SEATED


@dataclass(frozen=True, slots=True)
class Taken:
    """The same as it is recorded, with the seconds of rest before the first reading."""

    arm: Arm
    cuff_size: CuffSize
    position: Position
    rested_s: int
