"""Sound from a file, block by block: WAV of any form, FLAC, MP3; never more than a block in memory.

What a file is, its first bytes say; a list of addresses that calls itself sound is not followed.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer

from app.domain.failures import Code, Rejected
from media.auscultation.wav import WavForm, form_and_missing

Channels = npt.NDArray[np.int16]  # a row for each channel

RATE_LEAST_HZ, RATE_MOST_HZ = 500, 192_000
CHANNELS_MOST = 8
BLOCK_S = 0.5


@dataclass(frozen=True, slots=True)
class SoundForm:
    rate_hz: int
    channels: int


class SoundFile:
    """Opened by `with`. Rejected says by its code why a file is not read."""

    def __init__(self, path: Path) -> None:
        self._file = _opened(path)
        try:
            kind = _format_of(self._file)
            self._header, self._missing_bytes = _told_by(self._file, kind)
            container = av.open(self._file, "r", format=kind, metadata_errors="replace")
            assert isinstance(container, InputContainer)
            self._container = container
        except (av.error.FFmpegError, ValueError) as error:
            self._file.close()
            raise Rejected(Code.MALFORMED) from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        try:
            self.form = _form_of(self._container)
            if self._header is not None and self._header.contradicts_itself:
                raise Rejected(Code.MALFORMED)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_cut_short(self) -> bool:
        """A WAV whose header promises more sound than there is."""
        return self._missing_bytes > 0

    def close(self) -> None:
        self._container.close()
        self._file.close()

    def blocks(self) -> Iterator[Channels]:
        """16 bit; finer samples are rounded. Rejected(MALFORMED) where it breaks off."""
        waiting: list[Channels] = []
        for block in self._frames():
            waiting.append(block)
            if sum(part.shape[1] for part in waiting) >= BLOCK_S * self.form.rate_hz:
                yield np.concatenate(waiting, axis=1)
                waiting = []
        if waiting:
            yield np.concatenate(waiting, axis=1)

    def _frames(self) -> Iterator[Channels]:
        as_16_bit = av.AudioResampler(format="s16p")
        try:
            for frame in self._container.decode(audio=0):
                is_same = frame.sample_rate == self.form.rate_hz
                if not is_same or frame.layout.nb_channels != self.form.channels:
                    raise Rejected(Code.MALFORMED)
                for made in as_16_bit.resample(frame):
                    yield made.to_ndarray().astype(np.int16, copy=False)
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise Rejected(Code.MALFORMED) from error


def _opened(path: Path) -> BinaryIO:
    try:
        seen = os.stat(path)
        if not stat.S_ISREG(seen.st_mode):  # a pipe would be waited for, a device has no end
            raise Rejected(Code.FILE_UNREADABLE)
        if seen.st_size == 0:
            raise Rejected(Code.INCOMPLETE)
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise Rejected(Code.FILE_UNREADABLE) from error


def _format_of(file: BinaryIO) -> str:
    begin = file.read(12)
    file.seek(0)
    if begin[:4] in (b"RIFF", b"RF64") and begin[8:12] == b"WAVE":
        return "wav"
    if begin[:4] == b"fLaC":
        return "flac"
    if begin[:3] == b"ID3" or (len(begin) > 1 and begin[0] == 0xFF and begin[1] & 0xE0 == 0xE0):
        return "mp3"
    raise Rejected(Code.FILE_KIND_UNKNOWN)


def _told_by(file: BinaryIO, kind: str) -> tuple[WavForm | None, int]:
    """A WAV's own words, which the decoder does not weigh; the file stands at its begin again."""
    if kind != "wav":
        return None, 0
    told = form_and_missing(file, os.fstat(file.fileno()).st_size)
    file.seek(0)
    return told


def _form_of(container: av.container.InputContainer) -> SoundForm:
    if not container.streams.audio:
        raise Rejected(Code.MALFORMED)
    stream = container.streams.audio[0]
    try:
        form = SoundForm(stream.rate or 0, stream.channels or 0)
    except AttributeError as error:  # a coding that nobody here knows
        raise Rejected(Code.MALFORMED) from error
    if not RATE_LEAST_HZ <= form.rate_hz <= RATE_MOST_HZ:
        raise Rejected(Code.OUT_OF_RANGE)
    if not 1 <= form.channels <= CHANNELS_MOST:
        raise Rejected(Code.MALFORMED)
    return form
