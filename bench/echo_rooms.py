"""Synthetic rooms and a loudspeaker that distorts, between what is played and what is heard."""

from dataclasses import dataclass

import numpy as np

from bench.recorded_speech import RATE_HZ, Sound

DEVICES_S = 0.06  # what sound devices hold back, out and in
DIRECT_S = 0.002  # 0.7 m
COUPLING = 0.5  # of the level of what is played


@dataclass(frozen=True, slots=True)
class EchoRoom:
    """`tail_s`: until the echo has sunk by 60 dB; half of its power comes straight."""

    name: str
    tail_s: float
    is_distorting: bool = False

    def echo_of(self, played: Sound, seed: int) -> Sound:
        late = np.concatenate((np.zeros(round(DEVICES_S * RATE_HZ)), played))[: len(played)]
        return _convolved(distorted(late) if self.is_distorting else late, self._response(seed))

    def _response(self, seed: int) -> Sound:
        length, direct = round(self.tail_s * RATE_HZ), round(DIRECT_S * RATE_HZ)
        noise = np.random.default_rng(seed).normal(0, 1, length)
        response: Sound = noise * 10 ** (-3 * np.arange(length) / length)
        response[: direct + 1] = 0
        response[direct] = np.sqrt((response**2).sum())
        response *= COUPLING / np.sqrt((response**2).sum())
        return response


ROOMS = (
    EchoRoom("room of 30 ms", 0.03),
    EchoRoom("room of 150 ms", 0.15),
    EchoRoom("room of 300 ms", 0.3),
    EchoRoom("room of 150 ms, distorting loudspeaker", 0.15, is_distorting=True),
)


def distorted(played: Sound) -> Sound:
    """A small loudspeaker driven hard: rounded peaks, and a twentieth of the square beside it."""
    level = played / 32_768
    rounded: Sound = (np.tanh(4 * level) / 4 + 0.05 * level**2) * 32_768
    return rounded


def _convolved(sound: Sound, response: Sound) -> Sound:
    size = 1 << (len(sound) + len(response)).bit_length()
    whole: Sound = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    return whole[: len(sound)]
