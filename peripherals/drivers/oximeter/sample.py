"""What one frame of any oximeter says of the finger in it."""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.measurement import QualityFlag


@dataclass(frozen=True, slots=True)
class Sample:
    """A number is None where the device has none, and where it says that it is not to be shown."""

    has_finger: bool
    spo2_percent: int | None
    pulse_per_minute: int | None
    quality: frozenset[QualityFlag]
    raw: bytes
    perfusion_percent: Decimal | None = None


NO_FLAGS: frozenset[QualityFlag] = frozenset()


def sample_of(
    raw: bytes,
    spo2_percent: int | None,
    pulse_per_minute: int | None,
    quality: frozenset[QualityFlag] = NO_FLAGS,
) -> Sample:
    """Of a finger; without both numbers there is none."""
    if spo2_percent is None or pulse_per_minute is None:
        return Sample(True, None, None, quality, raw)
    return Sample(True, spo2_percent, pulse_per_minute, quality, raw)


def no_finger(raw: bytes) -> Sample:
    """Whatever number stands in the frame is an old one that the device says again."""
    return Sample(False, None, None, NO_FLAGS, raw)
