"""Recordings that leave the house: the same samples, whole files, for one person's eyes."""

import hashlib
import io
import os
import shutil
import stat
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pydicom
import pytest

from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, RecordId, VisitId
from app.domain.patients import Patient
from app.domain.sound_export import ExportForm, SavedSound, SoundExport, SoundNote
from media.auscultation import dicom_sound
from media.auscultation.dicom_sound import dicom_of, uid_of
from media.auscultation.export_process import saved
from media.auscultation.flac import flac_of, samples_of_flac
from media.auscultation.wav import wav_of
from media.auscultation.written_file import write_whole
from media.link.sound_export import WORDS, ExportAsked, whose
from media.synthetic import heart_sounds

ANA = Patient(
    PatientId(UUID(int=1)), "Müller", "Ana", date(1970, 2, 3), "MRN-77", title="Mrs", sex="female"
)
SOUND = SoundExport(
    recording=RecordId(UUID(int=11)),
    visit=VisitId(UUID(int=12)),
    number=2,
    recorded_at=datetime(2026, 11, 29, 8, 5, 6, 250_000, UTC),
    site="Apex (mitral)",
    source="Thinklabs One",
    version="0.1.0",
    notes=(SoundNote("S1", 0.5, 0.6), SoundNote("murmur", 1.0, 1.0)),
)
# It may be empty (type 2), and nobody knows when an earlier visit began.
NO_STUDY_TIME = (
    "Warning - Missing attribute or value that would be needed to build DICOMDIR - Study Time"
)
BASIC_VOICE = "1.2.840.10008.5.1.4.1.1.9.4.1"


def sound_of(rate_hz: int, seconds: float = 3.0) -> bytes:
    return heart_sounds(seconds=seconds, rate_hz=rate_hz).astype("<i2").tobytes()


# --- FLAC ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [1000, 2000, 4000, 8000, 11_025, 44_100, 48_000])
def test_flac_holds_every_sample(rate_hz: int) -> None:
    samples = sound_of(rate_hz)
    assert samples_of_flac(flac_of(samples, rate_hz)) == (samples, rate_hz)


@pytest.mark.parametrize("count", [1, 2, 15, 4095, 4096, 4097, 10_000])
def test_flac_holds_any_length_and_the_ends_of_the_scale(count: int) -> None:
    chance = np.random.default_rng(count)
    samples = chance.choice([-32_768, -1, 0, 1, 32_767], count).astype("<i2").tobytes()
    assert samples_of_flac(flac_of(samples, 4000)) == (samples, 4000)


def test_what_is_no_flac_is_refused() -> None:
    flac = flac_of(sound_of(4000), 4000)
    for data in (b"", b"fLaC", flac[:20], bytes(100), wav_of(sound_of(4000), 4000)):
        with pytest.raises(Rejected) as refused:
            samples_of_flac(data)
        assert refused.value.code is Code.MALFORMED


def test_a_coder_that_loses_a_sample_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = sound_of(4000)
    monkeypatch.setattr(
        "media.auscultation.flac.samples_of_flac", lambda flac: (samples[:-2], 4000)
    )
    with pytest.raises(Rejected) as refused:
        flac_of(samples, 4000)
    assert refused.value.code is Code.HASH_MISMATCH


# --- DICOM ---------------------------------------------------------------------------------------


def read(file: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(file))


def test_dicom_is_general_audio_with_the_samples_as_they_were() -> None:
    samples = sound_of(4000)
    made = dicom_of(samples, 4000, SOUND, ANA)
    whole = read(made.file)
    assert made.is_same_samples
    assert whole.file_meta.MediaStorageSOPClassUID == "1.2.840.10008.5.1.4.1.1.9.4.2"
    assert whole.SOPClassUID == whole.file_meta.MediaStorageSOPClassUID
    assert whole.Modality == "AU"
    (group,) = whole.WaveformSequence
    assert group.WaveformData == samples
    assert group.NumberOfWaveformSamples == len(samples) // 2
    assert (group.SamplingFrequency, group.NumberOfWaveformChannels) == (4000, 1)
    assert (group.WaveformBitsAllocated, group.WaveformSampleInterpretation) == (16, "SS")
    assert group.WaveformOriginality == "ORIGINAL"
    (source,) = group.ChannelDefinitionSequence[0].ChannelSourceSequence
    assert (source.CodeValue, source.CodingSchemeDesignator) == ("109114", "DCM")
    assert np.array_equal(whole.waveform_array(0)[:, 0], np.frombuffer(samples, "<i2"))


