"""The ring between a callback thread and the loop: order, bounds, counting; cut however."""

import random
import threading

import numpy as np

from media.devices.sample_ring import SampleRing


def block(start: int, count: int) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return (np.arange(start, start + count) % 30_000).astype(np.int16)


def test_what_is_written_is_read_in_order_however_it_is_cut() -> None:
    chance = random.Random(1)
    ring = SampleRing(1000)
    written = read = 0
    for _ in range(2000):
        count = chance.randrange(0, 300)
        if ring.filled + count <= ring.capacity:
            ring.write(block(written, count))
            written += count
        taken = ring.read(chance.randrange(0, 300))
        assert np.array_equal(taken, block(read, len(taken)))
        read += len(taken)
    assert ring.dropped == 0
    assert written - read == ring.filled


def test_a_full_ring_keeps_what_it_has_and_counts_what_it_refuses() -> None:
    ring = SampleRing(100)
    ring.write(block(0, 70))
    ring.write(block(70, 70))
    assert (ring.filled, ring.dropped) == (100, 40)
    assert np.array_equal(ring.read(1000), block(0, 100))


def test_skipping_is_counted_and_clearing_is_not() -> None:
    ring = SampleRing(100)
    ring.write(block(0, 60))
    ring.skip(10)
    assert (ring.filled, ring.dropped) == (50, 10)
    assert ring.read(1)[0] == 10
    ring.clear()
    assert (ring.filled, ring.dropped) == (0, 10)


def test_a_thread_writes_while_another_reads() -> None:
    ring = SampleRing(480)
    total = 20_000

    def write() -> None:
        at = 0
        while at < total:
            count = min(160, total - at)
            if ring.capacity - ring.filled >= count:
                ring.write(block(at, count))
                at += count

    writer = threading.Thread(target=write)
    writer.start()
    read = 0
    while read < total:
        taken = ring.read(333)
        assert np.array_equal(taken, block(read, len(taken)))
        read += len(taken)
    writer.join(10)
    assert ring.dropped == 0
