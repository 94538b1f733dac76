"""Heart sounds of a known rate that nobody's heart ever made, a seed for each.

Beats, murmurs, breath, noise, knocks and dropouts. Shares no code with what judges them: neither
imports the other. The rate that is told is the mean over all intervals that were laid out.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float64]
Chance = np.random.Generator

RATES_HZ = (1000, 2000, 4000, 4000, 8000, 44_100)  # most instruments give 4 kHz
SLOWEST, FASTEST = 40.0, 180.0  # beats per minute
FULL_SCALE = 32_767.0
NOISE_TO_HZ = 1000.0  # noise is counted where body sounds are, so that a wide one is no easier


@dataclass(frozen=True, slots=True)
class HeartSound:
    samples: npt.NDArray[np.int16]
    rate_hz: int
    beats_per_minute: float
    told: str  # what it is made of, for a list of failures


@dataclass(frozen=True, slots=True)
class Knock:
    """One sound of a heart: how a burst of a sinking tone swells and fades."""

    tone_hz: float
    sinks: float  # by which share the tone falls
    long_s: float
    split_s: float  # between its two parts; 0 when there is one
    level: float


@dataclass(frozen=True, slots=True)
class Murmur:
    from_share: float  # of the time between the sounds that it stands between
    to_share: float
    middle_hz: float
    level: float
    is_diastolic: bool


@dataclass(slots=True)
class Heart:
    """What stays the same over one recording."""

    beats_per_minute: float
    systole_s: float
    first: Knock
    second: Knock
    further: list[tuple[float, Knock]] = field(default_factory=list)  # s after the second sound
    murmur: Murmur | None = None
    unevenness: float = 0.0  # of intervals, as a share
    breath_swing: float = 0.0
    level_swing: float = 0.0


def heart_sound(seed: int, seconds: float | None = None) -> HeartSound:
    chance = np.random.default_rng([seed, 4711])
    rate_hz = int(chance.choice(RATES_HZ))
    long_s = seconds or float(chance.uniform(10, 30))
    heart = _heart(chance)
    breaths_hz = float(chance.uniform(0.15, 0.5))
    beats_s = _beats(chance, heart, breaths_hz, long_s)
    sound = _beating(chance, heart, beats_s, breaths_hz, round(long_s * rate_hz), rate_hz)
    heard_power = float(np.mean(sound**2))
    told = [f"{heart.beats_per_minute:.0f}/min, systole {heart.systole_s:.2f} s"]
    if heart.murmur is not None:
        told.append("diastolic murmur" if heart.murmur.is_diastolic else "systolic murmur")
    for add in (_breathe, _add_noise, _knock_about, _drop_out):
        told += add(chance, sound, rate_hz, heard_power, breaths_hz)
    loudest = float(np.abs(sound).max()) or 1.0
    level = float(chance.uniform(0.05, 0.9))
    samples = np.round(sound / loudest * level * FULL_SCALE).astype(np.int16)
    truth = 60.0 / float(np.mean(np.diff(beats_s)))
    return HeartSound(samples, rate_hz, truth, f"seed {seed}: " + ", ".join(told))


def sound_without_heart(seed: int, seconds: float | None = None) -> HeartSound:
    """The instrument on a table, a sleeve or a chest whose heart is not heard: rate 0."""
    chance = np.random.default_rng([seed, 4712])
    rate_hz = int(chance.choice(RATES_HZ))
    long_s = seconds or float(chance.uniform(10, 30))
    sound = np.zeros(round(long_s * rate_hz))
    power, breaths_hz = 1.0, float(chance.uniform(0.15, 0.5))
    told = ["no heart"]
    told += _add_noise(
        chance, sound, rate_hz, power * 10 ** float(chance.uniform(-2, 1)), breaths_hz
    )
    for add in (_breathe, _knock_about, _drop_out):
        told += add(chance, sound, rate_hz, power, breaths_hz)
    loudest = float(np.abs(sound).max()) or 1.0
    samples = np.round(sound / loudest * float(chance.uniform(0.02, 0.9)) * FULL_SCALE)
    return HeartSound(samples.astype(np.int16), rate_hz, 0.0, f"seed {seed}: " + ", ".join(told))


# --- a heart -------------------------------------------------------------------------------------


def _heart(chance: Chance) -> Heart:
    rate = float(chance.uniform(SLOWEST, FASTEST))
    interval_s = 60 / rate
    first = _knock(chance, (28, 60), (0.09, 0.15), 1.0)
    second = _second_of(chance, first)
    heart = Heart(rate, _systole_s(chance, interval_s), first, second)
    heart.unevenness = float(chance.choice([0.003, 0.01, 0.02, 0.03]))
    heart.breath_swing = float(chance.choice([0.0, 0.01, 0.03, 0.05, 0.08]))
    heart.level_swing = float(chance.uniform(0, 0.35))
    diastole_s = interval_s - heart.systole_s
    if chance.random() < 0.15 and diastole_s > 0.3:
        third = _knock(chance, (22, 45), (0.06, 0.1), float(chance.uniform(0.1, 0.4)))
        heart.further.append((min(0.15, diastole_s / 2), third))
    if chance.random() < 0.15 and diastole_s > 0.3:
        fourth = _knock(chance, (22, 45), (0.06, 0.1), float(chance.uniform(0.1, 0.4)))
        heart.further.append((diastole_s - 0.11, fourth))
    if chance.random() < 0.45:
        heart.murmur = _murmur(chance)
    return heart


def _second_of(chance: Chance, first: Knock) -> Knock:
    """Shorter and higher than the first; one in eight is like it, through a poor instrument."""
    if chance.random() < 0.125:
        return replace(first, level=float(chance.uniform(0.75, 1.1)))
    return _knock(chance, (40, 90), (0.06, 0.11), float(2 ** chance.uniform(-2.2, 1.3)))


def _systole_s(chance: Chance, interval_s: float) -> float:
    """Shorter when the heart is fast, by a straight line as in people, or in a rougher way."""
    way = chance.random()
    if way < 0.7:
        long_s = (0.546 - 0.0021 * 60 / interval_s) * float(chance.uniform(0.85, 1.15))
    elif way < 0.85:
        long_s = float(chance.uniform(0.27, 0.33))
    else:
        long_s = float(chance.uniform(0.32, 0.42)) * interval_s
    return float(min(long_s, 0.55 * interval_s))


def _knock(
    chance: Chance, tones_hz: tuple[float, float], longs_s: tuple[float, float], level: float
) -> Knock:
    return Knock(
        tone_hz=float(chance.uniform(*tones_hz)),
        sinks=float(chance.uniform(0, 0.35)),
        long_s=float(chance.uniform(*longs_s)),
        split_s=float(chance.uniform(0.015, 0.05)) if chance.random() < 0.4 else 0.0,
        level=level,
    )


def _murmur(chance: Chance) -> Murmur:
    begins = float(chance.uniform(0, 0.4))
    return Murmur(
        from_share=begins,
        to_share=float(chance.uniform(begins + 0.3, 1.0)),
        middle_hz=float(chance.uniform(80, 350)),
        level=float(2 ** chance.uniform(-4.5, -0.7)),
        is_diastolic=chance.random() < 0.35,
    )


def _beats(chance: Chance, heart: Heart, breaths_hz: float, long_s: float) -> list[float]:
    """When the first sounds begin; the first of them before the recording does."""
    beats_s = [-float(chance.uniform(0, 1)) * 60 / heart.beats_per_minute]
    wander = 0.0
    while beats_s[-1] < long_s:
        wander = 0.9 * wander + float(chance.normal(0, heart.unevenness / 2))
        swing = heart.breath_swing * np.sin(2 * np.pi * breaths_hz * beats_s[-1])
        share = 1 + wander + swing + float(chance.normal(0, heart.unevenness / 2))
        beats_s.append(beats_s[-1] + 60 / heart.beats_per_minute * float(np.clip(share, 0.7, 1.4)))
    return beats_s


def _beating(
    chance: Chance,
    heart: Heart,
    beats_s: list[float],
    breaths_hz: float,
    count: int,
    rate_hz: int,
) -> Sound:
    sound = np.zeros(count)
    for begin_s, next_s in zip(beats_s, [*beats_s[1:], beats_s[-1] + 1], strict=True):
        swell = 1 + heart.level_swing * np.sin(2 * np.pi * breaths_hz * begin_s + 1)
        level = float(swell * np.exp(chance.normal(0, 0.08)))
        # A short interval shortens its systole, but less than itself.
        usual_s = 60 / heart.beats_per_minute
        systole_s = heart.systole_s * (1 + 0.4 * ((next_s - begin_s) / usual_s - 1))
        second_s = begin_s + systole_s + float(chance.normal(0, 0.004))
        _add_knock(chance, sound, rate_hz, begin_s, heart.first, level)
        _add_knock(chance, sound, rate_hz, second_s, heart.second, level)
        for after_s, knock in heart.further:
            _add_knock(chance, sound, rate_hz, second_s + after_s, knock, level)
        if heart.murmur is not None:
            between = (second_s, next_s) if heart.murmur.is_diastolic else (begin_s, second_s)
            _add_murmur(chance, sound, rate_hz, between, heart.murmur, level)
    return sound


def _add_knock(
    chance: Chance, sound: Sound, rate_hz: int, at_s: float, knock: Knock, level: float
) -> None:
    times_s = np.arange(round(knock.long_s * rate_hz)) / rate_hz
    swell = np.sin(np.pi * times_s / knock.long_s) * np.exp(-3 * times_s / knock.long_s)
    sinking = 1 - 0.5 * knock.sinks * times_s / knock.long_s
    tone_hz = knock.tone_hz * (1 + float(chance.normal(0, 0.02)))
    burst = 2.5 * level * knock.level * swell * np.sin(2 * np.pi * tone_hz * sinking * times_s)
    _lay(sound, round(at_s * rate_hz), burst)
    if knock.split_s:
        _lay(sound, round((at_s + knock.split_s) * rate_hz), 0.7 * burst)


def _add_murmur(
    chance: Chance,
    sound: Sound,
    rate_hz: int,
    between_s: tuple[float, float],
    murmur: Murmur,
    level: float,
) -> None:
    long_s = between_s[1] - between_s[0]
    count = round((murmur.to_share - murmur.from_share) * long_s * rate_hz)
    if count < 8:
        return
    hiss = _shaped(chance, count, rate_hz, murmur.middle_hz / 1.6, murmur.middle_hz * 1.6)
    swell = np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 0.7
    begins = round((between_s[0] + murmur.from_share * long_s) * rate_hz)
    _lay(sound, begins, level * murmur.level * 0.6 * swell * hiss)


# --- what is heard besides -----------------------------------------------------------------------


def _breathe(
    chance: Chance, sound: Sound, rate_hz: int, heard_power: float, breaths_hz: float
) -> list[str]:
    if chance.random() < 0.4:
        return []
    times_s = np.arange(len(sound)) / rate_hz
    turn = (times_s * breaths_hz + chance.random()) % 1
    inward = np.clip(np.sin(2 * np.pi * turn), 0, None)
    outward = 0.6 * np.clip(np.sin(2 * np.pi * (turn - 0.5) / 0.8), 0, None) * (turn > 0.5)
    hiss = _shaped(chance, len(sound), rate_hz, 90, float(chance.uniform(300, 900)))
    breath = (inward + outward) * hiss
    decibels = float(chance.uniform(-20, 3))
    sound += breath * np.sqrt(heard_power * 10 ** (decibels / 10) / np.mean(breath**2))
    return [f"breath {decibels:.0f} dB"]


def _add_noise(
    chance: Chance, sound: Sound, rate_hz: int, heard_power: float, breaths_hz: float
) -> list[str]:
    """0 to 20 dB below the heart, counted up to 1 kHz: white, pink, or a room with a hum."""
    kind = str(chance.choice(["white", "pink", "room"]))
    noise = _coloured(chance, len(sound), rate_hz, 0.0 if kind == "white" else 1.0)
    noise /= np.sqrt(np.mean(_below(noise, rate_hz, NOISE_TO_HZ) ** 2))
    if kind == "room":
        hum_hz = float(chance.choice([50, 60]))
        noise += 0.7 * np.sin(2 * np.pi * hum_hz * np.arange(len(sound)) / rate_hz)
        noise /= np.sqrt(np.mean(_below(noise, rate_hz, NOISE_TO_HZ) ** 2))
    decibels = float(chance.uniform(0, 20))
    sound += noise * np.sqrt(heard_power / 10 ** (decibels / 10))
    return [f"{kind} noise, SNR {decibels:.0f} dB"]


def _knock_about(
    chance: Chance, sound: Sound, rate_hz: int, heard_power: float, breaths_hz: float
) -> list[str]:
    """The head of the instrument is moved or rubbed."""
    if chance.random() < 0.65:
        return []
    count = int(chance.integers(1, 5))
    for _ in range(count):
        long = round(float(chance.uniform(0.01, 0.3)) * rate_hz)
        rub = _shaped(chance, long, rate_hz, 20, 600) * np.hanning(long)
        level = float(chance.uniform(1, 6)) * np.sqrt(heard_power)
        _lay(sound, int(chance.integers(0, len(sound))), level * rub)
    return [f"{count} knocks"]


def _drop_out(
    chance: Chance, sound: Sound, rate_hz: int, heard_power: float, breaths_hz: float
) -> list[str]:
    if chance.random() < 0.6:
        return []
    count = int(chance.integers(1, 5))
    lost = 0
    for _ in range(count):
        long = round(float(chance.uniform(0.05, 1.2)) * rate_hz)
        begins = int(chance.integers(0, max(1, len(sound) - long)))
        sound[begins : begins + long] = 0.0
        lost += long
    return [f"{count} dropouts, {lost / rate_hz:.1f} s"]


# --- noise and places ----------------------------------------------------------------------------


def _lay(sound: Sound, begins: int, part: Sound) -> None:
    """Where both are."""
    first, last = max(0, begins), min(len(sound), begins + len(part))
    if first < last:
        sound[first:last] += part[first - begins : last - begins]


def _shaped(chance: Chance, count: int, rate_hz: int, from_hz: float, to_hz: float) -> Sound:
    """Noise of one band, of power 1."""
    lines = np.fft.rfft(chance.normal(0, 1, count))
    places_hz = np.fft.rfftfreq(count, 1 / rate_hz)
    width = 0.2 * from_hz
    lines /= 1 + np.exp(np.clip((from_hz - places_hz) / width, -50, 50))
    lines /= 1 + np.exp(np.clip((places_hz - to_hz) / (2 * width), -50, 50))
    noise = np.fft.irfft(lines, count)
    return np.asarray(noise / (np.sqrt(np.mean(noise**2)) + 1e-12))


def _coloured(chance: Chance, count: int, rate_hz: int, falls: float) -> Sound:
    """Power falls with the frequency to this power, from 10 Hz on."""
    lines = np.fft.rfft(chance.normal(0, 1, count))
    places_hz = np.fft.rfftfreq(count, 1 / rate_hz)
    lines /= np.maximum(places_hz, 10.0) ** (falls / 2)
    return np.asarray(np.fft.irfft(lines, count))


def _below(sound: Sound, rate_hz: int, to_hz: float) -> Sound:
    lines = np.fft.rfft(sound)
    lines[np.fft.rfftfreq(len(sound), 1 / rate_hz) > to_hz] = 0
    return np.asarray(np.fft.irfft(lines, len(sound)))
