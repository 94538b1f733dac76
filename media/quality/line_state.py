"""What is known of the line at this moment, and what of it the picture may have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineState:
    """Of our sending direction, as the far side's feedback tells it. None: not known yet."""

    target_bit_s: int  # all bytes on the wire, headers included
    acknowledged_bit_s: int | None  # what arrived there, of the last half second
    loss_share: float | None  # 0..1, of the last second
    round_trip_s: float | None
    queue_s: float | None  # how long packets wait on the way, above the emptiest seen


@dataclass(frozen=True, slots=True)
class PictureBudget:
    """`bit_s` is the encoder's own rate: voice, copies, asked-for repeats and headers are off."""

    bit_s: int
    waiting_s: float  # how long what was handed over already waits in our own pacer
    soon_bit_s: int | None = None  # when the queue on the way is gone; None: the same

    @property
    def for_size_bit_s(self) -> int:
        """Each new size costs a key frame: none for what is over in half a second."""
        return self.bit_s if self.soon_bit_s is None else max(self.bit_s, self.soon_bit_s)
