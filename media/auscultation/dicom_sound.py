"""A recording as DICOM General Audio Waveform: a phonocardiogram of one channel, 16 bit.

Not Basic Voice Audio, which holds 8000 samples of 8 bit and no heart sound. The same recording
always gets the same identifiers, so that an archive knows it again.
"""

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, UUID, uuid5

import av
import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, GeneralAudioWaveformStorage

from app.domain.failures import Code, Rejected
from app.domain.patients import Patient
from app.domain.sound_export import SoundExport
from media.auscultation.wav import SAMPLE_BYTES

# The standard's limit for this kind; what is faster goes out with half the samples, and says so.
RATE_MOST_HZ = 44_100
PHONOCARDIOGRAM = ("109114", "DCM", "Phonocardiogram")  # CID 3000
MAKER, MODEL = "Bedside", "Bedside stethoscope recording"
NOTES_MOST = 1000
SHORT_TEXT, LONG_TEXT, NOTE_TEXT = 16, 64, 1024  # characters of SH, LO and ST
SEX = {"female": "F", "f": "F", "male": "M", "m": "M", "other": "O", "o": "O"}
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")  # what no text of DICOM may hold


@dataclass(frozen=True, slots=True)
class DicomSound:
    file: bytes
    is_same_samples: bool


def dicom_of(samples: bytes, rate_hz: int, sound: SoundExport, patient: Patient) -> DicomSound:
    """A whole file (PS3.10) of PCM, 16 bit little-endian, one channel.

    Rejected(INCOMPLETE) without a sound or a record number, OUT_OF_RANGE when the number is longer
    than DICOM holds: shortened it could be somebody else's.
    """
    if not samples or not patient.record_number.strip():
        raise Rejected(Code.INCOMPLETE, "export")
    if len(patient.record_number.strip()) > LONG_TEXT:
        raise Rejected(Code.OUT_OF_RANGE, "record number")
    if len(sound.notes) > NOTES_MOST:
        raise Rejected(Code.TOO_LARGE, "notes")
    held, held_rate_hz = _within_limit(samples, rate_hz)
    whole = Dataset()
    _add_patient(whole, patient)
    _add_study(whole, sound)
    _add_equipment(whole, sound)
    whole.SOPClassUID, whole.SOPInstanceUID = GeneralAudioWaveformStorage, uid_of(sound.recording)
    whole.AcquisitionContextSequence = []
    whole.WaveformSequence = [_group(held, held_rate_hz, sound.site, held is samples)]
    if notes := _notes(sound, held_rate_hz):
        whole.WaveformAnnotationSequence = notes
    whole.file_meta = _meta_of(whole)
    file = io.BytesIO()
    dcmwrite(file, whole, enforce_file_format=True)
    return DicomSound(file.getvalue(), held is samples)


def uid_of(name: UUID) -> str:
    """A UUID as DICOM writes one."""
    return f"2.25.{name.int}"


# --- what stands in it ---------------------------------------------------------------------------


def _add_patient(whole: Dataset, patient: Patient) -> None:
    whole.SpecificCharacterSet = "ISO_IR 192"
    parts = (patient.family_name, patient.given_name, "", patient.title)
    name = "^".join(_text(part.replace("^", " ").replace("=", " "), LONG_TEXT) for part in parts)
    whole.PatientName = name.rstrip("^")[:LONG_TEXT]
    whole.PatientID = _text(patient.record_number, LONG_TEXT)
    whole.PatientBirthDate = patient.born.strftime("%Y%m%d") if patient.born else ""
    whole.PatientSex = SEX.get(patient.sex.strip().lower(), "")


