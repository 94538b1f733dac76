"""Recorded speakers from Debian's asterisk-core-sounds-*-g722 (16 kHz, CC BY-SA), at 48 kHz."""

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000
FOLDERS = {
    "en": Path("/usr/share/asterisk/sounds/en_US_f_Allison"),
    "es": Path("/usr/share/asterisk/sounds/es_MX_f_Allison"),
    "fr": Path("/usr/share/asterisk/sounds/fr_CA_f_June"),
}
LEAST_BYTES = 24_000  # three seconds: sentences, not single words

Sound = npt.NDArray[np.float64]  # one channel, 16 bit full scale


def recorded(language: str, seconds: float) -> Sound | None:
    """Sentences in a row; None when the package is not installed or has not so much."""
    files = sorted(FOLDERS[language].rglob("*.g722"))
    parts: list[Sound] = []
    for path in files:
        if path.stat().st_size >= LEAST_BYTES:
            parts.append(_read(path))
        if sum(map(len, parts)) >= seconds * RATE_HZ:
            return np.concatenate(parts)[: round(seconds * RATE_HZ)]
    return None


def _read(path: Path) -> Sound:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with av.open(str(path), format="g722") as file:
        frames = [
            made.to_ndarray().reshape(-1)
            for frame in file.decode(audio=0)
            for made in resampler.resample(frame)
        ]
    return np.concatenate(frames).astype(np.float64)
