"""Transport-wide feedback as bytes, built and parsed: which packets came, and when each did.

RTCP 205, format 15, of draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1. Times are
ticks of 250 us. It knows no clock, and bytes of a stranger are answered with None, never worse.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

TICK_S = 0.00025
REFERENCE_TICKS = 256  # 64 ms
REFERENCE_WRAPS = 1 << 24
PAYLOAD_TYPE, FORMAT = 205, 15
MOST_PACKETS = 8192  # told by one feedback; a stranger may say 65535 in forty bytes
LEAST_BYTES = 20
MISSING, SMALL, LARGE = 0, 1, 2
MOST_RUN = 0x1FFF
ONE_BIT_SYMBOLS, TWO_BIT_SYMBOLS = 14, 7


@dataclass(frozen=True, slots=True)
class Feedback:
    """`arrivals[i]` is of packet `first_number + i`: ticks since `reference` x 64 ms, or None."""

    media_ssrc: int
    first_number: int
    reference: int  # 24 bits, 64 ms each
    count: int  # of feedbacks, 8 bits
    arrivals: tuple[int | None, ...]


def build(
    ssrc: int, media_ssrc: int, first_number: int, arrivals: Sequence[int | None], count: int
) -> tuple[bytes, int]:
    """One RTCP packet, and how many of `arrivals` (absolute ticks) it tells: what is too far apart
    in time goes into the next. One of them at least must have come.
    """
    reference = next(each for each in arrivals if each is not None) // REFERENCE_TICKS
    at, symbols, deltas = reference * REFERENCE_TICKS, bytearray(), bytearray()
    for arrival in arrivals[:MOST_PACKETS]:
        if arrival is None:
            symbols.append(MISSING)
            continue
        delta = arrival - at
        if 0 <= delta <= 0xFF:
            symbols.append(SMALL)
            deltas.append(delta)
        elif -0x8000 <= delta <= 0x7FFF:
            symbols.append(LARGE)
            deltas += struct.pack("!h", delta)
        else:
            break
        at = arrival
    while symbols[-1] == MISSING:
        symbols.pop()  # the next one tells them with what came behind them
    body = struct.pack(
        "!LLHHL",
        ssrc,
        media_ssrc,
        first_number & 0xFFFF,
        len(symbols),
        (reference % REFERENCE_WRAPS) << 8 | count & 0xFF,
    )
    body += _chunks_of(symbols) + deltas
    body += bytes(-len(body) % 4)
    return struct.pack("!BBH", 2 << 6 | FORMAT, PAYLOAD_TYPE, len(body) // 4) + body, len(symbols)


def _chunks_of(symbols: bytearray) -> bytes:
    """Runs where they are longer than what a list of symbols would hold."""
    chunks, at = bytearray(), 0
    while at < len(symbols):
        run = _run_at(symbols, at)
        width = TWO_BIT_SYMBOLS if LARGE in symbols[at : at + ONE_BIT_SYMBOLS] else ONE_BIT_SYMBOLS
        if run >= min(width, len(symbols) - at):
            chunks += struct.pack("!H", symbols[at] << 13 | run)
            at += run
            continue
        bits = 1 if width == ONE_BIT_SYMBOLS else 2
        word = 2 | (bits - 1)
        for place in range(at, at + width):
            word = word << bits | (symbols[place] if place < len(symbols) else MISSING)
        chunks += struct.pack("!H", word)
        at += width
    return bytes(chunks)


def _run_at(symbols: bytearray, at: int) -> int:
    end = at + 1
    while end < len(symbols) and end - at < MOST_RUN and symbols[end] == symbols[at]:
        end += 1
    return end - at


def parse(data: bytes) -> Feedback | None:
    """One whole RTCP packet (not a compound of several); None when it is no such feedback."""
    if len(data) < LEAST_BYTES or len(data) % 4 or data[0] & 0xDF != 2 << 6 | FORMAT:
        return None
    if data[1] != PAYLOAD_TYPE or struct.unpack_from("!H", data, 2)[0] != len(data) // 4 - 1:
        return None
    _, media_ssrc, first_number, told, time = struct.unpack_from("!LLHHL", data, 4)
    symbols, at = _symbols_of(data, LEAST_BYTES, told)
    if symbols is None:
        return None
    arrivals = _arrivals_of(data, at, symbols)
    if arrivals is None:
        return None
    return Feedback(media_ssrc, first_number, time >> 8, time & 0xFF, arrivals)


def _symbols_of(data: bytes, at: int, told: int) -> tuple[bytearray | None, int]:
    if not 0 < told <= MOST_PACKETS:
        return None, at
    symbols = bytearray()
    while len(symbols) < told:
        if at + 2 > len(data):
            return None, at
        word = data[at] << 8 | data[at + 1]
        at += 2
        if not word & 0x8000:
            run = min(word & MOST_RUN, told - len(symbols))
            if not run:
                return None, at  # a chunk that tells nothing could be repeated for ever
            symbols += bytes((word >> 13 & 3,)) * run
        elif word & 0x4000:
            symbols += bytes(word >> shift & 3 for shift in range(12, -1, -2))
        else:
            symbols += bytes(word >> shift & 1 for shift in range(13, -1, -1))
    return symbols[:told], at


def _arrivals_of(data: bytes, at: int, symbols: bytearray) -> tuple[int | None, ...] | None:
    arrivals: list[int | None] = []
    ticks = 0
    for symbol in symbols:
        if symbol == MISSING:
            arrivals.append(None)
            continue
        if symbol > LARGE or at + symbol > len(data):
            return None
        ticks += data[at] if symbol == SMALL else struct.unpack_from("!h", data, at)[0]
        at += symbol
        arrivals.append(ticks)
    return tuple(arrivals)
