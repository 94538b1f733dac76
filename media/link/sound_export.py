"""Asks for a recording to be written where a person said, in a process of its own.

The codecs and DICOM's library are loaded there and not in the screen's process. What is asked,
the sound and the patient's identity cross in sealed memory: no argument, environment or file.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import date

from app.domain.changes import Json
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import PatientId
from app.domain.patients import Patient
from app.domain.sound_export import ExportForm, SavedSound, SoundExport
from media.link.child_process import command_of, passed_on_environment, wait_for_end
from media.link.sealed_memory import new_sealed
from media.link.typed_words import TypedWords

PROGRAM = "media.auscultation.export_process"
LIMIT_S = 60.0  # ten minutes of sound take two; a network drive may take its time
ANSWER_MOST_BYTES = 4096  # less than a pipe holds: nobody has to read while it works


@dataclass(frozen=True, slots=True)
class Whose:
    """The patient as words that travel; `born` in ISO 8601, or empty."""

    id: PatientId
    family_name: str
    given_name: str
    title: str
    sex: str
    born: str
    record_number: str

    @property
    def patient(self) -> Patient:
        try:
            born = date.fromisoformat(self.born) if self.born else None
        except ValueError as error:
            raise Rejected(Code.MALFORMED, "born") from error
        names = (self.family_name, self.given_name)
        return Patient(self.id, *names, born, self.record_number, self.title, self.sex)


@dataclass(frozen=True, slots=True)
class ExportAsked:
    form: ExportForm
    path: str
    sound: SoundExport
    whose: Whose


@dataclass(frozen=True, slots=True)
class ExportRefused:
    code: Code


WORDS = TypedWords({"export": ExportAsked, "saved": SavedSound, "refused": ExportRefused})


async def export_sound(
    wav: bytes, form: ExportForm, path: str, sound: SoundExport, patient: Patient
) -> SavedSound:
    """`wav` as kept. Rejected with why it was not saved; Unavailable when nobody answered."""
    asked = ExportAsked(form, path, sound, whose(patient))
    said = json.dumps(WORDS.word(asked)).encode()
    descriptors = [new_sealed(said, "export")]
    try:
        descriptors.append(new_sealed(wav, "recording"))
        reading, writing = os.pipe()
        descriptors.append(writing)
        try:
            answer = await _answer_of(descriptors, reading)
        finally:
            os.close(reading)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    if isinstance(answer, ExportRefused):
        raise Rejected(answer.code, "export")
    return answer


def whose(patient: Patient) -> Whose:
    return Whose(
        patient.id,
        patient.family_name,
        patient.given_name,
        patient.title,
        patient.sex,
        patient.born.isoformat() if patient.born else "",
        patient.record_number,
    )


async def _answer_of(descriptors: list[int], reading: int) -> SavedSound | ExportRefused:
    process = _started(descriptors)
    try:
        await wait_for_end(process, LIMIT_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    os.set_blocking(reading, False)
    try:
        said: Json = json.loads(os.read(reading, ANSWER_MOST_BYTES))
    except (BlockingIOError, ValueError) as error:  # it ended without a word, or was ended
        raise Unavailable(Code.FILE_NOT_SAVED, "export process") from error
    answer = WORDS.said(said) if isinstance(said, dict) else None
    if not isinstance(answer, SavedSound | ExportRefused):
        raise Unavailable(Code.FILE_NOT_SAVED, "export process")
    return answer


def _started(descriptors: list[int]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command_of(PROGRAM, *(str(descriptor) for descriptor in descriptors)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=passed_on_environment(),
            pass_fds=descriptors,
        )
    except OSError as error:
        raise Unavailable(Code.FILE_NOT_SAVED, "export process") from error
