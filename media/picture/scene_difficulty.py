"""How many bits this scene asks for, against an ordinary one: learned from what the encoder did.

A face before a wall needs half of it, a shaking camera twice as much. Measured on three synthetic
scenes at 640x480 to 320x240 and 30 to 10 pictures a second: within a third of the same figure.
"""

import math

LEAST, MOST = 0.4, 2.5
ENOUGH_QUANTIZER = 56.0  # coarser than this, frames begin to be left out
HALVES_EVERY = 11.0  # so many steps of the quantizer halve the bits
LEFT_OUT_AS = 80.0  # a frame left out counts as one of this quantizer
LEARNS_IN_S = 1.5
KEY_FRAME_ECHO_S = 1.0  # after a key frame everything is coarse, whatever the scene
LONGEST_STEP_S = 0.25  # a pause teaches nothing
# An ordinary scene at ENOUGH_QUANTIZER: the bits grow with the pixels, but little with the frames.
USUAL_BIT_S, USUAL_PIXELS, USUAL_FRAMES_PER_S = 330_000, 640 * 480, 30
FRAMES_EXPONENT = 0.35


def usual_bit_s(pixels: int, frames_per_s: float) -> float:
    frames = math.pow(frames_per_s / USUAL_FRAMES_PER_S, FRAMES_EXPONENT)
    return USUAL_BIT_S * pixels / USUAL_PIXELS * frames


class SceneDifficulty:
    def __init__(self) -> None:
        self._log2 = 0.0
        self._heard_at_s: float | None = None
        self._key_at_s = -1e9

    @property
    def factor(self) -> float:
        return math.exp2(self._log2)

    def told(
        self, now_s: float, *, bit_s: float, usual: float, quantizer: int | None, is_key: bool
    ) -> None:
        """Of one frame: `usual` is what an ordinary scene takes; no quantizer: it was left out."""
        step_s = 0.0 if self._heard_at_s is None else now_s - self._heard_at_s
        self._heard_at_s = now_s
        if is_key:
            self._key_at_s = now_s
        if now_s - self._key_at_s < KEY_FRAME_ECHO_S or bit_s <= 0:
            return
        coarse = LEFT_OUT_AS if quantizer is None else quantizer
        seen = math.log2(bit_s / usual) + (coarse - ENOUGH_QUANTIZER) / HALVES_EVERY
        share = 1 - math.exp(-min(step_s, LONGEST_STEP_S) / LEARNS_IN_S)
        mixed = self._log2 + share * (seen - self._log2)
        self._log2 = min(max(mixed, math.log2(LEAST)), math.log2(MOST))
