"""Echo control measured: `python -m bench.echo`, or `echo_rows()` from another benchmark.

Recorded speech at both ends, synthetic rooms: echo alone, then a voice of the same level beside it.
What is judged is what would be sent, whole, against what was spoken.
"""

import time
from dataclasses import dataclass, field

import numpy as np

from bench.echo_rooms import ROOMS, EchoRoom
from bench.recorded_speech import RATE_HZ, Sound, recorded
from bench.rows import Row, not_measured, rounded, spread_of
from media.audio.speech_cleaner import WHY_NOT, SpeechCleaner

try:
    from pesq import pesq
except ImportError:
    pesq = None

BLOCK = 480
SPEAKS_FROM_S, UNTIL_S = 12.0, 22.0
JUDGED_FROM_S = 8.0  # of the echo alone: the way has been learned
NEAR_FROM_S = 0.5  # of the near voice
NOISE = 3.0  # of 32 768: a quiet room
SEEDS = (1, 2, 3)
LOWEST = 1e-3
NOTE = "synthetic: recorded speech (en far, es near, equal level), echo 60 ms late; gain not used"


@dataclass(slots=True)
class Measured:
    """Of one room, a value for each seed."""

    suppressed_db: list[float] = field(default_factory=list)
    weakened_db: list[float] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)
    block_ms: list[float] = field(default_factory=list)


def echo_rows() -> list[Row]:
    """A row for each room and measure; without value where something needed is not installed."""
    far, near = recorded("en", UNTIL_S), recorded("es", UNTIL_S)
    reason = f"livekit: {WHY_NOT}" if WHY_NOT else ""
    if far is None or near is None:
        reason = "asterisk-core-sounds-en-g722 and -es-g722 are not installed"
    rows: list[Row] = []
    for room in ROOMS:
        found = Measured()
        if not reason and far is not None and near is not None:
            for seed in SEEDS:
                measure(room, far, near, seed, found)
        rows += _rows(room.name, found, reason)
    return rows


def measure(room: EchoRoom, far: Sound, near: Sound, seed: int, found: Measured) -> None:
    echo = room.echo_of(far, seed)
    noise = np.random.default_rng(100 + seed).normal(0, NOISE, len(far))
    begins = round(SPEAKS_FROM_S * RATE_HZ)
    near = near * np.sqrt((echo**2).mean() / (near**2).mean())
    near[:begins] = 0
    started = time.process_time()
    alone = cleaned(far, echo + noise)
    found.block_ms.append((time.process_time() - started) * 1000 / (len(far) / BLOCK))
    both, without = cleaned(far, echo + near + noise), cleaned(0 * far, near + noise)
    judged = slice(round(JUDGED_FROM_S * RATE_HZ), len(alone))
    found.suppressed_db.append(decibels(echo[judged], alone[judged]))
    part = slice(begins + round(NEAR_FROM_S * RATE_HZ), len(both))
    found.weakened_db.append(
        kept_db(near[part], without[part]) - kept_db(near[part], both[part]),
    )
    if pesq is not None:
        found.quality.append(judged_quality(near[part], both[part]))


def cleaned(far: Sound, heard: Sound) -> Sound:
    cleaner, made = SpeechCleaner(), []
    for start in range(0, len(heard) - BLOCK + 1, BLOCK):
        blocks = [sound[start : start + BLOCK].round().astype(np.int16) for sound in (far, heard)]
        made.append(cleaner.clean(blocks[0], blocks[1]))
    return np.concatenate(made).astype(np.float64)


def decibels(one: Sound, other: Sound) -> float:
    return float(10 * np.log10((one**2).mean() / max((other**2).mean(), LOWEST)))


def kept_db(spoken: Sound, sent: Sound) -> float:
    """How much of the spoken is in the sent: the part of each frequency that goes with it."""
    late = shift_of(spoken, sent)
    sent, window, size = sent[late:], np.hanning(960), 960
    starts = range(0, min(len(spoken), len(sent)) - size, size // 2)
    first = np.array([np.fft.rfft(window * spoken[start : start + size]) for start in starts])
    second = np.array([np.fft.rfft(window * sent[start : start + size]) for start in starts])
    power = (np.abs(first) ** 2).sum(0)
    gain = (second * np.conj(first)).sum(0).real / (power + LOWEST)
    return float(10 * np.log10((gain**2 * power).sum() / power.sum()))


def shift_of(spoken: Sound, sent: Sound) -> int:
    """By how many samples it comes later, up to 100 ms."""
    size = 1 << (len(spoken) + len(sent)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(sent, size) * np.conj(np.fft.rfft(spoken, size)), size)
    return int(np.argmax(likeness[: RATE_HZ // 10]))


def judged_quality(spoken: Sound, sent: Sound) -> float:
    """PESQ-WB (ITU-T P.862.2)."""
    late = shift_of(spoken, sent)
    length = min(len(spoken), len(sent) - late)
    return float(pesq(16_000, _third(spoken[:length]), _third(sent[late : late + length]), "wb"))


def _third(sound: Sound) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """At a third of the rate."""
    whole = np.fft.rfft(sound)
    thin = np.fft.irfft(whole[: len(sound) // 6 + 1], len(sound) // 3) / 3
    return np.clip(thin, -32_768, 32_767).astype(np.int16)


def _rows(room: str, found: Measured, reason: str) -> list[Row]:
    wanted = (
        ("echo suppressed, far side alone", "dB", found.suppressed_db, ">= 35.0", 0),
        ("near voice weakened, both speak", "dB", found.weakened_db, "<= 3.0", -1),
        ("near voice PESQ-WB, both speak", "MOS", found.quality, ">= 2.8", 0),
        ("processor time for 10 ms", "ms", found.block_ms, "<= 0.3", -1),
    )
    rows = []
    for name, unit, values, goal, worst in wanted:
        measure_name = f"echo, {room}: {name}"
        if values:
            value = rounded(sorted(values)[worst])
            note = f"worst of {len(values)} rooms of this kind; {NOTE}"
            rows.append(Row(measure_name, unit, value, len(values), spread_of(values), note, goal))
        else:
            rows.append(not_measured(measure_name, unit, goal, reason or "pesq is not installed"))
    return rows


if __name__ == "__main__":
    for row in echo_rows():
        print(row.told())
