"""What left when, by transport number, and what the far side's feedback makes of it. Bounded."""

from dataclasses import dataclass
from typing import NamedTuple

from media.quality.transport_feedback import REFERENCE_TICKS, REFERENCE_WRAPS, TICK_S, Feedback

MOST_PACKETS = 4096
NOT_A_PROBE = 0


@dataclass(slots=True)
class Sent:
    at_s: float
    wire_bytes: int
    probe: int
    is_told_missing: bool = False


class Outcome(NamedTuple):
    """`arrived_s` in the far side's clock; None: missing there, `is_known` False: not told."""

    sent_s: float
    arrived_s: float | None
    wire_bytes: int
    probe: int
    is_known: bool = True
    was_missing: bool = False  # it was told missing before


class SentLog:
    def __init__(self, first_number: int = 0) -> None:
        self._next = first_number + 0x10000
        self._sent: dict[int, Sent] = {}
        self._told_to = self._next  # all before it was told, or never will be
        self._reference: int | None = None

    def left(self, wire_bytes: int, at_s: float, probe: int = NOT_A_PROBE) -> int:
        """The 16-bit number to write into the packet."""
        number = self._next
        self._sent[number] = Sent(at_s, wire_bytes, probe)
        self._sent.pop(number - MOST_PACKETS, None)
        self._next += 1
        return number & 0xFFFF

    def answered(self, feedback: Feedback) -> list[Outcome]:
        """In the order of sending, each packet once: a second answer counts only for one that
        was told missing before. What was never sent is left out.
        """
        first = self._full_number(feedback.first_number)
        reference_ticks = self._full_reference(feedback.reference) * REFERENCE_TICKS
        outcomes = self._never_told(first)
        for number, ticks in enumerate(feedback.arrivals, first):
            sent = self._sent.get(number)
            if sent is None:
                continue
            if ticks is not None:
                arrived_s = (reference_ticks + ticks) * TICK_S
                outcomes.append(self._outcome(sent, arrived_s))
                del self._sent[number]
            elif not sent.is_told_missing:
                outcomes.append(self._outcome(sent, None))
                sent.is_told_missing = True
        end = min(first + len(feedback.arrivals), self._next)
        self._told_to = max(self._told_to, end)
        return outcomes

    @property
    def is_anything_unanswered(self) -> bool:
        return self._told_to < self._next

    def _outcome(self, sent: Sent, arrived_s: float | None) -> Outcome:
        return Outcome(
            sent.at_s, arrived_s, sent.wire_bytes, sent.probe, was_missing=sent.is_told_missing
        )

    def _never_told(self, first: int) -> list[Outcome]:
        """The feedback that told of these was lost."""
        outcomes = []
        for number in range(max(self._told_to, self._next - MOST_PACKETS), first):
            if (sent := self._sent.pop(number, None)) is not None:
                outcomes.append(Outcome(sent.at_s, None, sent.wire_bytes, sent.probe, False))
        return outcomes

    def _full_number(self, number: int) -> int:
        """The newest of that name that was sent, or would be."""
        return self._next - 1 - (self._next - 1 - number & 0xFFFF)

    def _full_reference(self, reference: int) -> int:
        if self._reference is None:
            self._reference = reference
        half = REFERENCE_WRAPS // 2
        step = (reference - self._reference + half) % REFERENCE_WRAPS - half
        self._reference += step
        return self._reference
