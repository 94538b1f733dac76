"""Lost packets of a row made again from the others: of n packets and k repairs any n are enough.

A systematic Reed-Solomon code over GF(2^8) with a Cauchy matrix (Blomer et al., 1995; Rizzo, 1997),
so that no choice of the lost and the kept is unsolvable. Pure; nothing is asked for again by it.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
POLYNOMIAL = 0x11D  # x^8 + x^4 + x^3 + x^2 + 1: 2 is a generator
MOST_PACKETS, MOST_REPAIRS = 48, 16  # of a row


def repairs_of(packets: Sequence[bytes], count: int) -> list[bytes]:
    """`count` of them, each as long as the longest packet: 1 to 48 packets, 1 to 16 repairs."""
    if not 0 < len(packets) <= MOST_PACKETS or not 0 < count <= MOST_REPAIRS:
        raise ValueError(f"{count} repairs of {len(packets)} packets")
    size = max(map(len, packets))
    rows = np.stack([_padded(packet, size) for packet in packets])
    return [made.tobytes() for made in _times(_cauchy(count, len(packets)), rows)]


def made_again(
    total: int, packets: Mapping[int, bytes], repairs: Mapping[int, bytes]
) -> list[Bytes]:
    """All that is lost of `total` packets, in their order, each padded to the length of a repair.

    `packets` and `repairs` by their places. ValueError where these are too few, or are no row.
    """
    lost = [place for place in range(total) if place not in packets]
    used = sorted(repairs)[: len(lost)]
    sizes = {len(repairs[place]) for place in used}
    if not 0 < total <= MOST_PACKETS or len(used) < len(lost) or len(sizes) != 1:
        raise ValueError("not enough to make it again, or not of one row")
    if used[-1] >= MOST_REPAIRS or max(packets, default=0) >= total or min(used) < 0:
        raise ValueError("a place outside of the row")
    [size] = sizes
    matrix = _cauchy(used[-1] + 1, total)[used]
    wanted = np.stack([_padded(repairs[place], size) for place in used])
    if packets:
        kept = sorted(packets)
        known = np.stack([_padded(packets[place], size) for place in kept])
        wanted = wanted ^ _times(matrix[:, kept], known)
    return list(_times(_inverse(matrix[:, lost]), wanted))


def _padded(packet: bytes, size: int) -> Bytes:
    if len(packet) > size:
        raise ValueError("a packet is longer than its repairs")
    row = np.zeros(size, np.uint8)
    row[: len(packet)] = np.frombuffer(packet, np.uint8)
    return row


def _times(matrix: Bytes, rows: Bytes) -> Bytes:
    """The product over GF(2^8): (k, n) times (n, size)."""
    products = _products()
    made = np.zeros((len(matrix), rows.shape[1]), np.uint8)
    for out, factors in zip(made, matrix, strict=True):
        for factor, row in zip(factors, rows, strict=True):
            out ^= products[factor].take(row)
    return made


def _inverse(matrix: Bytes) -> Bytes:
    """Of a square one, by Gauss and Jordan; each square part of a Cauchy matrix has one."""
    products, size = _products(), len(matrix)
    work = np.concatenate((matrix, np.eye(size, dtype=np.uint8)), axis=1)
    for place in range(size):
        pivot = place + int(np.flatnonzero(work[place:, place])[0])
        work[[place, pivot]] = work[[pivot, place]]
        work[place] = products[_inverses()[work[place, place]]].take(work[place])
        for other in range(size):
            if other != place and work[other, place]:
                work[other] ^= products[work[other, place]].take(work[place])
    return work[:, size:]


@cache
def _cauchy(count: int, packets: int) -> Bytes:
    """1 / (x + y), the x of repairs and the y of packets all different: place by place the same,
    whatever the counts are."""
    made = np.arange(count, dtype=np.uint8)[:, None] + np.uint8(MOST_PACKETS)
    taken = np.arange(packets, dtype=np.uint8)[None, :]
    cauchy: Bytes = _inverses().take(made ^ taken)
    return cauchy


@cache
def _products() -> Bytes:
    """(256, 256): each times each."""
    logs, powers = np.zeros(256, np.int64), np.zeros(510, np.uint8)
    value = 1
    for power in range(255):
        powers[power] = powers[power + 255] = value
        logs[value] = power
        value = value << 1 ^ (POLYNOMIAL if value & 0x80 else 0)
    table: Bytes = powers[logs[:, None] + logs[None, :]]
    table[0, :] = table[:, 0] = 0
    return table


@cache
def _inverses() -> Bytes:
    """Of 1 to 255; that of 0 is never asked for."""
    found: Bytes = (_products() == 1).argmax(axis=1).astype(np.uint8)
    return found
