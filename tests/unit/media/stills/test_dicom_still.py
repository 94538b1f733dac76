"""A still as DICOM: whose it is, the source's own pixels, and what is refused."""

import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pydicom
import pytest

from app.domain.failures import Code, Failure
from app.domain.ids import RecordId, new_id
from app.domain.stills import Scale
from media.link.still_export import asked_of
from media.stills.dicom_still import dicom_of
from media.stills.export_process import pixels_of
from tests.unit.media.stills.given import TAKEN_AT, GivenStill, given_still

VL_PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1.4"


def made(given: GivenStill) -> pydicom.Dataset:
    asked = asked_of(given.told, len(given.png))
    return pydicom.dcmread(io.BytesIO(dicom_of(pixels_of(given.png, asked), asked)))


def test_the_pixels_are_the_source_s_own() -> None:
    given = given_still()
    dataset = made(given)
    assert dataset.SOPClassUID == VL_PHOTOGRAPHIC
    assert dataset.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert np.array_equal(dataset.pixel_array, given.pixels)
    assert (dataset.Rows, dataset.Columns) == given.pixels.shape[:2]
    assert dataset.BurnedInAnnotation == "NO"


def test_it_says_whose_it_is_and_when_it_was_taken() -> None:
    given = given_still()
    dataset = made(given)
    assert str(dataset.PatientName) == "Åström^Ana^^Mrs"
    assert dataset.PatientID == "129 728"
    assert (dataset.PatientBirthDate, dataset.PatientSex) == ("19700102", "F")
    assert dataset.AcquisitionDateTime == "20261121130304.250000"
    assert dataset.StudyInstanceUID == f"2.25.{given.told.visit.id.int}"
    assert dataset.SOPInstanceUID == f"2.25.{given.told.still.id.int}"
    assert dataset.InstanceNumber == 3
    assert "0.2500 mm" in dataset.ImageComments


def test_the_same_still_is_the_same_object_and_another_visit_s_is_of_another_study() -> None:
    given = given_still(coding="YUYV")
    assert made(given) == made(given)
    other = made(given_still())
    assert other.SeriesInstanceUID != made(given).SeriesInstanceUID


def test_two_stills_of_a_visit_say_the_same_of_their_study_and_series() -> None:
    """An archive keeps what the first one says; a second that contradicts it is a fault."""
    given = given_still()
    later = replace(
        given.told.still, id=RecordId(new_id()), taken_at=TAKEN_AT + timedelta(minutes=7)
    )
    first, second = made(given), made(replace(given, told=replace(given.told, still=later)))
    assert first.ContentTime != second.ContentTime
    assert first.SOPInstanceUID != second.SOPInstanceUID
    shared = [word for word in first.dir() if word.startswith(("Study", "Series", "Patient"))]
    assert {"StudyDate", "StudyTime", "SeriesInstanceUID", "PatientID"} <= set(shared)
    assert [first[word] for word in shared] == [second[word] for word in shared]


@pytest.mark.parametrize(("coding", "lossy"), [("", "00"), ("YUYV", "00"), ("MJPG", "01")])
def test_what_the_camera_coded_before_is_not_called_lossless(coding: str, lossy: str) -> None:
    assert made(given_still(coding=coding)).LossyImageCompression == lossy


@pytest.mark.parametrize("scale", [None])
def test_without_a_scale_none_is_told(scale: Scale | None) -> None:
    assert "ImageComments" not in made(given_still(scale=scale))


def test_a_number_that_is_missing_or_would_be_cut_is_refused() -> None:
    given = given_still()
    asked = asked_of(given.told, len(given.png))
    for number, code in (("  ", Code.INCOMPLETE), ("9" * 65, Code.OUT_OF_RANGE)):
        with pytest.raises(Failure) as refused:
            dicom_of(given.pixels.tobytes(), replace(asked, record_number=number))
        assert refused.value.code is code


def test_other_pixels_than_the_source_s_go_nowhere() -> None:
    given, other = given_still(), given_still(width=160)
    asked = asked_of(given.told, len(given.png))
    with pytest.raises(Failure) as refused:
        pixels_of(other.png, asked)
    assert refused.value.code is Code.HASH_MISMATCH
    changed = replace(asked, pixels_sha256="00" * 32)
    with pytest.raises(Failure) as refused:
        pixels_of(given.png, changed)
    assert refused.value.code is Code.HASH_MISMATCH
    with pytest.raises(Failure) as refused:
        pixels_of(b"no picture at all", asked)
    assert refused.value.code is Code.FILE_UNREADABLE


def test_signs_that_no_text_of_dicom_holds_are_taken_out() -> None:
    given = given_still()
    odd = replace(given.told.patient, family_name="O\\Neil^x\n", title="")
    dataset = made(replace(given, told=replace(given.told, patient=odd)))
    assert str(dataset.PatientName) == "O Neil x^Ana"
