"""A still as DICOM VL Photographic Image: the source's own pixels, not coded anew.

The same still always gets the same identifiers, so that an archive knows it again. What is drawn
beside it stays with us; a scale that a person set is told in words.
"""

import io
import re
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, UUID, uuid5

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, VLPhotographicImageStorage

from app.domain.failures import Code, Rejected
from app.domain.program import VERSION
from media.link.still_export import ExportAsked

MAKER, MODEL = "Bedside", "Bedside exam camera still"
LONG_TEXT = 64  # characters of LO
SEX = {"female": "F", "f": "F", "male": "M", "m": "M", "other": "O", "o": "O"}
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")  # what no text of DICOM may hold
# What the driver names "MJPG" was JPEG between camera and machine: it cannot be called lossless.
LOSSY_METHOD = {"MJPG": "ISO_10918_1", "JPEG": "ISO_10918_1"}


def dicom_of(pixels: bytes, asked: ExportAsked) -> bytes:
    """A whole file (PS3.10) of rows of red, green, blue.

    Rejected(INCOMPLETE) without a record number, OUT_OF_RANGE when the number is longer than DICOM
    holds: shortened it could be somebody else's.
    """
    if not asked.record_number.strip():
        raise Rejected(Code.INCOMPLETE, "export")
    if len(asked.record_number.strip()) > LONG_TEXT:
        raise Rejected(Code.OUT_OF_RANGE, "record number")
    whole = Dataset()
    _add_patient(whole, asked)
    _add_study(whole, asked)
    _add_equipment(whole, asked)
    _add_image(whole, asked, pixels)
    whole.SOPClassUID, whole.SOPInstanceUID = VLPhotographicImageStorage, uid_of(asked.still)
    whole.file_meta = _meta_of(whole)
    file = io.BytesIO()
    dcmwrite(file, whole, enforce_file_format=True)
    return file.getvalue()


def uid_of(name: UUID) -> str:
    """A UUID as DICOM writes one."""
    return f"2.25.{name.int}"


def _add_patient(whole: Dataset, asked: ExportAsked) -> None:
    whole.SpecificCharacterSet = "ISO_IR 192"
    parts = (asked.family_name, asked.given_name, "", asked.title)
    name = "^".join(_text(part.replace("^", " ").replace("=", " ")) for part in parts)
    whole.PatientName = name.rstrip("^")[:LONG_TEXT]
    whole.PatientID = _text(asked.record_number)
    whole.PatientBirthDate = asked.born
    whole.PatientSex = SEX.get(asked.sex.strip().lower(), "")


def _add_study(whole: Dataset, asked: ExportAsked) -> None:
    """One study for a visit, one series for its stills; what is said of these is the same in each.

    When the visit began is not known of an earlier one: its day alone is told.
    """
    day, time = _moment(asked.taken_at)
    whole.StudyInstanceUID = uid_of(asked.visit)
    whole.SeriesInstanceUID = uid_of(uuid5(NAMESPACE_OID, f"{asked.visit} stills"))
    whole.StudyDate, whole.StudyTime = day, ""
    whole.ContentDate = whole.AcquisitionDate = day
    whole.ContentTime = whole.AcquisitionTime = time
    whole.AcquisitionDateTime = day + time
    whole.TimezoneOffsetFromUTC = "+0000"
    whole.StudyID = str(asked.visit)[:8]
    whole.AccessionNumber = whole.ReferringPhysicianName = ""
    whole.Modality = "XC"
    whole.SeriesNumber, whole.InstanceNumber = 2, asked.number
    whole.SeriesDescription = "Exam camera"
    whole.Laterality = ""  # which side of the body: nobody has said


def _add_equipment(whole: Dataset, asked: ExportAsked) -> None:
    whole.Manufacturer, whole.ManufacturerModelName = MAKER, MODEL
    whole.DeviceSerialNumber = _text(asked.source) or "unknown"
    whole.SoftwareVersions = VERSION


def _add_image(whole: Dataset, asked: ExportAsked, pixels: bytes) -> None:
    whole.ImageType = ["ORIGINAL", "PRIMARY"]
    whole.PatientOrientation = ""
    whole.BurnedInAnnotation = "NO"
    whole.SamplesPerPixel, whole.PlanarConfiguration = 3, 0
    whole.PhotometricInterpretation = "RGB"
    whole.Rows, whole.Columns = asked.height, asked.width
    whole.BitsAllocated = whole.BitsStored = 8
    whole.HighBit, whole.PixelRepresentation = 7, 0
    whole.AcquisitionContextSequence = []
    method = LOSSY_METHOD.get(asked.coding.upper())
    whole.LossyImageCompression = "00" if method is None else "01"
    if method is not None:
        whole.LossyImageCompressionMethod = method
    if asked.mm_per_pixel is not None:
        whole.ImageComments = f"Scale set by hand: {asked.mm_per_pixel:.4f} mm per pixel"
    whole.PixelData = pixels + b"\0" * (len(pixels) % 2)


def _meta_of(whole: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = whole.SOPClassUID
    meta.MediaStorageSOPInstanceUID = whole.SOPInstanceUID
    meta.ImplementationClassUID = UID(uid_of(uuid5(NAMESPACE_OID, MAKER)))
    meta.ImplementationVersionName = "BEDSIDE"
    return meta


def _text(words: str) -> str:
    return FORBIDDEN.sub(" ", words).strip()[:LONG_TEXT].strip()


def _moment(at: datetime) -> tuple[str, str]:
    in_utc = at.astimezone(UTC)
    return in_utc.strftime("%Y%m%d"), in_utc.strftime("%H%M%S.%f")
