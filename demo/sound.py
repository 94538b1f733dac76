"""A random sequence of tones to prove a voice way with, and heart sounds that say what they are.

Tones and not a recording: whatever codec lies between, which tone followed which can be told.
"""

import random
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from demo.waiting import NotSo

RATE_HZ = 48_000
TONE_S = 0.15
COUNT = 6
# Ratio 1.14 between neighbours; within what any voice codec carries.
ALPHABET_HZ = tuple(round(460 * 1.14**step) for step in range(12))
SYNC_HZ = (2400, 2900)
ROUNDS = 60  # the sequence again and again, with a pause between
PAUSE_S = 0.25
LOUDNESS = 0.35

WINDOW_S, HOP_S = 0.04, 0.01
CLEAR = 0.5  # part of a window's energy that must lie in one tone
QUIET = 1e-4
NEWEST_S = 6.0
SHORTEST_HOPS = 5  # of 15: shorter runs are the borders between two tones

Samples = npt.NDArray[np.float64]


def new_sequence(chance: random.Random) -> tuple[int, ...]:
    """COUNT places in the alphabet, no two neighbours equal."""
    tones: list[int] = []
    while len(tones) < COUNT:
        tone = chance.randrange(len(ALPHABET_HZ))
        if not tones or tones[-1] != tone:
            tones.append(tone)
    return tuple(tones)


def write_sequence(path: Path, sequence: tuple[int, ...], rounds: int = ROUNDS) -> None:
    parts = [_tone(pitch) for pitch in SYNC_HZ]
    parts += [_tone(ALPHABET_HZ[tone]) for tone in sequence]
    parts.append(np.zeros(int(PAUSE_S * RATE_HZ)))
    _write_wav(path, np.tile(np.concatenate(parts), rounds), RATE_HZ)


def sequences_in(raw: Path) -> list[tuple[int, ...]]:
    """Every whole sequence in the newest part of a recording, in the order heard."""
    runs = _runs(_heard(raw))
    start = [len(ALPHABET_HZ), len(ALPHABET_HZ) + 1]
    found = []
    for place in range(len(runs) - COUNT - 1):
        tones = runs[place + 2 : place + 2 + COUNT]
        if runs[place : place + 2] == start and max(tones) < len(ALPHABET_HZ) and min(tones) >= 0:
            found.append(tuple(tones))
    return found


def loudness(raw: Path) -> float:
    """Root mean square of the newest part of a recording, full scale is 1."""
    heard = _heard(raw)
    return float(np.sqrt(np.mean(heard**2))) if heard.size else 0.0


def _heard(raw: Path) -> Samples:
    """16-bit samples; what was heard long ago was looked at before."""
    data = raw.read_bytes()
    whole = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
    return whole[-int(NEWEST_S * RATE_HZ) :].astype(np.float64) / 32768


def _tone(pitch_hz: float) -> Samples:
    moment = np.arange(int(TONE_S * RATE_HZ)) / RATE_HZ
    edge = np.minimum(1.0, np.minimum(moment, TONE_S - moment) / 0.008)
    shaped: Samples = LOUDNESS * edge * np.sin(2 * np.pi * pitch_hz * moment)
    return shaped


def _runs(samples: Samples) -> list[int]:
    """Which tone sounded, one after the other; -1 for silence and noise of some length."""
    found: list[int] = []
    last, length = -1, 0
    for tone in _tones_in(samples):
        if tone == last:
            length += 1
        else:
            last, length = tone, 1
        needed = SHORTEST_HOPS if tone >= 0 else 2 * SHORTEST_HOPS
        if length == needed and (not found or found[-1] != tone):
            found.append(tone)
    return found


def _tones_in(samples: Samples) -> list[int]:
    """The tone of each window; -1 where no single one stands out."""
    window, hop = int(WINDOW_S * RATE_HZ), int(HOP_S * RATE_HZ)
    if len(samples) < window:
        return []
    shape = np.hanning(window)
    parts = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop] * shape
    energy = np.sum(parts**2, axis=1)
    # Padded to twice its length, so that each tone lies near one of the lines.
    lines = [round(pitch * 2 * window / RATE_HZ) for pitch in (*ALPHABET_HZ, *SYNC_HZ)]
    strength = np.abs(np.fft.rfft(parts, 2 * window, axis=1)[:, lines]) ** 2
    best = np.argmax(strength, axis=1)
    # A pure tone in a Hann window puts this much of its energy where its line is.
    share = strength.max(axis=1) / np.maximum(energy * np.sum(shape**2) * 0.5, 1e-12)
    is_clear = (energy > QUIET) & (share > CLEAR)
    return [int(tone) for tone in np.where(is_clear, best, -1)]


def write_heart_sounds(path: Path, seconds: float, rate_hz: int = 4000) -> None:
    """Invented: two short tones for each beat and a soft noise, like nobody's heart."""
    moment = np.arange(int(seconds * rate_hz)) / rate_hz
    chance = np.random.default_rng()
    sound = chance.normal(0, 0.004, moment.size)
    beat_s = chance.uniform(0.75, 0.95)
    for offset_s, pitch_hz, width_s, strength in ((0.0, 48, 0.045, 0.6), (0.31, 66, 0.032, 0.42)):
        phase = (moment - 0.2 - offset_s) % beat_s
        phase = np.where(phase > beat_s / 2, phase - beat_s, phase)
        sound += strength * np.exp(-((phase / width_s) ** 2)) * np.sin(2 * np.pi * pitch_hz * phase)
    _write_wav(path, sound, rate_hz)


def _write_wav(path: Path, sound: Samples, rate_hz: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def check_sequence(raw: Path, sequence: tuple[int, ...]) -> int:
    """How often it was heard; NotSo when not, or when others were heard as often."""
    heard = sequences_in(raw)
    count = heard.count(sequence)
    if count * 2 <= len(heard):
        raise NotSo(f"heard {heard or 'no sequence'}, loudness {loudness(raw):.4f}")
    return count