def test_dicom_says_whose_it_is_and_when() -> None:
    whole = read(dicom_of(sound_of(4000), 4000, SOUND, ANA).file)
    assert str(whole.PatientName) == "Müller^Ana^^Mrs"
    assert (whole.PatientID, whole.PatientBirthDate, whole.PatientSex) == (
        "MRN-77",
        "19700203",
        "F",
    )
    assert (whole.StudyDate, whole.ContentTime) == ("20261129", "080506.250000")
    assert whole.StudyInstanceUID == uid_of(SOUND.visit)
    assert whole.SOPInstanceUID == uid_of(SOUND.recording)
    assert whole.InstanceNumber == 2
    words = [note.UnformattedTextValue for note in whole.WaveformAnnotationSequence]
    assert words == ["Apex (mitral)", "S1", "murmur"]
    stretch, moment = whole.WaveformAnnotationSequence[1:]
    assert (stretch.TemporalRangeType, list(stretch.ReferencedSamplePositions)) == (
        "SEGMENT",
        [2001, 2401],
    )
    assert (moment.TemporalRangeType, moment.ReferencedSamplePositions) == ("POINT", 4001)


def test_the_same_recording_is_the_same_object_again() -> None:
    samples = sound_of(4000)
    assert dicom_of(samples, 4000, SOUND, ANA) == dicom_of(samples, 4000, SOUND, ANA)
    other = read(
        dicom_of(samples, 4000, replace(SOUND, recording=RecordId(UUID(int=13))), ANA).file
    )
    whole = read(dicom_of(samples, 4000, SOUND, ANA).file)
    assert other.SOPInstanceUID != whole.SOPInstanceUID
    assert other.SeriesInstanceUID == whole.SeriesInstanceUID


def test_a_sound_faster_than_the_kind_holds_is_thinned_and_says_so() -> None:
    times_s = np.arange(96_000) / 48_000
    tone = np.round(10_000 * np.sin(2 * np.pi * 150 * times_s)).astype("<i2")
    made = dicom_of(tone.tobytes(), 48_000, SOUND, ANA)
    (group,) = read(made.file).WaveformSequence
    assert not made.is_same_samples
    assert (group.SamplingFrequency, group.WaveformOriginality) == (24_000, "DERIVED")
    held = np.frombuffer(group.WaveformData, "<i2")
    assert group.NumberOfWaveformSamples == len(held) == 48_000
    assert np.abs(held[500:-500] - tone[::2][500:-500]).max() < 30


def test_a_patient_with_little_known_still_makes_a_whole_object() -> None:
    bare = Patient(PatientId(UUID(int=1)), "Solo", "", None, "7")
    whole = read(dicom_of(sound_of(4000), 4000, replace(SOUND, site="", notes=()), bare).file)
    assert str(whole.PatientName) == "Solo"
    assert whole.PatientBirthDate == whole.PatientSex == ""
    assert "WaveformAnnotationSequence" not in whole


def test_two_sounds_of_a_visit_say_the_same_of_their_study_and_series() -> None:
    later = replace(SOUND, recorded_at=SOUND.recorded_at + timedelta(minutes=7), number=3)
    first, second = (read(dicom_of(sound_of(4000), 4000, one, ANA).file) for one in (SOUND, later))
    assert first.ContentTime != second.ContentTime
    shared = [word for word in first.dir() if word.startswith(("Study", "Series", "Patient"))]
    assert {"StudyDate", "StudyTime", "SeriesInstanceUID"} <= set(shared)
    assert [first[word] for word in shared] == [second[word] for word in shared]


def test_words_that_dicom_cannot_hold_do_not_break_it() -> None:
    odd = replace(ANA, family_name="O^Neil=\\\r\n" + "x" * 90, given_name="Ü" * 70)
    sound = replace(SOUND, site="a\\b\n" * 40, source="\x00" * 3, notes=(SoundNote(" ", 0, 1),))
    whole = read(dicom_of(sound_of(4000), 4000, sound, odd).file)
    assert str(whole.PatientName).startswith("O Neil")
    assert len(str(whole.PatientName)) <= 64
    assert len(whole.WaveformAnnotationSequence) == 1
    assert whole.DeviceSerialNumber == "unknown"


