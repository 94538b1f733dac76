"""Short bursts at a higher rate that ask the line for what it would carry, and their answers.

A burst is paced at its rate, real packets first, and is over before its queue is: the far side's
arrival times tell what the narrowest place let through.
"""

from dataclasses import dataclass

from media.quality.sent_log import NOT_A_PROBE, Outcome

BURST_S = 0.02
LEAST_PACKETS, LEAST_BYTES = 5, 1000
MOST_BYTES = 8000
BURST_LIMIT_S = 0.25  # to be sent in, else it is given up
ANSWER_LIMIT_S = 1.5
LEAST_ANSWERED = 0.8  # of its packets
IS_CARRIED = 0.85  # of its rate, at the far end


@dataclass(slots=True)
class Burst:
    number: int
    bit_s: float
    wanted_bytes: int
    began_s: float
    sent_bytes: int = 0
    packets: int = 0
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """`is_carried`: the line took it all, there may be more; `bit_s` is what came out. `is_limit`:
    all of it came, only slower.
    """

    bit_s: float
    is_carried: bool
    is_limit: bool = False


class Probing:
    """One burst at a time."""

    def __init__(self) -> None:
        self._burst: Burst | None = None
        self._number = NOT_A_PROBE
        self._came: list[tuple[float, float, int]] = []  # left, came, bytes
        self._told = 0

    def begin(self, bit_s: float, now_s: float) -> None:
        self._number = self._number % 0xFFFF + 1
        wanted = min(MOST_BYTES, max(LEAST_BYTES, int(bit_s * BURST_S / 8)))
        self._burst = Burst(self._number, bit_s, wanted, now_s)
        self._came, self._told = [], 0

    def active(self, now_s: float) -> Burst | None:
        """The burst that what leaves now belongs to."""
        burst = self._burst
        if burst is None or burst.ended_s is not None:
            return None
        if now_s - burst.began_s > BURST_LIMIT_S:
            self._burst = None
            return None
        return burst

    def left(self, wire_bytes: int, now_s: float) -> None:
        burst = self._burst
        assert burst is not None
        if not burst.packets:
            burst.began_s = now_s
        burst.sent_bytes += wire_bytes
        burst.packets += 1
        if burst.sent_bytes >= burst.wanted_bytes and burst.packets >= LEAST_PACKETS:
            burst.ended_s = now_s

    def is_waiting(self, now_s: float) -> bool:
        """A burst is being sent, or its answer may still come."""
        burst = self._burst
        if burst is None:
            return False
        if burst.ended_s is not None and now_s - burst.ended_s > ANSWER_LIMIT_S:
            self._burst = None
        return self._burst is not None

    def heard(self, outcome: Outcome) -> ProbeAnswer | None:
        burst = self._burst
        if burst is None or outcome.probe != burst.number or outcome.was_missing:
            return None
        self._told += 1
        if outcome.arrived_s is not None:
            self._came.append((outcome.sent_s, outcome.arrived_s, outcome.wire_bytes))
        if burst.ended_s is None or self._told < burst.packets:
            return None
        self._burst = None
        if len(self._came) < max(4, LEAST_ANSWERED * burst.packets):
            return ProbeAnswer(0.0, is_carried=False)
        return self._answer(burst.packets)

    def _answer(self, burst_packets: int) -> ProbeAnswer:
        """Bytes between the first and the last, without the one that began each interval."""
        left = [each[0] for each in self._came]
        came = [each[1] for each in self._came]
        sizes = [each[2] for each in self._came]
        sent_bit_s = _rate(sum(sizes) - sizes[left.index(max(left))], max(left) - min(left))
        came_bit_s = _rate(sum(sizes) - sizes[came.index(min(came))], max(came) - min(came))
        if came_bit_s >= IS_CARRIED * sent_bit_s:
            return ProbeAnswer(min(came_bit_s, sent_bit_s), is_carried=True)
        return ProbeAnswer(came_bit_s, is_carried=False, is_limit=len(came) == burst_packets)


def _rate(count_bytes: int, seconds: float) -> float:
    return count_bytes * 8 / max(seconds, 0.001)
