"""A recording as FLAC: the same samples in fewer bytes, proven before it leaves."""

import io

import av
import numpy as np
from av.container import InputContainer

from app.domain.failures import Code, Rejected

FRAME_SAMPLES = 4096


def flac_of(samples: bytes, rate_hz: int) -> bytes:
    """PCM, 16 bit, one channel. Rejected(HASH_MISMATCH) should it not come back as it was."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate_hz, layout="mono")
        stream.format = "s16"
        sound = np.frombuffer(samples, dtype="<i2").reshape(1, -1)
        for start in range(0, sound.shape[1], FRAME_SAMPLES):
            part = np.ascontiguousarray(sound[:, start : start + FRAME_SAMPLES])
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate, frame.pts = rate_hz, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    flac = file.getvalue()
    if samples_of_flac(flac) != (samples, rate_hz):
        raise Rejected(Code.HASH_MISMATCH, "flac")
    return flac


def samples_of_flac(flac: bytes) -> tuple[bytes, int]:
    """(samples, rate); Rejected(MALFORMED) when it is not one channel of 16 bit."""
    parts = []
    try:
        with av.open(io.BytesIO(flac), "r", format="flac") as container:
            assert isinstance(container, InputContainer)
            rate_hz = container.streams.audio[0].rate
            for frame in container.decode(audio=0):
                if frame.format.name != "s16" or frame.layout.nb_channels != 1:
                    raise Rejected(Code.MALFORMED, "flac")
                parts.append(frame.to_ndarray().reshape(-1)[: frame.samples].astype("<i2"))
    except (av.error.FFmpegError, LookupError) as error:
        raise Rejected(Code.MALFORMED, "flac") from error
    if not parts:
        raise Rejected(Code.MALFORMED, "flac")
    return b"".join(part.tobytes() for part in parts), rate_hz
