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
