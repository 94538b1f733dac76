"""A packet past the keys that nobody can read: dropped and counted, and the link goes on.

Stock expects ValueError of its readers; a list that is shorter than its own count, a report cut
short or a number out of all bounds break out of them otherwise and end the transport.
"""

import logging
import struct

log = logging.getLogger(__name__)

# What reading bytes that make no sense is known to raise; all else is a defect and shall be seen.
UNREADABLE = (ValueError, LookupError, TypeError, OverflowError, AssertionError, struct.error)


class StrangePackets:
    """How many came. The far side must not fill our log: told after one, two, four, eight..."""

    def __init__(self, what: str) -> None:
        self._what = what
        self.dropped = 0

    def drop(self) -> None:
        self.dropped += 1
        if self.dropped.bit_count() == 1:
            log.warning("%s that nobody can read so far: %d", self._what, self.dropped)