def _add_study(whole: Dataset, sound: SoundExport) -> None:
    """One study for a visit, one series for its body sounds."""
    day, time = _moment(sound.recorded_at)
    whole.StudyInstanceUID = uid_of(sound.visit)
    whole.SeriesInstanceUID = uid_of(uuid5(NAMESPACE_OID, f"{sound.visit} body sounds"))
    whole.StudyDate = whole.SeriesDate = whole.ContentDate = day
    # All that is exported of a visit says the same of their study, so no one recording's time.
    whole.StudyTime = ""
    whole.ContentTime = time
    whole.AcquisitionDateTime = day + time
    whole.TimezoneOffsetFromUTC = "+0000"
    whole.StudyID = str(sound.visit)[:8]
    whole.AccessionNumber = whole.ReferringPhysicianName = ""
    whole.Modality = "AU"
    whole.SeriesNumber, whole.InstanceNumber = 1, sound.number
    whole.SeriesDescription = "Auscultation"
    # Not synchronized with anything; said, not left out.
    whole.SynchronizationFrameOfReferenceUID = uid_of(uuid5(sound.recording, "time"))
    whole.SynchronizationTrigger = "NO TRIGGER"
    whole.AcquisitionTimeSynchronized = "N"


def _add_equipment(whole: Dataset, sound: SoundExport) -> None:
    whole.Manufacturer, whole.ManufacturerModelName = MAKER, MODEL
    whole.DeviceSerialNumber = _text(sound.source, LONG_TEXT) or "unknown"
    whole.SoftwareVersions = _text(sound.version, LONG_TEXT) or "unknown"


def _group(samples: bytes, rate_hz: int, site: str, is_original: bool) -> Dataset:
    channel = Dataset()
    channel.ChannelLabel = _text(site, SHORT_TEXT)
    channel.ChannelSourceSequence = [_code(*PHONOCARDIOGRAM)]
    channel.ChannelSampleSkew = 0
    channel.WaveformBitsStored = 8 * SAMPLE_BYTES
    group = Dataset()
    group.WaveformOriginality = "ORIGINAL" if is_original else "DERIVED"
    group.NumberOfWaveformChannels = 1
    group.NumberOfWaveformSamples = len(samples) // SAMPLE_BYTES
    group.SamplingFrequency = rate_hz
    group.ChannelDefinitionSequence = [channel]
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 8 * SAMPLE_BYTES, "SS"
    group.WaveformData = samples
    return group


def _notes(sound: SoundExport, rate_hz: int) -> list[Dataset]:
    """First where on the body it was made, about the whole of it; then the labels."""
    notes = [_note(sound.site, 0)] if sound.site.strip() else []
    for number, note in enumerate(sound.notes, start=1):
        if note.words.strip():
            made = _note(note.words, number)
            first, last = (max(1, round(at_s * rate_hz) + 1) for at_s in (note.from_s, note.to_s))
            made.TemporalRangeType = "SEGMENT" if last > first else "POINT"
            made.ReferencedSamplePositions = [first, last] if last > first else [first]
            notes.append(made)
    return notes


def _note(words: str, group: int) -> Dataset:
    made = Dataset()
    made.UnformattedTextValue = _text(words, NOTE_TEXT)
    made.ReferencedWaveformChannels = [1, 1]
    made.AnnotationGroupNumber = group
    return made


def _meta_of(whole: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = whole.SOPClassUID
    meta.MediaStorageSOPInstanceUID = whole.SOPInstanceUID
    meta.ImplementationClassUID = UID(uid_of(uuid5(NAMESPACE_OID, MAKER)))
    meta.ImplementationVersionName = "BEDSIDE"
    return meta


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return made


def _text(words: str, most: int) -> str:
    return FORBIDDEN.sub(" ", words).strip()[:most].strip()


def _moment(at: datetime) -> tuple[str, str]:
    in_utc = at.astimezone(UTC)
    return in_utc.strftime("%Y%m%d"), in_utc.strftime("%H%M%S.%f")


def _within_limit(samples: bytes, rate_hz: int) -> tuple[bytes, int]:
    """The same bytes, or every second sample of a sound that has nothing between them."""
    if rate_hz <= RATE_MOST_HZ:
        return samples, rate_hz
    half = av.AudioResampler(format="s16", layout="mono", rate=rate_hz // 2)
    sound = np.frombuffer(samples, dtype="<i2").reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
    frame.sample_rate = rate_hz
    made = [part.to_ndarray().reshape(-1) for part in (*half.resample(frame), *half.resample(None))]
    return np.concatenate(made).astype("<i2").tobytes(), rate_hz // 2
