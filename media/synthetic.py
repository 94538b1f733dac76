"""A moving picture, a voice and heart sounds that nobody ever made, and says so in itself.

For the demonstration and for tests: stands in for people and instruments, never for a result. Files
are written so that cameras' and instruments' own ways read them; nothing here shows or plays.
"""

import math
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from media.synthetic_letters import drawn

Samples = npt.NDArray[np.int16]
Image = npt.NDArray[np.uint8]  # height, width, red green blue
Number = npt.NDArray[np.float64]
Colour = tuple[int, int, int]

WIDTH, HEIGHT = 640, 480
LABEL = "SYNTHETIC PICTURE"
# A 32-bit number, highest bit at the left: 16 pixels a bit, light is 1; below it its inverse.
BARCODE_LEFT, BARCODE_TOP = 64, 408
BARCODE_BIT, BARCODE_ROW = 16, 24
_LIGHT, _DARK = 235, 20
_LEVEL = 0.3

BLUE_COAT: Colour = (70, 110, 160)
GREEN_COAT: Colour = (70, 140, 110)


def picture(at_s: float, period_s: float, number: int | None, coat: Colour = BLUE_COAT) -> Image:
    """A head that sways and speaks, `at_s` into a movement that repeats after `period_s`."""
    phase = 2 * math.pi * at_s / period_s
    across, down = np.meshgrid(np.arange(WIDTH, dtype=np.float64), np.arange(float(HEIGHT)))
    shade = 150 + 40 * np.sin(across / 180 + phase) - down / 8
    image = np.stack([shade * part for part in (0.80, 0.92, 1.0)], axis=2)
    head = (WIDTH / 2 + 40 * math.sin(phase), 190 + 10 * math.sin(2 * phase))
    image[_oval(across, down, (head[0], 420), (170, 150))] = coat
    image[_oval(across, down, head, (82, 104))] = (222, 184, 156)
    image[_oval(across, down, (head[0], head[1] - 70), (84, 52))] = (84, 60, 48)
    is_blink = math.sin(3 * phase) > 0.95
    for side in (-32, 32):
        eye = (head[0] + side, head[1] - 8)
        image[_oval(across, down, eye, (11, 2 if is_blink else 8))] = (40, 40, 60)
    mouth = 4 + 10 * abs(math.sin(12 * phase))
    image[_oval(across, down, (head[0], head[1] + 52), (26, mouth))] = (130, 50, 60)
    whole: Image = np.clip(image, 0, 255).astype(np.uint8)
    _label(whole)
    if number is not None:
        _barcode(whole, number)
    return whole


