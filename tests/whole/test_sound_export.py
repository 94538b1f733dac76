"""A recording leaves the house through a process of its own, and nobody reads along."""

import io
import json
import os
import stat
import subprocess
from pathlib import Path

import pydicom
import pytest

from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.sound_export import ExportForm
from media.auscultation.flac import samples_of_flac
from media.auscultation.wav import samples_of, wav_of
from media.link import sound_export
from media.link.sound_export import export_sound
from tests.unit.media.auscultation.test_sound_export import ANA, SOUND, sound_of


def read(file: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(file))


async def test_each_form_is_written_by_a_process_of_its_own(tmp_path: Path) -> None:
    samples = sound_of(4000)
    wav = wav_of(samples, 4000)
    for form in ExportForm:
        path = tmp_path / f"sound.{form}"
        told = await export_sound(wav, form, str(path), SOUND, ANA)
        data = path.read_bytes()
        assert told.size_bytes == len(data)
        assert told.is_same_samples
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert samples_of((tmp_path / "sound.wav").read_bytes()) == (samples, 4000)
    assert (tmp_path / "sound.wav").read_bytes() == wav
    assert samples_of_flac((tmp_path / "sound.flac").read_bytes()) == (samples, 4000)
    assert read((tmp_path / "sound.dicom").read_bytes()).WaveformSequence[0].WaveformData == samples


async def test_a_refusal_of_the_process_comes_back_with_its_reason(tmp_path: Path) -> None:
    wav = wav_of(sound_of(4000), 4000)
    with pytest.raises(Rejected) as refused:
        await export_sound(wav, ExportForm.WAV, str(tmp_path / "no" / "x.wav"), SOUND, ANA)
    assert refused.value.code is Code.FILE_NOT_SAVED
    with pytest.raises(Rejected) as refused:
        await export_sound(b"no wav", ExportForm.FLAC, str(tmp_path / "x.flac"), SOUND, ANA)
    assert refused.value.code is Code.DEVICE_UNUSABLE
    assert os.listdir(tmp_path) == []


async def test_a_process_that_hangs_or_dies_is_no_saved_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wav = wav_of(sound_of(4000), 4000)
    monkeypatch.setattr(sound_export, "LIMIT_S", 0.01)
    with pytest.raises(Unavailable):
        await export_sound(wav, ExportForm.WAV, str(tmp_path / "x.wav"), SOUND, ANA)
    monkeypatch.setattr(sound_export, "PROGRAM", "this")  # prints and knows nothing
    monkeypatch.setattr(sound_export, "LIMIT_S", 20.0)
    with pytest.raises(Failure) as failed:
        await export_sound(wav, ExportForm.WAV, str(tmp_path / "x.wav"), SOUND, ANA)
    assert failed.value.code is Code.FILE_NOT_SAVED


async def test_no_word_of_a_patient_stands_in_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    real = subprocess.Popen

    def noted(command: list[str], **options: object) -> object:
        started.append([*command, json.dumps(options["env"])])
        return real(command, **options)  # type: ignore[call-overload]  # of subprocess.Popen

    monkeypatch.setattr(subprocess, "Popen", noted)
    wav = wav_of(sound_of(4000), 4000)
    await export_sound(wav, ExportForm.DICOM, str(tmp_path / "place.dcm"), SOUND, ANA)
    said = " ".join(started[0])
    for word in ("Müller", "Ana", "MRN-77", "1970", "place.dcm"):
        assert word not in said
