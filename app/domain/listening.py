"""How a person listens to a body sound: which filter, how loud, how slowly. The record has none."""

from dataclasses import dataclass
from enum import StrEnum


class SoundBand(StrEnum):
    BELL = "bell"
    DIAPHRAGM = "diaphragm"
    LUNG = "lung"
    WIDE = "wide"


class Slot(StrEnum):
    """Two recordings stand side by side."""

    FIRST = "first"
    SECOND = "second"


GAINS_DB = (0, 6, 12, 18, 24)
SPEEDS = (1.0, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class Listening:
    """To the sound that runs. `band` None: as the instrument gives it."""

    is_on: bool = False
    band: SoundBand | None = None
    gain_db: int = 0


@dataclass(frozen=True, slots=True)
class Playing:
    """Of a kept recording, from `start_s` to `end_s`, again and again when it `is_looped`.

    `is_level`: with the one gain that suits both that stand side by side, and no other.
    """

    slot: Slot
    start_s: float
    end_s: float
    band: SoundBand | None = None
    gain_db: int = 0
    speed: float = 1.0
    is_looped: bool = False
    is_level: bool = False
