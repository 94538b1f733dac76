"""How flat the monitor of a body sound is: pure tones through it, as a narrow line carries them."""

from collections.abc import Iterator

import numpy as np

from bench.devices.amount import Amount
from bench.rows import Row, rounded, spread_of
from media.auscultation.block_coder import BlockCoder
from media.auscultation.live_plan import MONITOR_RATE_HZ
from media.auscultation.monitor_sound import MONITOR_SAMPLES, MonitorSound

RATES_HZ = (16_000, 44_100, 48_000)
TONES_HZ = (20, 30, 50, 80, 125, 200, 300, 500, 700, 850, 1000)
SECONDS, HEIGHT, BLOCK_S = 4.0, 10_000, 0.04
SETTLED = slice(MONITOR_RATE_HZ // 2, -MONITOR_RATE_HZ // 2)  # without its begin and end


def rows(_: Amount) -> Iterator[Row]:
    for rate_hz in RATES_HZ:
        changes = {tone: change_db(tone, rate_hz) for tone in TONES_HZ}
        worst = max(changes, key=lambda tone: abs(changes[tone]))
        yield Row(
            f"auscultation, monitor of {rate_hz} Hz: furthest from flat, 20 to 1000 Hz",
            "dB",
            rounded(abs(changes[worst])),
            len(changes),
            spread_of(list(changes.values())),
            f"tones of {SECONDS:g} s through resampler and coder and back; worst at {worst} Hz",
            "<= 1",
        )


def change_db(tone_hz: int, rate_hz: int) -> float:
    """How much louder a tone comes out than it went in."""
    at = np.arange(round(SECONDS * rate_hz)) / rate_hz
    given = np.round(HEIGHT * np.sin(2 * np.pi * tone_hz * at)).astype("<i2")
    monitor, coder = MonitorSound(rate_hz, 0), BlockCoder(MONITOR_RATE_HZ, MONITOR_SAMPLES)
    size, heard = round(BLOCK_S * rate_hz), bytearray()
    for start in range(0, len(given), size):
        for piece in monitor.made(given[start : start + size].tobytes()):
            heard += coder.plain(piece.coded)
    came = np.frombuffer(bytes(heard), dtype="<i2")[SETTLED]
    return float(20 * np.log10(np.sqrt(2 * np.mean(came.astype(float) ** 2)) / HEIGHT))