def _oval(
    across: Number, down: Number, middle: tuple[float, float], half: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    x, y = (across - middle[0]) / half[0], (down - middle[1]) / half[1]
    return x * x + y * y < 1


def _label(image: Image) -> None:
    words = drawn(LABEL, 3)
    high, wide = words.shape
    left = (WIDTH - wide) // 2
    image[10 : 26 + high, left - 10 : left + wide + 10] = _DARK
    image[18 : 18 + high, left : left + wide][words] = _LIGHT


def _barcode(image: Image, number: int) -> None:
    bits = [number >> bit & 1 for bit in reversed(range(32))]
    right = BARCODE_LEFT + 32 * BARCODE_BIT
    image[BARCODE_TOP - 8 : BARCODE_TOP + 2 * BARCODE_ROW + 8, BARCODE_LEFT - 8 : right + 8] = 128
    for place, bit in enumerate(bits):
        left = BARCODE_LEFT + place * BARCODE_BIT
        for row, is_light in enumerate((bit == 1, bit == 0)):
            top = BARCODE_TOP + row * BARCODE_ROW
            shade = _LIGHT if is_light else _DARK
            image[top : top + BARCODE_ROW, left : left + BARCODE_BIT] = shade


def write_video(
    path: Path,
    *,
    number: int | None = None,
    seconds: float = 4.0,
    rate: int = 25,
    coat: Colour = BLUE_COAT,
) -> None:
    """Motion JPEG in the container that the name's ending asks for (.avi, .mkv, .mp4)."""
    with av.open(str(path), "w") as file:
        file.metadata["comment"] = "synthetic"
        stream = file.add_stream("mjpeg", rate=rate, options={"q:v": "3"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, rate)
        for index in range(round(seconds * rate)):
            image = picture(index / rate, seconds, number, coat)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = index
            file.mux(stream.encode(frame.reformat(format="yuvj420p")))
        file.mux(stream.encode(None))


def heart_sounds(
    *, seconds: float, rate_hz: int = 4000, beats_per_minute: float = 72, seed: int = 1
) -> Samples:
    """First and second heart sound over a little noise; no two beats are quite alike."""
    chance = np.random.default_rng(seed)
    sound = chance.normal(0, 0.004, round(seconds * rate_hz))
    beat_at = 0.1
    while beat_at < seconds:
        interval = 60 / beats_per_minute * (1 + chance.normal(0, 0.02))
        _add_thump(sound, rate_hz, beat_at, 42 + chance.normal(0, 2), 0.14, 0.55)
        _add_thump(sound, rate_hz, beat_at + 0.36 * interval, 58 + chance.normal(0, 2), 0.10, 0.4)
        beat_at += interval
    return _whole(sound)


def _add_thump(
    sound: Number, rate_hz: int, at_s: float, tone_hz: float, long_s: float, level: float
) -> None:
    start = round(at_s * rate_hz)
    count = min(round(long_s * rate_hz), len(sound) - start)
    if count <= 0:
        return
    time_s = np.arange(count) / rate_hz
    rise_and_fall = np.sin(math.pi * time_s / long_s) * np.exp(-time_s / (0.35 * long_s))
    falling = tone_hz * (1 - 0.25 * time_s / long_s)
    sound[start : start + count] += level * rise_and_fall * np.sin(2 * math.pi * falling * time_s)


# The resonances of five vowels, in hertz: what makes a buzz sound like speech.
_VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (530, 1840, 2480),
    (300, 870, 2240),
    (570, 840, 2410),
)


def voice(*, seconds: float, rate_hz: int = 48_000, seed: int = 1) -> Samples:
    """Syllables without words: a buzz of changing vowels, four a second, with pauses."""
    chance = np.random.default_rng(seed)
    parts: list[Number] = []
    count = 0
    while count < seconds * rate_hz:
        part = _syllable(chance, rate_hz)
        if chance.random() < 0.2:
            part = np.concatenate((part, np.zeros(round(0.3 * rate_hz))))
        parts.append(part)
        count += len(part)
    return _whole(np.concatenate(parts)[: round(seconds * rate_hz)])


def _syllable(chance: np.random.Generator, rate_hz: int) -> Number:
    long_s = chance.uniform(0.15, 0.3)
    time_s = np.arange(round(long_s * rate_hz)) / rate_hz
    pitch_hz = chance.uniform(105, 135) * (1 - 0.08 * time_s / long_s)
    vowel = _VOWELS[chance.integers(len(_VOWELS))]
    sound = np.zeros_like(time_s)
    for harmonic in range(1, 30):
        tone_hz = 120.0 * harmonic
        weight = sum(1 / (1 + ((tone_hz - peak) / 90) ** 2) for peak in vowel) + 0.02
        sound += weight / harmonic**0.5 * np.sin(2 * math.pi * harmonic * pitch_hz * time_s)
    rise_and_fall = np.sin(math.pi * time_s / long_s) ** 0.5
    loudest = float(np.abs(sound).max()) or 1.0
    return _LEVEL * rise_and_fall * sound / loudest


def tones(tones_hz: Sequence[float], *, each_s: float = 0.3, rate_hz: int = 48_000) -> Samples:
    """One pure tone after the other, each rising and falling softly."""
    time_s = np.arange(round(each_s * rate_hz)) / rate_hz
    edge = np.minimum(1, np.minimum(time_s, each_s - time_s) / 0.01)
    return _whole(
        np.concatenate([_LEVEL * edge * np.sin(2 * math.pi * tone * time_s) for tone in tones_hz])
    )


def _whole(sound: Number) -> Samples:
    return np.asarray(np.clip(sound, -1, 1) * 32767, dtype=np.int16)


def write_wav(path: Path, samples: Samples, rate_hz: int) -> None:
    """PCM, 16 bit, one channel; the comment inside says that nobody made this sound."""
    data = samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    comment = _chunk(b"ICMT", b"synthetic\0")
    body = _chunk(b"fmt ", form) + _chunk(b"LIST", b"INFO" + comment) + _chunk(b"data", data)
    path.write_bytes(_chunk(b"RIFF", b"WAVE" + body))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
