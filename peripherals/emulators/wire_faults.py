"""What a bad line makes of a simulated device's answers: pieces of bytes and when they go out."""

import random
from enum import StrEnum

SPLIT_GAP_S = 0.005
NOISE_BYTES = 40


class WireFault(StrEnum):
    NONE = "none"
    GARBAGE = "garbage"  # random bytes before every frame, false sync bytes among them
    SPLIT = "split"  # byte by byte, with gaps
    DUPLICATE = "duplicate"  # every frame twice
    SILENT = "silent"  # nothing gets through


def shaped(
    frame: bytes,
    fault: WireFault,
    noise: random.Random,
    false_sync: bytes = b"",
    split_gap_s: float = SPLIT_GAP_S,
) -> list[tuple[float, bytes]]:
    """The pieces of one frame as (seconds after what is already on its way, bytes)."""
    if fault is WireFault.SILENT:
        return []
    if fault is WireFault.DUPLICATE:
        return [(0.0, frame), (0.0, frame)]
    if fault is WireFault.SPLIT:
        return [(n * split_gap_s, frame[n : n + 1]) for n in range(len(frame))]
    if fault is WireFault.GARBAGE:
        before = noise.randbytes(noise.randint(1, NOISE_BYTES))
        return [(0.0, before + false_sync + noise.randbytes(1) + frame)]
    return [(0.0, frame)]
