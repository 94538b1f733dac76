"""Identities made on the client, so that sending a thing twice is harmless."""

import os
import time
from typing import NewType
from uuid import UUID

PatientId = NewType("PatientId", UUID)
VisitId = NewType("VisitId", UUID)
PersonId = NewType("PersonId", UUID)
DeviceId = NewType("DeviceId", UUID)
RecordId = NewType("RecordId", UUID)
ChangeId = NewType("ChangeId", UUID)
EventId = NewType("EventId", UUID)
LinkId = NewType("LinkId", UUID)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Ids sort roughly by birth, which keeps index pages warm; no rule may rest on that order.
    """
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= ((random_bits >> 68) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random_bits & (2**62 - 1)
    return UUID(int=value)
