"""Every codec alone: how fast it is, and that neither noise nor broken captures hurt it."""

import time
from collections.abc import Iterator

from bench.devices.amount import MEGABYTE, Amount
from bench.devices.captures import frames_of, mutated, needs_silence, noise_of, randoms
from bench.devices.gates import bytes_per_s
from bench.rows import Row, rounded, spread_of
from peripherals.catalogue import ALL_DRIVERS
from peripherals.drivers.driver import Driver

SPEED_GOAL, BUFFER_GOAL, NONE_GOAL = ">= 1.0", "<= 4096", "== 0"
BUFFER_NOTE = "after each 16 KiB, the silence of a line after every 16th"
IDLE_EVERY = 16


def rows(amount: Amount) -> Iterator[Row]:
    for driver in ALL_DRIVERS:
        yield _throughput(driver, amount)
        yield from _robustness(driver, amount)


def _throughput(driver: Driver, amount: Amount) -> Row:
    """Of processor time, so that a busy machine does not decide; the slower of two kinds counts."""
    noise = noise_of(driver, "throughput")
    speeds = {
        "noise": _speed(driver, list(randoms(noise, amount.throughput_bytes))),
        "frames": _speed(driver, list(frames_of(driver, amount.throughput_bytes))),
    }
    told = ", ".join(f"{kind} {speed:.1f}" for kind, speed in speeds.items())
    return Row(
        f"decoder {driver.name}: throughput",
        "MB/s",
        rounded(min(speeds.values())),
        len(speeds),
        spread_of(list(speeds.values())),
        f"the slower of {told} MB/s, {amount.throughput_bytes / MEGABYTE:g} MB of each, "
        "in pieces of 16 KiB, or frame by frame where silence ends one; "
        f"its line brings {bytes_per_s(driver.line):.0f} bytes a second",
        SPEED_GOAL,
    )


def _speed(driver: Driver, chunks: list[bytes]) -> float:
    """A frame that only silence ends is fed alone, and the silence after it."""
    codec, is_silence_needed = driver.codec(), needs_silence(driver)
    started = time.process_time()
    for chunk in chunks:
        codec.feed(chunk)
        if is_silence_needed:
            codec.idle()
    spent_s = time.process_time() - started
    return sum(map(len, chunks)) / MEGABYTE / max(spent_s, 1e-9)


def _robustness(driver: Driver, amount: Amount) -> Iterator[Row]:
    noise = noise_of(driver, "robustness")
    kinds = {
        "random": (amount.random_bytes, randoms(noise, amount.random_bytes)),
        "mutated": (amount.mutated_bytes, mutated(driver, noise, amount.mutated_bytes)),
    }
    for kind, (size, chunks) in kinds.items():
        raised, largest, pieces = _endured(driver, chunks)
        what = f"{size / MEGABYTE:g} MB {kind} bytes, {BUFFER_NOTE}"
        name = f"decoder {driver.name}: {kind} bytes"
        yield Row(f"{name}, exceptions", "", raised, pieces, {}, what, NONE_GOAL)
        yield Row(f"{name}, largest buffer", "bytes", largest, pieces, {}, what, BUFFER_GOAL)


def _endured(driver: Driver, chunks: Iterator[bytes]) -> tuple[int, int, int]:
    """Exceptions, the largest buffer, and how many pieces were fed."""
    codec, raised, largest, pieces = driver.codec(), 0, 0, 0
    for chunk in chunks:
        pieces += 1
        try:
            codec.feed(chunk)
            largest = max(largest, codec.buffered_bytes)
            if pieces % IDLE_EVERY == 0:
                codec.idle()
        except Exception:  # whatever it is: that is what is counted here
            raised += 1
            codec = driver.codec()
    return raised, largest, pieces
