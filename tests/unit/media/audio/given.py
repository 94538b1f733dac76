"""A voice for tests: a buzz whose pitch wanders, with syllables and pauses, the same each time."""

import numpy as np

from media.audio.opus_encoder import OpusEncoder
from media.devices.sample_ring import Samples

RATE_HZ = 48_000
FRAME = 960


def voice(seconds: float, seed: int = 7) -> Samples:
    chance = np.random.default_rng(seed)
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    pitch = 140 + 30 * np.sin(2 * np.pi * 0.7 * at) + 10 * np.sin(2 * np.pi * 2.3 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    buzz = sum(np.sin(number * phase) / number for number in range(1, 20))
    loudness = np.clip(np.sin(2 * np.pi * 1.9 * at) + 0.4, 0, 1)
    noise = chance.normal(0, 0.01, len(at))
    samples: Samples = (6000 * (loudness * buzz + noise)).astype(np.int16)
    return samples


def tone(seconds: float, frequency_hz: float = 200.0) -> Samples:
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    samples: Samples = (8000 * np.sin(2 * np.pi * frequency_hz * at)).astype(np.int16)
    return samples


def packets_of(samples: Samples) -> list[bytes]:
    encoder = OpusEncoder()
    return [
        encoder.encode(np.ascontiguousarray(samples[start : start + FRAME]))
        for start in range(0, len(samples) - FRAME + 1, FRAME)
    ]
