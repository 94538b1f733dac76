"""PESQ-WB and STOI by the packages of the dependency group `bench`; needed for measuring only."""

import numpy as np
from pesq import NoUtterancesError, pesq
from pystoi import stoi

from bench.call.speech_score import RATE_HZ, Sound

WORST_PESQ = 1.0
SILENT = 1e-4


def judge(said: Sound, heard: Sound) -> tuple[float, float]:
    """The worst there is where nothing was heard that could be speech."""
    if not np.any(np.abs(heard) > SILENT):
        return WORST_PESQ, 0.0
    clearness = float(stoi(said, heard, RATE_HZ))
    try:
        return float(pesq(RATE_HZ, said, heard, "wb")), clearness
    except NoUtterancesError:
        return WORST_PESQ, clearness
