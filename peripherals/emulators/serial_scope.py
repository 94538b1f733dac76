"""A simulated stethoscope on a serial line: it plays a WAV file in blocks of 20 ms, for ever.

Written from the framing's description and sharing no code with the driver. Without a file it plays
two invented heart sounds, 72 times a minute.
"""

import math
import struct
import wave
from dataclasses import dataclass

from peripherals.emulators.simulated import Emulator, Seen, Told

SKIP, FILTERED = "skip", "filtered"
HEART = "heart"  # what it plays without a file
CODES = {2000: 1, 4000: 2, 8000: 3}
BLOCK_S = 0.02
LAGS_S = 1.0
STRIKES_AFTER_S = 4.0  # it was found by then, and is not measured yet
SKIP_EVERY = 50  # blocks
MOST_SECONDS = 3600
BEAT_S = 60 / 72
SOUNDS = ((0.0, 45.0, 9000.0), (0.3, 60.0, 6000.0))  # when in a beat, hertz, loudness


@dataclass(frozen=True, slots=True)
class Played:
    samples: bytes
    rate: int


def heart(rate: int = 4000) -> Played:
    values = []
    for n in range(round(BEAT_S * rate)):
        at = n / rate
        value = 0.0
        for begins, hertz, loudness in SOUNDS:
            if at >= begins:
                since = at - begins
                value += loudness * math.exp(-40 * since) * math.sin(2 * math.pi * hertz * since)
        values.append(round(value))
    return Played(struct.pack(f"<{len(values)}h", *values), rate)


def played_of(text: str) -> Played:
    """ValueError with a sentence when the file cannot be played bit for bit."""
    if text == HEART:
        return heart()
    try:
        with wave.open(text, "rb") as file:
            form = (file.getnchannels(), file.getsampwidth())
            rate, count = file.getframerate(), file.getnframes()
            samples = file.readframes(min(count, MOST_SECONDS * rate))
    except (OSError, EOFError, wave.Error) as wrong:
        raise ValueError(f"no WAV file that can be read: {wrong}") from wrong
    if form != (1, 2) or rate not in CODES:
        raise ValueError("a WAV file of one channel, 16 bit, 2000, 4000 or 8000 Hz is needed")
    if not samples:
        raise ValueError("the WAV file is empty")
    return Played(samples, rate)


def crc(data: bytes) -> int:
    """Bit by bit: polynomial 1021, from FFFF."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


class SimulatedScope:
    def __init__(self, played: Played, seen: Seen) -> None:
        self.played = played
        self.fault = "none"
        self._seen = seen
        self._sequence = self._at = 0
        self._began = self._due = -1.0

    def shows(self, result: str) -> None:
        self.played, self._at = played_of(result), 0

    def fails(self, fault: str) -> None:
        self.fault = fault

    def pressed(self, now: float) -> list[bytes]:
        raise ValueError("this stethoscope has no key")

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self._seen("unrecognised", data)
        return []

    def tick(self, now: float) -> list[bytes]:
        if self._began < 0 or now - self._due > LAGS_S:
            self._began = self._due = now
        sent: list[bytes] = []
        while self._due <= now:
            block = self.block()
            if self.fault != SKIP or self._sequence % SKIP_EVERY:
                sent.append(block)
            self._due += BLOCK_S
        return sent

    def block(self) -> bytes:
        """The next one."""
        rate = self.played.rate
        wanted = rate // 50 * 2
        samples = b""
        while len(samples) < wanted:
            piece = self.played.samples[self._at : self._at + wanted - len(samples)]
            samples += piece
            self._at = (self._at + len(piece)) % len(self.played.samples)
        filter_code = 1 if self.fault == FILTERED else 0
        inside = struct.pack(
            "<BBHBBBB", 1, 1, self._sequence, CODES[rate], 0, filter_code, wanted // 2
        )
        inside += samples
        self._sequence = (self._sequence + 1) % 0x10000
        return b"\xa5\x5a" + inside + struct.pack("<H", crc(inside))

    def is_striking(self, now: float) -> bool:
        return self._began >= 0 and now - self._began >= STRIKES_AFTER_S

    def told(self, now: float) -> Told:
        seconds = len(self.played.samples) / 2 / self.played.rate
        return {"rate_hz": self.played.rate, "seconds": round(seconds, 3), "block": self._sequence}


EMULATOR = Emulator(
    lambda _, seen: SimulatedScope(heart(), seen),
    HEART,
    "heart, or the path of a WAV file",
    (SKIP, FILTERED),
    b"\xa5\x5a\x01\x01",
    split_gap_s=0.00005,
)
