"""`python -m media.auscultation.analyse FILE`: what is heard in a recording, as one line of JSON.

Reads WAV, FLAC and MP3 of any length with bounded memory. A file that cannot be used gets a
sentence on standard error and exit code 2.
"""

import argparse
import json
import sys
from pathlib import Path

from app.domain.failures import Code, Rejected
from media.auscultation.clipping import ClippingCount
from media.auscultation.heart_rate import HeartRateCount
from media.auscultation.sound_file import RATE_LEAST_HZ, RATE_MOST_HZ, Channels, SoundFile

LONG_S = 600.0
CUT_SHORT = "The file is cut short: its header promises more sound. What is there was analysed."
CLIPPED_SHARE = 1e-5  # of the samples; a single knock in an hour is no clipped recording

SENTENCES = {
    Code.FILE_UNREADABLE: "The file cannot be read: it is not there, not a file, or not for you.",
    Code.INCOMPLETE: "The file is empty: there is no sound in it.",
    Code.FILE_KIND_UNKNOWN: "The file is not a sound: only WAV, FLAC and MP3 are read.",
    Code.MALFORMED: "The file is damaged: its header or its sound makes no sense.",
    Code.OUT_OF_RANGE: (
        "The file's header is wrong or of no use here: "
        f"{RATE_LEAST_HZ} to {RATE_MOST_HZ} samples a second are read."
    ),
}

Answer = dict[str, float | int | bool | None]


class Analysis:
    """Fed with blocks; all channels count for clipping, their mean for the heart."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz = rate_hz
        self._heart = HeartRateCount(rate_hz)
        self._clipping = [ClippingCount(rate_hz) for _ in range(channels)]
        self._samples = 0

    def heard(self, block: Channels) -> None:
        self._samples += block.shape[1]
        for count, channel in zip(self._clipping, block, strict=True):
            count.heard(channel)
        one = block[0] if len(block) == 1 else block.mean(axis=0).astype(block.dtype)
        self._heart.heard(one)

    def answer(self) -> Answer:
        """Rejected(INCOMPLETE) when nothing was heard."""
        if self._samples == 0:
            raise Rejected(Code.INCOMPLETE)
        found = self._heart.estimate()
        share = max(count.share for count in self._clipping)
        return {
            "heart_rate_bpm": round(found.beats_per_minute, 1) if found else None,
            "confidence": round(found.confidence, 3) if found else 0.0,
            "duration": round(self._samples / self._rate_hz, 3),
            "clipping": share >= CLIPPED_SHARE,
            "clipped_share": round(share, 6),
            "sample_rate_hz": self._rate_hz,
            "channels": len(self._clipping),
        }


def analysed(path: Path) -> tuple[Answer, bool]:
    """And whether the file is cut short. Rejected with why it is of no use."""
    with SoundFile(path) as sound:
        analysis = Analysis(sound.form.rate_hz, sound.form.channels)
        for block in sound.blocks():
            analysis.heard(block)
        return analysis.answer(), sound.is_cut_short


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m media.auscultation.analyse",
        description="Heart rate, length and clipping of a recorded body sound, as JSON.",
    )
    parser.add_argument("file", type=Path, help="a WAV, FLAC or MP3 file")
    path = parser.parse_args(arguments).file
    try:
        answer, is_cut_short = analysed(path)
    except Rejected as refused:
        sys.stderr.write(SENTENCES[refused.code] + "\n")
        return 2
    if is_cut_short:
        sys.stderr.write(CUT_SHORT + "\n")
    duration_s = answer["duration"]
    if duration_s is not None and duration_s > LONG_S:
        minutes = round(duration_s / 60)
        sys.stderr.write(
            f"The recording is {minutes} min long: the rate is the middle of it all.\n"
        )
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
