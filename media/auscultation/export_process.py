"""`python -m media.auscultation.export_process ASKED SOUND ANSWER`: one recording goes out.

Three descriptors of its starter (media/link/sound_export.py): two of sealed memory, a pipe. Writes
one file where a person said, mode 0600, whole or not at all, and reads it again.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

from app.domain.failures import Code, Failure, Rejected
from app.domain.sound_export import ExportForm, SavedSound
from media.auscultation.dicom_sound import dicom_of
from media.auscultation.flac import flac_of
from media.auscultation.wav import samples_of
from media.auscultation.written_file import write_whole
from media.link.sealed_memory import contents
from media.link.sound_export import WORDS, ExportAsked, ExportRefused

MOST_BYTES = 256 * 1024 * 1024


def saved(asked: ExportAsked, wav: bytes) -> SavedSound:
    """Rejected with why it was not."""
    file, is_same_samples = _file_of(asked, wav)
    write_whole(Path(asked.path), file)
    digest = hashlib.sha256(file).hexdigest()
    return SavedSound(asked.form, digest, len(file), is_same_samples)


def _file_of(asked: ExportAsked, wav: bytes) -> tuple[bytes, bool]:
    samples, rate_hz = samples_of(wav)
    match asked.form:
        case ExportForm.WAV:
            return wav, True
        case ExportForm.FLAC:
            return flac_of(samples, rate_hz), True
        case ExportForm.DICOM:
            made = dicom_of(samples, rate_hz, asked.sound, asked.whose.patient)
            return made.file, made.is_same_samples


def main(arguments: list[str]) -> int:
    asked_at, sound_at, answer_at = (int(argument) for argument in arguments)
    try:
        asked = WORDS.said(json.loads(_held(asked_at)))
        answer = WORDS.word(saved(asked, _held(sound_at)))
        code = 0
    except Failure as failure:
        answer, code = WORDS.word(ExportRefused(failure.code)), 1
    os.write(answer_at, json.dumps(answer).encode())
    return code


def _held(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    if size > MOST_BYTES:
        raise Rejected(Code.TOO_LARGE, "export")
    return contents(descriptor, size)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
