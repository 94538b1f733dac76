"""What comes out of a stethoscope, whatever stands for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScopeSound:
    """`missing_ms`: so much was lost before these samples, as the instrument was away."""

    samples: bytes  # PCM, 16 bit little-endian, one channel
    sample_rate_hz: int
    missing_ms: int = 0
    is_away: bool = False  # no samples: the instrument is waited for
