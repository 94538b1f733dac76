"""How often the far side is told what came: often enough to act in time, and for little of the
line. One feedback is about 80 bytes on the wire.
"""

FEEDBACK_BITS = 640.0
SHARE = 0.07  # of what comes in, or of what we may send, whichever is less
SOONEST_S, LATEST_S = 0.06, 0.2


def feedback_every_s(received_bit_s: float, target_bit_s: float | None) -> float:
    """`target_bit_s`: what we may send back ourselves; None when that is not known."""
    rate = received_bit_s if target_bit_s is None else min(received_bit_s, target_bit_s)
    return min(LATEST_S, max(SOONEST_S, FEEDBACK_BITS / (SHARE * max(rate, 1.0))))
