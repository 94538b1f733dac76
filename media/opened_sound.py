"""A kept recording in its slot: checked, judged as a whole, drawn as a whole, ready to be heard.

Pure work on samples, done by whoever may wait for it.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.curve import SoundShape
from app.domain.engine import SoundFault
from app.domain.ids import RecordId
from app.domain.listening import Playing, SoundBand
from media.auscultation.curve_maker import Samples, pairs_of_whole
from media.auscultation.equal_gain import equal_gain
from media.auscultation.filters import Band, bands_for, playback
from media.auscultation.heart_rate import heart_rate
from media.auscultation.overview import Overview
from media.auscultation.slow_playback import LEAST_LOOP_S, Loop, SlowPlayback, Speed
from media.auscultation.sound_faults import faults_of
from media.auscultation.spectrogram import BANDS, COLUMNS_PER_S, Spectrogram
from media.auscultation.wav import samples_of

AROUND_S = 1.0  # beside a piece: what a filter looks at
LARGEST, SMALLEST = 32_767, -32_768


@dataclass(frozen=True, slots=True)
class OpenedSound:
    recording: RecordId
    samples: Samples
    rate_hz: int
    shape: SoundShape
    peak: int
    bands: tuple[SoundBand, ...]
    heart_rate_bpm: float | None
    heart_confidence: float
    faults: tuple[SoundFault, ...]


def opened(recording: RecordId, wav: bytes) -> OpenedSound:
    """Rejected(DEVICE_UNUSABLE) when it is not the WAV of a body sound."""
    data, rate_hz = samples_of(wav)
    samples = np.frombuffer(data, dtype="<i2")
    estimate = heart_rate(samples, rate_hz)
    overview = Overview(rate_hz)
    overview.put(0, data)
    return OpenedSound(
        recording=recording,
        samples=samples,
        rate_hz=rate_hz,
        shape=SoundShape(
            seconds=len(samples) / rate_hz,
            peaks=overview.heights,
            pairs=pairs_of_whole(samples, rate_hz),
            columns=b"".join(Spectrogram(rate_hz).heard(samples)),
            column_bytes=BANDS,
            columns_per_s=COLUMNS_PER_S,
        ),
        peak=int(np.abs(samples.astype(np.int32)).max(initial=0)),
        bands=tuple(SoundBand(str(band)) for band in bands_for(rate_hz)),
        heart_rate_bpm=None if estimate is None else estimate.beats_per_minute,
        heart_confidence=0.0 if estimate is None else estimate.confidence,
        faults=tuple(sorted(faults_of(samples, rate_hz))),
    )


def prepared(sound: OpenedSound, playing: Playing, beside: OpenedSound | None) -> SlowPlayback:
    """What is to be heard of it, from its begin; positions count from `playing.start_s`."""
    rate_hz, samples = sound.rate_hz, sound.samples
    start = max(0, min(round(playing.start_s * rate_hz), len(samples)))
    end = max(start, min(round(playing.end_s * rate_hz), len(samples)))
    piece = samples[start:end]
    if playing.band is not None and Band(playing.band) in bands_for(rate_hz):
        around = round(AROUND_S * rate_hz)
        first = max(0, start - around)
        filtered = playback(samples[first : end + around], rate_hz, Band(playing.band))
        piece = filtered[start - first : end - first]
    piece = _louder(piece, _gain_of(sound, playing, beside))
    slow = SlowPlayback(piece, rate_hz, Speed(playing.speed))
    if playing.is_looped and len(piece) >= LEAST_LOOP_S * rate_hz:
        slow.set_loop(Loop(0.0, len(piece) / rate_hz))
    return slow


def _gain_of(sound: OpenedSound, playing: Playing, beside: OpenedSound | None) -> float:
    if playing.is_level and beside is not None:
        return equal_gain(sound.samples, beside.samples)[2]
    return float(10 ** (playing.gain_db / 20))


def _louder(samples: Samples, gain: float) -> Samples:
    if gain == 1.0:
        return samples
    louder: Samples = np.clip(np.rint(samples * gain), SMALLEST, LARGEST).astype(np.int16)
    return louder
