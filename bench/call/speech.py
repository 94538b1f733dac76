"""The voice source: recorded speakers of Debian's asterisk-core-sounds, three languages, 30 s.

Recorded at 16 kHz, given at 48 kHz, one channel. It goes round.
"""

import os
import tempfile
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from media.synthetic import write_wav

SOUNDS = Path("/usr/share/asterisk/sounds")
SPEAKERS = ("en_US_f_Allison", "es_MX_f_Allison", "fr_CA_f_June")
SPOKEN = "demo-congrats.g722"
EACH_S = 10
TURN_S, SPOKEN_S = 5, 4  # and a rest in which the last words arrive
RATE_HZ = 48_000
LOUDNESS = 10 ** (-24 / 20)  # of full scale, mean of what is above a tenth of the loudest
PACKAGES = "asterisk-core-sounds-{en,es,fr}-g722"

Samples = npt.NDArray[np.int16]


class NoSpeech(Exception):
    """The Debian packages that carry the recordings are not installed."""


def speech(*, takes_turns: bool = False) -> Samples:
    """30 s, 48 kHz, one channel. `takes_turns`: 4 s are spoken, 6 s listened.

    Two who never stop, by headsets, are taken for echoes of each other by any echo control.
    """
    whole = np.concatenate([_spoken(SOUNDS / speaker / SPOKEN) for speaker in SPEAKERS])
    if takes_turns:
        turns = whole.reshape(-1, 2, TURN_S * RATE_HZ)
        turns[:, 1], turns[:, 0, SPOKEN_S * RATE_HZ :] = 0, 0
    return whole


def speech_file(from_s: float = 0.0, *, takes_turns: bool = False) -> Path:
    """The same as a WAV file, begun there; made on first use."""
    folder = Path(tempfile.gettempdir()) / f"bedside-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"speech-1-{from_s:g}{'-turns-2' if takes_turns else ''}.wav"
    if not path.exists():
        waiting = path.with_suffix(f".{os.getpid()}")
        write_wav(
            waiting, np.roll(speech(takes_turns=takes_turns), -round(from_s * RATE_HZ)), RATE_HZ
        )
        os.replace(waiting, path)
    return path


def _spoken(path: Path) -> Samples:
    if not path.exists():
        raise NoSpeech(f"{path} is missing (Debian: {PACKAGES})")
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    parts: list[Samples] = []
    with av.open(str(path), format="g722") as file:
        for frame in file.decode(audio=0):
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    sound = np.concatenate(parts)[: EACH_S * RATE_HZ].astype(np.float64)
    sound = np.pad(sound, (0, EACH_S * RATE_HZ - len(sound)))
    heard = sound[np.abs(sound) > np.abs(sound).max() / 10]
    sound *= LOUDNESS * 32767 / np.sqrt(np.mean(heard**2))
    return np.clip(sound, -32767, 32767).astype(np.int16)
