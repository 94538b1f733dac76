"""How our voice is sent: rate, length of a packet, copies, by what the line carries and loses.

Pure. Below 128 kbit/s the headers of fifty packets a second (18 kbit/s) cost as much as the voice,
so packets are longer there; copies are sent only where there is room beside a picture. Where there
is much room and something is lost packets are short: a copy then comes 10 ms later, not 20.
"""

from dataclasses import dataclass, replace

MS = 48  # samples
COPIES_FROM_PERCENT, NO_COPIES_BELOW_PERCENT = 2.0, 1.0
NO_COPIES_AFTER_S = 10.0
NO_COPIES_WHERE_NARROW_AFTER_S = 4.0  # there a picture has more of their third of the voice
MOST_COPIES = 2
MUCH_LOST_PERCENT, LITTLE_LOST_PERCENT = (
    12.0,
    7.0,
)  # two copies from the one on, one below the other
ROOM_FOR_COPIES_BIT_S = 200_000
ROOM_FOR_SHORT_BIT_S = 500_000
# Where much is lost the control of the line goes down to 200 kbit/s: the voice comes first there.
ROOM_WHERE_MUCH_IS_LOST_BIT_S = 160_000
WIDER_BY = 1.15  # a line must carry this much more before the voice takes the next step up


@dataclass(frozen=True, slots=True)
class VoiceShape:
    bit_s: int  # of Opus alone
    frame: int  # samples of 48 kHz in a packet
    copies: int  # of how many earlier packets each carries one
    leaves_silence_out: bool  # silence as one byte a packet (DTX)


BEST = VoiceShape(32_000, 20 * MS, 0, False)
FIRST = replace(BEST, copies=1)
SHORT, LEAN_BIT_S = 10 * MS, 24_000
# (what the line carries at least, with everything that we send on it; what the voice takes of it)
STEPS = (
    (ROOM_FOR_SHORT_BIT_S, BEST),
    (ROOM_FOR_COPIES_BIT_S, BEST),
    (ROOM_WHERE_MUCH_IS_LOST_BIT_S, VoiceShape(24_000, 20 * MS, 0, False)),
    (128_000, VoiceShape(24_000, 20 * MS, 0, False)),
    (64_000, VoiceShape(20_000, 40 * MS, 0, False)),
    (40_000, VoiceShape(16_000, 60 * MS, 0, True)),
    (0, VoiceShape(12_000, 60 * MS, 0, True)),
)


class VoiceRule:
    """Told what is known, at any pace; `now` in seconds, never going back."""

    def __init__(self) -> None:
        self._step = 0
        self._copies = 1  # until the line has shown itself: the first words count, too
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
        if percent >= MUCH_LOST_PERCENT:
            self._copies = MOST_COPIES
        elif percent >= COPIES_FROM_PERCENT:
            is_still_much = self._copies == MOST_COPIES and percent >= LITTLE_LOST_PERCENT
            self._copies = MOST_COPIES if is_still_much else 1
        elif now - self._lossy_at >= self._no_copies_after_s:
            self._copies = 0
        return self._shaped()

    @property
    def _no_copies_after_s(self) -> float:
        return NO_COPIES_AFTER_S if self._step == 0 else NO_COPIES_WHERE_NARROW_AFTER_S

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
        is_much = self._copies == MOST_COPIES
        if self._copies and least >= ROOM_FOR_SHORT_BIT_S:
            shape = replace(shape, frame=SHORT, copies=self._copies)
        elif is_much and least >= ROOM_WHERE_MUCH_IS_LOST_BIT_S:
            shape = replace(shape, bit_s=LEAN_BIT_S, frame=SHORT, copies=MOST_COPIES)
        elif self._copies and least >= ROOM_FOR_COPIES_BIT_S:
            shape = replace(shape, copies=1)
        self.shape = shape
        return self.shape
