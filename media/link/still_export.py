"""A still as DICOM, made by a process of its own: the screen's loads neither pydicom nor numpy.

What is said of the patient goes over a socket pair, in no argument and no file.
"""

import asyncio
import os
import socket
import subprocess
from dataclasses import dataclass
from datetime import datetime

from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import RecordId, VisitId
from app.domain.still_export import StillToExport
from app.domain.stills import STILL_MAX_BYTES
from media.link.child_process import command_of, passed_on_environment, wait_for_end
from media.link.local_channel import LocalChannel, Word
from media.link.sealed_memory import contents, new_sealed
from media.link.typed_words import TypedWords

PROGRAM = "media.stills.export_process"
LIMIT_S = 20.0
END_LIMIT_S = 1.0
DICOM_MAX_BYTES = 4 * STILL_MAX_BYTES  # three bytes a pixel, and what a PNG makes smaller


@dataclass(frozen=True, slots=True)
class ExportAsked:
    """One descriptor comes with it: sealed memory with the PNG. `born` is YYYYMMDD or empty."""

    still: RecordId
    visit: VisitId
    number: int
    family_name: str
    given_name: str
    title: str
    record_number: str
    born: str
    sex: str
    width: int
    height: int
    pixels_sha256: str
    taken_at: datetime
    source: str
    coding: str
    mm_per_pixel: float | None
    png_bytes: int


@dataclass(frozen=True, slots=True)
class ExportMade:
    """One descriptor comes with it: sealed memory with the file."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class ExportRefused:
    code: Code


WORDS = TypedWords({"asked": ExportAsked, "made": ExportMade, "refused": ExportRefused})


def asked_of(told: StillToExport, png_bytes: int) -> ExportAsked:
    still, patient, scale = told.still, told.patient, told.drawing.scale
    return ExportAsked(
        still=still.id,
        visit=still.visit,
        number=told.number,
        family_name=patient.family_name,
        given_name=patient.given_name,
        title=patient.title,
        record_number=patient.record_number,
        born="" if patient.born is None else patient.born.strftime("%Y%m%d"),
        sex=patient.sex,
        width=still.width,
        height=still.height,
        pixels_sha256=still.pixels_sha256,
        taken_at=still.taken_at,
        source=still.source,
        coding=still.coding,
        mm_per_pixel=None if scale is None else scale.mm_per_pixel,
        png_bytes=png_bytes,
    )


class StillExporter:
    """Fulfils the port of the same name."""

    async def dicom(self, told: StillToExport, png: bytes) -> bytes:
        """Unavailable(EXPORT_FAILED), or Rejected with what of it cannot go out."""
        ours, theirs = socket.socketpair()
        try:
            process = _start(theirs)
        except OSError as error:
            ours.close()
            raise Unavailable(Code.EXPORT_FAILED, "still") from error
        finally:
            theirs.close()
        try:
            return await _answered(ours, asked_of(told, len(png)), png)
        finally:
            process.kill()
            await wait_for_end(process, END_LIMIT_S)


def _start(theirs: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command_of(PROGRAM, "--channel-fd", str(theirs.fileno())),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=passed_on_environment(),
        pass_fds=(theirs.fileno(),),
    )


async def _answered(ours: socket.socket, asked: ExportAsked, png: bytes) -> bytes:
    answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def heard(word: Word, descriptors: list[int]) -> None:
        try:
            made = _file_of(word, descriptors)
        except Failure as failure:
            if not answer.done():
                answer.set_exception(failure)
            return
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if not answer.done():
            answer.set_result(made)

    def closed(_: Code | None) -> None:
        if not answer.done():
            answer.set_exception(Unavailable(Code.EXPORT_FAILED, "its process ended"))

    channel = LocalChannel(ours, on_word=heard, on_closed=closed)
    memory = new_sealed(png, "still")
    try:
        channel.send(WORDS.word(asked), [memory])
        async with asyncio.timeout(LIMIT_S):
            return await answer
    except TimeoutError as error:
        raise Unavailable(Code.EXPORT_FAILED, "still") from error
    finally:
        os.close(memory)
        channel.close()


def _file_of(word: Word, descriptors: list[int]) -> bytes:
    said = WORDS.said(word)
    if isinstance(said, ExportRefused):
        raise Rejected(said.code, "still")
    is_file = isinstance(said, ExportMade) and len(descriptors) == 1
    if not is_file or not 0 < said.size_bytes <= DICOM_MAX_BYTES:
        raise Unavailable(Code.EXPORT_FAILED, "still")
    return contents(descriptors[0], said.size_bytes)
