"""`python -m media.stills.export_process --channel-fd N`: one still goes out as DICOM.

Started by media/link/still_export.py. The pixels of the PNG are compared with the hash that was
taken of the source: what is not the same goes nowhere.
"""

import argparse
import array
import hashlib
import io
import os
import signal
import socket
import sys

import av

from app.domain.failures import Code, Failure, Rejected, Untrusted
from app.domain.stills import STILL_MAX_BYTES
from app.runtime.process_guard import forbid_core_dumps
from media.link.local_channel import FRAME_MAX_BYTES, HEAD, Word, framed, parsed
from media.link.sealed_memory import contents, new_sealed
from media.link.still_export import WORDS, ExportAsked, ExportMade, ExportRefused
from media.stills.dicom_still import dicom_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channel-fd", type=int, required=True)
    channel = socket.socket(fileno=parser.parse_args().channel_fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    forbid_core_dumps()
    try:
        asked, png = _asked(channel)
        file = dicom_of(pixels_of(png, asked), asked)
    except Failure as failure:
        _tell(channel, WORDS.word(ExportRefused(failure.code)))
        return 1
    _tell(channel, WORDS.word(ExportMade(len(file))), new_sealed(file, "dicom"))
    return 0


def pixels_of(png: bytes, asked: ExportAsked) -> bytes:
    """Rows of red, green, blue; Untrusted(HASH_MISMATCH) when they are not the source's."""
    try:
        with av.open(io.BytesIO(png), "r", format="png_pipe") as file:
            frame = next(file.decode(video=0))
            pixels = frame.to_ndarray(format="rgb24").tobytes()
    except (av.FFmpegError, StopIteration, ValueError) as error:
        raise Rejected(Code.FILE_UNREADABLE, "still") from error
    is_size = (frame.width, frame.height) == (asked.width, asked.height)
    if not is_size or hashlib.sha256(pixels).hexdigest() != asked.pixels_sha256:
        raise Untrusted(Code.HASH_MISMATCH, "still")
    return pixels


def _asked(channel: socket.socket) -> tuple[ExportAsked, bytes]:
    data, descriptors, _, _ = socket.recv_fds(channel, HEAD.size + FRAME_MAX_BYTES, 1)
    while len(data) < HEAD.size or len(data) < HEAD.size + HEAD.unpack_from(data)[0]:
        more = channel.recv(FRAME_MAX_BYTES)
        if not more:
            raise Rejected(Code.MALFORMED, "asked")
        data += more
    asked = WORDS.said(parsed(data[HEAD.size :]))
    if not isinstance(asked, ExportAsked) or len(descriptors) != 1:
        raise Rejected(Code.MALFORMED, "asked")
    if not 0 < asked.png_bytes <= STILL_MAX_BYTES:
        raise Rejected(Code.TOO_LARGE, "still")
    return asked, contents(descriptors[0], asked.png_bytes)


def _tell(channel: socket.socket, word: Word, *descriptors: int) -> None:
    rights = array.array("i", descriptors)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    try:
        channel.sendmsg([framed(word, len(descriptors))], ancillary)
    except OSError:
        os._exit(1)  # nobody is there any more


if __name__ == "__main__":
    sys.exit(main())