@pytest.mark.parametrize(
    ("samples", "patient", "code"),
    [
        (b"", ANA, Code.INCOMPLETE),
        (bytes(8), replace(ANA, record_number="  "), Code.INCOMPLETE),
        (bytes(8), replace(ANA, record_number="9" * 65), Code.OUT_OF_RANGE),
    ],
)
def test_dicom_without_a_sound_or_a_sure_owner_is_refused(
    samples: bytes, patient: Patient, code: Code
) -> None:
    with pytest.raises(Rejected) as refused:
        dicom_of(samples, 4000, SOUND, patient)
    assert refused.value.code is code


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (tools/apt-test.txt)")
    return found


@pytest.mark.parametrize("rate_hz", [1000, 4000, 8000, 48_000])
def test_dcmtk_reads_it(tmp_path: Path, rate_hz: int) -> None:
    dcmdump = program("dcmdump")
    path = tmp_path / "sound.dcm"
    path.write_bytes(dicom_of(sound_of(rate_hz), rate_hz, SOUND, ANA).file)
    done = subprocess.run([dcmdump, path], capture_output=True, text=True, check=True, timeout=30)
    assert done.stderr == ""
    for words in ("GeneralAudioWaveformStorage", "[109114]", "[Müller^Ana^^Mrs]", "[MRN-77]"):
        assert words in done.stdout


@pytest.mark.parametrize("rate_hz", [1000, 4000, 8000, 48_000])
def test_the_checker_of_dicom_finds_no_fault(
    tmp_path: Path, rate_hz: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's dciodvfy does not know this kind of object, and says only that.

    What it knows is Basic Voice, made of the same modules: the same content under that name is
    looked at whole, and nothing may be amiss.
    """
    dciodvfy = program("dciodvfy")
    path = tmp_path / "sound.dcm"

    def complaints() -> list[str]:
        path.write_bytes(dicom_of(sound_of(rate_hz), rate_hz, SOUND, ANA).file)
        done = subprocess.run(
            [dciodvfy, path], capture_output=True, text=True, check=False, timeout=30
        )
        return (done.stdout + done.stderr).strip().splitlines()

    unknown = {"Error - Information Object Not found", "GeneralAudioWaveform"}
    assert set(complaints()) <= unknown | {NO_STUDY_TIME}
    monkeypatch.setattr(dicom_sound, "GeneralAudioWaveformStorage", BASIC_VOICE)
    assert set(complaints()) <= {"BasicVoice", NO_STUDY_TIME}
    monkeypatch.setattr(dicom_sound, "PHONOCARDIOGRAM", ("", "DCM", "Phonocardiogram"))
    assert any(line.startswith("Error") for line in complaints())  # it does look


# --- the file ------------------------------------------------------------------------------------


def test_a_file_is_for_one_person_and_whole_or_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(b"before")
    path.chmod(0o644)
    write_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def full(descriptor: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Rejected) as refused:
        write_whole(path, b"never")
    assert refused.value.code is Code.FILE_NOT_SAVED
    assert str(tmp_path) not in str(refused.value)
    assert path.read_bytes() == b"after"
    assert os.listdir(tmp_path) == ["sound.wav"]


@pytest.mark.parametrize("place", ["no/such/folder/x.wav", ".", "null", "a\0b"])
def test_a_place_that_is_none_is_refused(tmp_path: Path, place: str) -> None:
    path = Path("/dev/null") if place == "null" else tmp_path / place
    with pytest.raises(Rejected) as refused:
        write_whole(path, b"x")
    assert refused.value.code is Code.FILE_NOT_SAVED
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("form", list(ExportForm))
def test_what_was_asked_is_written_and_told(tmp_path: Path, form: ExportForm) -> None:
    samples = sound_of(4000)
    wav = wav_of(samples, 4000)
    path = tmp_path / "sound"
    told = saved(ExportAsked(form, str(path), SOUND, whose(ANA)), wav)
    data = path.read_bytes()
    assert told == SavedSound(form, hashlib.sha256(data).hexdigest(), len(data), True)
    assert (data == wav) is (form is ExportForm.WAV)


def test_a_patient_crosses_to_the_process_as_they_are() -> None:
    for patient in (ANA, replace(ANA, born=None)):
        asked = ExportAsked(ExportForm.DICOM, "x", SOUND, whose(patient))
        assert WORDS.said(WORDS.word(asked)) == asked
        assert asked.whose.patient == patient
    with pytest.raises(Rejected) as refused:
        _ = replace(whose(ANA), born="yesterday").patient
    assert refused.value.code is Code.MALFORMED
