"""Packets of 25 frames of 5 bytes, three a second: what data formats 2 and 7 have in common.

The frames carry a part of the numbers each; a packet with one bad frame is none. Facts: published
tests of pez-globo/pufferfish-software and Nonin's 9560 specification (tests/vectors/nonin_*.json).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.domain.measurement import QualityFlag
from peripherals.drivers.decoded import COUNT, PER_MINUTE, PERCENT, Decoded, Fact, Valued
from peripherals.drivers.fault import Why
from peripherals.drivers.oximeter.sample import Sample, no_finger, sample_of

FRAMES = 25
FRAME_BYTES = 5
PACKET_BYTES = FRAMES * FRAME_BYTES
PACKETS_PER_S = 3.0

DISCONNECTED, ARTEFACT, OUT_OF_TRACK, ALARM = 0x40, 0x20, 0x10, 0x08
RED, GREEN = 0x04, 0x02  # of perfusion; both together are yellow
SMART_POINT, LOW_BATTERY = 0x20, 0x01
NO_PULSE, NO_SPO2 = 511, 127

REVISION_SLOT = 3
RESERVED_SLOTS = (4, 11, 12, 17, 18, 23, 24)


def statuses(*, is_first: bool, reserved: int = 0) -> bytes:
    """The class of a frame's status: bit 7 is set, bit 0 in the first frame of a packet only."""
    allowed = (n for n in range(0x80, 0x100) if n % 2 == is_first and not n & reserved)
    return b"[" + b"".join(rb"\x%02x" % n for n in allowed) + b"]"


@dataclass(frozen=True, slots=True)
class Packet:
    """A third of a second. Its numbers are read where they are asked for."""

    status_at: ClassVar[int]
    raw: bytes

    @property
    def slots(self) -> bytes:
        """The one byte of each frame that carries a part of the numbers."""
        return self.raw[3::FRAME_BYTES]

    @property
    def status(self) -> int:
        """What any of its frames says."""
        found = 0
        for status in self.raw[self.status_at :: FRAME_BYTES]:
            found |= status
        return found

    @property
    def has_finger(self) -> bool:
        """After the finger is gone the last numbers come again, with this alarm, for 10 s."""
        return not self.status & (ALARM | DISCONNECTED)

    @property
    def is_low_perfusion(self) -> bool:
        statuses_of_frames = self.raw[self.status_at :: FRAME_BYTES]
        return any(status & (RED | GREEN) == RED for status in statuses_of_frames)

    @property
    def is_low_battery(self) -> bool:
        return bool(self.slots[7] & LOW_BATTERY)

    @property
    def is_smart_point(self) -> bool:
        return bool(self.slots[7] & SMART_POINT)

    @property
    def revision(self) -> int:
        return self.slots[REVISION_SLOT]

    def pulse_per_minute(self, slot: int) -> int | None:
        """Of two slots, nine bits; None: the device has none."""
        value = (self.slots[slot] & 3) << 7 | self.slots[slot + 1]
        return None if value == NO_PULSE else value

    def spo2_percent(self, slot: int) -> int | None:
        value = self.slots[slot]
        return None if value == NO_SPO2 else value

    @property
    def display(self) -> tuple[int | None, int | None]:
        """SpO2 and pulse as the device itself shows them."""
        return self.spo2_percent(8), self.pulse_per_minute(19)


def why_no_packet(raw: bytes, status_at: int) -> Why | None:
    """None when checksums and reserved slots are what they must be. `raw` may be a part of one."""
    frames = [raw[n : n + FRAME_BYTES] for n in range(0, len(raw), FRAME_BYTES)]
    if any(len(frame) == FRAME_BYTES and sum(frame[:4]) & 0xFF != frame[4] for frame in frames):
        return Why.BAD_CHECKSUM
    if len(raw) < PACKET_BYTES:
        return Why.CUT_SHORT
    slots = raw[3::FRAME_BYTES]
    high = slots[:REVISION_SLOT] + slots[REVISION_SLOT + 1 :]
    if any(slots[n] for n in RESERVED_SLOTS) or max(high) > 0x7F:
        return Why.BAD_FIELD
    return None


def sample_of_packet(packet: Packet) -> Sample:
    """What the device shows. Out of track it has lost the beat, and the number is an old one."""
    if not packet.has_finger:
        return no_finger(packet.raw)
    if packet.status & OUT_OF_TRACK:
        return sample_of(packet.raw, None, None)
    flags = {
        QualityFlag.ARTEFACT: bool(packet.status & ARTEFACT),
        QualityFlag.LOW_PERFUSION: packet.is_low_perfusion,
        QualityFlag.LOW_BATTERY: packet.is_low_battery,
    }
    spo2, pulse = packet.display
    quality = frozenset(flag for flag, is_set in flags.items() if is_set)
    return sample_of(packet.raw, spo2, pulse, quality)


def packet_told(packet: Packet, pleth: Sequence[int]) -> Decoded:
    """In the words of the published vectors."""
    if not packet.has_finger:
        reason = "sensor alarm: no finger or no sensor; the numbers are the last ones, said again"
        return Decoded("no-value", reason=reason)
    spo2 = {"spo2": 2, "spo2_d": 8, "spo2_fast": 9, "spo2_bb": 10, "e_spo2": 15, "e_spo2_d": 16}
    pulse = {"hr": 0, "e_hr": 13, "hr_d": 19, "e_hr_d": 21}
    values = {
        name: Valued(value, PERCENT)
        for name, slot in spo2.items()
        if (value := packet.spo2_percent(slot)) is not None
    } | {
        name: Valued(value, PER_MINUTE)
        for name, slot in pulse.items()
        if (value := packet.pulse_per_minute(slot)) is not None
    }
    facts: dict[str, Fact] = {
        "artefact": bool(packet.status & ARTEFACT),
        "out_of_track": bool(packet.status & OUT_OF_TRACK),
        "low_perfusion": packet.is_low_perfusion,
        "low_battery": packet.is_low_battery,
        "smart_point": packet.is_smart_point,
        "pleth": tuple(pleth),
    }
    if not values:
        return Decoded("no-value", facts=facts, reason="the device has no pulse and no SpO2")
    return Decoded("live", values | {"srev": Valued(packet.revision, COUNT)}, facts)
