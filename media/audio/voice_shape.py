"""How our voice is sent: rate, length of a packet, copies, by what the line carries and loses.

Pure. Below 128 kbit/s the headers of fifty packets a second (18 kbit/s) cost as much as the voice,
so packets are longer there; copies are sent only where there is room beside a picture.
"""

from dataclasses import dataclass, replace

MS = 48  # samples
COPIES_FROM_PERCENT, NO_COPIES_BELOW_PERCENT = 2.0, 1.0
NO_COPIES_AFTER_S = 10.0
ROOM_FOR_COPIES_BIT_S = 200_000
WIDER_BY = 1.15  # a line must carry this much more before the voice takes the next step up


@dataclass(frozen=True, slots=True)
class VoiceShape:
    bit_s: int  # of Opus alone
    frame: int  # samples of 48 kHz in a packet
    has_copies: bool
    leaves_silence_out: bool  # silence as one byte a packet (DTX)


BEST = VoiceShape(32_000, 20 * MS, False, False)
FIRST = replace(BEST, has_copies=True)
# (what the line carries at least, with everything that we send on it; what the voice takes of it)
STEPS = (
    (ROOM_FOR_COPIES_BIT_S, BEST),
    (128_000, VoiceShape(24_000, 20 * MS, False, False)),
    (64_000, VoiceShape(20_000, 40 * MS, False, False)),
    (40_000, VoiceShape(16_000, 60 * MS, False, True)),
    (0, VoiceShape(12_000, 60 * MS, False, True)),
)


class VoiceRule:
    """Told what is known, at any pace; `now` in seconds, never going back."""

    def __init__(self) -> None:
        self._step = 0
        self._has_copies = True  # until the line has shown itself: the first words count, too
        self._lossy_at: float | None = None
        self.shape = FIRST

    def carries(self, bit_s: int | None) -> VoiceShape:
        """`bit_s`: of the whole line, None: not known, which is taken for enough."""
        self._step = 0 if bit_s is None else self._step_for(bit_s)
        return self._shaped()

    def loses(self, percent: float, now: float) -> VoiceShape:
        """As the far side reports it. Copies begin at once and end after ten good seconds."""
        if self._lossy_at is None or percent >= NO_COPIES_BELOW_PERCENT:
            self._lossy_at = now
        if percent >= COPIES_FROM_PERCENT:
            self._has_copies = True
        elif now - self._lossy_at >= NO_COPIES_AFTER_S:
            self._has_copies = False
        return self._shaped()

    def _step_for(self, bit_s: int) -> int:
        reached = next(place for place, (least, _) in enumerate(STEPS) if bit_s >= least)
        if reached < self._step:  # up: only when the line carries clearly more
            return next(
                (
                    p
                    for p, (least, _) in enumerate(STEPS[: self._step])
                    if bit_s >= WIDER_BY * least
                ),
                self._step,
            )
        return reached

    def _shaped(self) -> VoiceShape:
        least, shape = STEPS[self._step]
        copies = self._has_copies and least >= ROOM_FOR_COPIES_BIT_S
        self.shape = replace(shape, has_copies=copies)
        return self.shape
