"""How often random bytes at line speed would become a reading while one is awaited: computed.

Each driver's gates are written down as the chance that random bytes pass. An instrument that
measures once needs one frame; a stream three seconds of frames at its rate without a leap.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from peripherals.drivers.oximeter.steadiness import (
    MARK_S,
    PULSE_LEAP_PER_MINUTE,
    RATE_TOLERANCE,
    SPO2_LEAP_PERCENT,
    STEADY_S,
)
from peripherals.line_setting import LineSetting, Parity

HOUR_S = 3600
SPO2_VALUES = 100  # 1 to 100
Gates = dict[str, float]


def one_of(count: int, values: int = 256) -> float:
    return count / values


def bits(count: int) -> float:
    """So many bits that must be what they are."""
    return 0.5**count


@dataclass(frozen=True, slots=True)
class Stream:
    """`frames_per_s`: what the gate of cadence asks for; `pulses`: how many values a pulse has."""

    frames_per_s: float
    pulses: int


@dataclass(frozen=True, slots=True)
class Expected:
    """`frame`: the chance that a good frame begins at a byte of noise."""

    frame: float
    per_hour: float


# What each frame must pass so that its numbers count. What other gates there are makes it rarer.
_STATUS_FIRST, _STATUS_OTHER = bits(2), bits(2)  # bit 7, and SYNC set or clear
_PACKET: Gates = {
    "25 checksums": bits(8) ** 25,
    "25 status bytes": _STATUS_FIRST * _STATUS_OTHER**24,
    "no alarm and in track, 25 times": bits(2) ** 25,
    "24 parts below 80": bits(1) ** 24,
    "seven reserved slots": bits(7) ** 7,
}
GATES: Mapping[str, Gates] = {
    "nonin_df2": _PACKET | {"25 times 01": bits(8) ** 25},
    "nonin_9560": _PACKET | {"25 times 01": bits(8) ** 25, "reserved bit": bits(1) ** 25},
    "nonin_df7": _PACKET,
    "nonin_df8": {
        "bit 7 of four bytes": bits(4),
        "reserved bits of the status": bits(1),
        "in track": bits(1),
        "SpO2 1 to 100 of 128": one_of(SPO2_VALUES, 128),
        "second status: five reserved bits, no alarm": bits(5),
    },
    "nonin_df13": {
        "00 02 00 0D and the length's high byte": bits(40),
        "length 14 to 64": one_of(51),
        "eight pairs of decimal digits": (100 / 256) ** 8,
        "12 reserved bits of the status, with a result, not remembered": bits(14),
        "the pulse's seven high bits": bits(7),
        "reserved byte": bits(8),
        "SpO2": one_of(101),
        "checksum and end": bits(16),
    },
    "cms50_v7": {
        "type 01": bits(8),
        "bit 7 of eight bytes": bits(8),
        "reserved high bits": bits(2),
        "reserved bits of the bar": bits(2),
        "finger in, not searching": bits(3),
        "SpO2 1 to 100 of 128": one_of(SPO2_VALUES, 128),
        "pulse neither 0 nor FF": one_of(254),
    },
    "cms50_old": {
        "bit 7 of five bytes": bits(5),
        "finger in, probe in, not searching": bits(3),
        "SpO2 1 to 100 of 128": one_of(SPO2_VALUES, 128),
        "pulse neither 0 nor FF": one_of(254),
    },
    "welchallyn_suretemp": {
        "03 02 10 94 1C 02": bits(48),
        "size 19 or 33": 2 * bits(16),
        "no error": bits(16),
        "checksum": bits(8),
        "state 2": bits(8),
        "two temperatures from 0 to 1000 K": bits(2),  # their signs; exponents make it rarer
    },
    "and_scale": {
        "ST and comma": bits(24),
        "mode and comma, or sign": 3 * bits(24),
        "six bytes of number, of 12 kinds": one_of(12) ** 6,
        "unit": 3 * bits(16),
        "CR LF": bits(16),
    },
    "tm2655": {
        "STX, TM265, eight RS, E00, S M D P, ETX": bits(8) ** 22,
        "ten digits of time, twelve of numbers": one_of(11) ** 22,
    },
    "hbp9030": {
        "ten commas, CR LF, error 0": bits(8) ** 13,
        "12 digits of time, nine of numbers, movement": one_of(10) ** 22,
        "20 characters of an ID": one_of(94) ** 20,
    },
    "hbp9020": {
        "bp, eight commas, two slashes, a colon, CR LF": bits(8) ** 15,
        "12 digits of time, 13 of numbers": one_of(10) ** 25,
        "20 characters of an ID": one_of(94) ** 20,
    },
    "terumo_bp500": {
        "STX R1, eleven commas, ETX": bits(8) ** 15,
        "21 digits of ID and time, 12 of numbers, 16 more": one_of(10) ** 49,
    },
    "bm58": {"a silence before and after a reply of exact length": 0.0},
    "microlife": {
        "4D 3A": bits(16),
        "one of 255 lengths that hold whole records": one_of(255, 65_536),
        "their count": bits(8),
        "checksum": bits(8),
    },
    "ua767pc": {
        "status 80": bits(16),
        "eight more hex digits": one_of(22) ** 8,
        "none before and after": one_of(234) ** 2,
    },
    "visomat": {
        "STX M1, M2, ETX": bits(8) ** 6,
        "two counts, 20 digits of one record, one digit for none": one_of(10) ** 25,
    },
    "ble_bp": {"a silence before and after at most 57 bytes": 0.0},
    "ble_bp_bm85": {"a silence before and after at most 57 bytes": 0.0},
    # Asked for one; the question's answer must also have the right length and sequence.
    "lifescan_binary": {
        "02 and the length of a reading": bits(16),
        "link: three unknown bits, no acknowledge, no disconnect, sequence": bits(6),
        "05 06": bits(16),
        "03": bits(8),
        "CRC": bits(16),
    },
    "suntech": {
        "3E and the length of a result": bits(16),
        "checksum": bits(8),
        "error 0": bits(8),
        "before it `done`, 3E 04 4B and its checksum, at one of the last 2400 bytes": 2400
        * bits(32),
    },
}
STREAMS: Mapping[str, Stream] = {
    "nonin_df2": Stream(3, 512),
    "nonin_9560": Stream(3, 512),
    "nonin_df7": Stream(3, 512),
    "nonin_df8": Stream(1, 511),
    "cms50_v7": Stream(60, 254),
    "cms50_old": Stream(60, 254),
}


def bytes_per_s(line: LineSetting) -> float:
    """A start bit, data, parity and stop bits make a byte."""
    parity_bits = 0 if line.parity is Parity.NONE else 1
    return line.baud / (1 + line.data_bits + parity_bits + line.stop_bits)


def expected(name: str, line: LineSetting) -> Expected:
    """KeyError for a driver whose gates nobody has written down."""
    frame = math.prod(GATES[name].values())
    rate = bytes_per_s(line) * frame
    stream = STREAMS.get(name)
    if stream is None:
        return Expected(frame, rate * HOUR_S)
    return Expected(frame, rate * HOUR_S * _second(rate, stream) ** (STEADY_S / MARK_S))


def _second(rate: float, stream: Stream) -> float:
    """The chance that the frames after one of them pass for a second, whatever they say.

    k frames up to the mark, which is the first after a second: k - 1 fell into it (Poisson), the
    next comes before the rate is missed; none leaps from the one before.
    """
    near = near_chance(SPO2_VALUES, SPO2_LEAP_PERCENT) * near_chance(
        stream.pulses, PULSE_LEAP_PER_MINUTE
    )
    chance = 0.0
    most = math.ceil(stream.frames_per_s * (1 + RATE_TOLERANCE) * 3)
    for k in range(1, most + 1):
        soonest = max(MARK_S, k / (stream.frames_per_s * (1 + RATE_TOLERANCE)))
        latest = k / (stream.frames_per_s * (1 - RATE_TOLERANCE))
        if latest <= MARK_S:
            continue
        mean = rate * MARK_S
        fell = math.exp((k - 1) * math.log(mean) - mean - math.lgamma(k)) if mean else 0.0
        then = math.exp(-rate * (soonest - MARK_S)) - math.exp(-rate * (latest - MARK_S))
        chance += fell * then * near**k
    return chance


def near_chance(values: int, leap: int) -> float:
    """That two of so many equally likely values are at most `leap` apart."""
    pairs = values + 2 * sum(values - step for step in range(1, min(leap, values - 1) + 1))
    return pairs / values**2
