"""What is judged of a body sound while it runs: heart rate, spectrum, level."""

from app.domain.engine import SoundFault
from media.auscultation.curve_maker import Samples


class LiveAnalysis:
    column_s = 1 / 30

    def __init__(self, rate_hz: int) -> None:
        self.heart_rate_bpm: float | None = None
        self.heart_confidence = 0.0
        self.faults: tuple[SoundFault, ...] = ()

    def heard(self, samples: Samples) -> list[bytes]:
        return []
