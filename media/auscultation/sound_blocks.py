"""The samples of one recording in numbered blocks: those that are made here, those that came.

A block is 40 ms, and never more than a packet holds. Ten minutes at most, whatever is said.
"""

from app.domain.failures import Code, Rejected
from app.domain.recordings import RECORDING_MAX_SECONDS
from media.auscultation.wav import SAMPLE_BYTES

BLOCK_MS = 40
MOST_BLOCK_SAMPLES = 560  # 1120 bytes: one packet, also where nothing makes them fewer

Range = tuple[int, int]  # the first block, and how many


def block_samples_of(rate_hz: int) -> int:
    return max(1, min(rate_hz * BLOCK_MS // 1000, MOST_BLOCK_SAMPLES))


def most_bytes_of(rate_hz: int) -> int:
    return rate_hz * SAMPLE_BYTES * RECORDING_MAX_SECONDS


class MadeBlocks:
    """At the side of the instrument: grows at its end, each block can be had again."""

    def __init__(self, rate_hz: int) -> None:
        self.samples = bytearray()
        self.block_samples = block_samples_of(rate_hz)
        self.block_s = self.block_samples / rate_hz
        self._block_bytes = self.block_samples * SAMPLE_BYTES
        self._most_bytes = most_bytes_of(rate_hz)

    @property
    def is_full(self) -> bool:
        return len(self.samples) >= self._most_bytes

    @property
    def whole(self) -> int:
        return len(self.samples) // self._block_bytes

    @property
    def all(self) -> int:
        """The last short one counts, too."""
        return -(-len(self.samples) // self._block_bytes)

    def add(self, samples: bytes) -> bytes:
        """What of it was taken: nothing once ten minutes are full."""
        taken = samples[: self._most_bytes - len(self.samples)]
        self.samples += taken
        return taken

    def block(self, number: int) -> bytes:
        at = number * self._block_bytes
        return bytes(self.samples[at : at + self._block_bytes])


class CameBlocks:
    """At the far side: in whatever order, each in its place, what is missing known by number.

    `block_samples` 0: an earlier release sends, whose blocks come in order and are alike.
    """

    def __init__(self, rate_hz: int, block_samples: int) -> None:
        self.samples = bytearray()
        self._most_bytes = most_bytes_of(rate_hz)
        self._block_bytes = block_samples * SAMPLE_BYTES
        self._is_here = bytearray()  # one byte a block
        self._last: int | None = None  # the short one, which ends the recording
        self.wanted = 0  # every block below is here
        self.newest = 0  # one above the highest that was seen

    @property
    def whole_bytes(self) -> int:
        """Without a gap from the beginning."""
        return min(self.wanted * self._block_bytes, len(self.samples))

    def seen(self, until: int) -> None:
        """The far side says that there are so many."""
        self.newest = max(self.newest, until)

    def has(self, number: int) -> bool:
        return number < len(self._is_here) and self._is_here[number] == 1

    def put(self, number: int, samples: bytes) -> bool:
        """Whether it is new. Rejected when it can be no block of this recording."""
        if not self._block_bytes:
            if number:
                return False
            self._block_bytes = len(samples)
        self._check(number, samples)
        if self.has(number):
            return False
        at = number * self._block_bytes
        if len(self.samples) < at + len(samples):
            self.samples.extend(bytes(at + len(samples) - len(self.samples)))
        self.samples[at : at + len(samples)] = samples
        if number >= len(self._is_here):
            self._is_here.extend(bytes(number + 1 - len(self._is_here)))
        self._is_here[number] = 1
        self.seen(number + 1)
        if number == self.wanted:
            missing = self._is_here.find(0, self.wanted)
            self.wanted = missing if missing >= 0 else len(self._is_here)
        return True

    def missing(self, most: int) -> tuple[int, list[Range]]:
        """(until, ranges): of the blocks below `until` exactly those in `ranges` are missing."""
        ranges: list[Range] = []
        at = self.wanted
        while at < self.newest:
            if len(ranges) == most:
                return at, ranges
            here = self._is_here.find(1, at)
            end = here if here >= 0 else self.newest
            ranges.append((at, end - at))
            gone = self._is_here.find(0, end)
            at = gone if here >= 0 and gone >= 0 else max(end, len(self._is_here))
        return self.newest, ranges

    def _check(self, number: int, samples: bytes) -> None:
        at = number * self._block_bytes
        if len(samples) > self._block_bytes:
            raise Rejected(Code.MALFORMED, "block")
        if at + len(samples) > self._most_bytes:
            raise Rejected(Code.TOO_LARGE, "recording")
        if self._last is not None and number > self._last:
            raise Rejected(Code.MALFORMED, "block beyond the last")
        if len(samples) < self._block_bytes:
            if self._last not in (None, number) or len(self._is_here) > number + 1:
                raise Rejected(Code.MALFORMED, "two last blocks")
            self._last = number
