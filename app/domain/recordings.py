"""Sound of the body, recorded: what the device delivered, bit for bit, known by its SHA-256.

The WAV that the hash is taken of is RIFF/WAVE, PCM, 16 bit, mono, a 44-byte header and the samples.
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.changes import Json
from app.domain.ids import PatientId, PersonId, RecordId, VisitId

RECORDING_MAX_SECONDS = 600  # of one; a longer listening goes on in a next one
GAPS_MOST = 64  # marked in one recording


@dataclass(frozen=True, slots=True)
class SoundGap:
    """The instrument was away here: so much of the body was never delivered by it."""

    at_sample: int
    missing_ms: int


@dataclass(frozen=True, slots=True)
class SoundSpan:
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Recording:
    """`sha256` is of the plain WAV; `file_sha256` names the encrypted file that travels."""

    id: RecordId
    visit: VisitId
    patient: PatientId
    site: str
    sample_rate_hz: int
    samples: int
    sha256: str
    recorded_at: datetime
    recorded_by: PersonId
    source: str  # as the device list names it; a synthetic source says so
    file_sha256: str = ""
    file_key: str = ""  # base64, 32 bytes; travels inside the record over TLS
    file_bytes: int = 0
    is_complete: bool = True  # False: the capture was cut short, the part that was there is kept
    is_pending: bool = True
    gaps: tuple[SoundGap, ...] = ()
    continues: RecordId | None = None  # the recording that was full

    @property
    def seconds(self) -> float:
        return self.samples / self.sample_rate_hz if self.sample_rate_hz else 0.0


def fields_of(recording: Recording) -> dict[str, Json]:
    """The recording's document as it is kept and sent (contract: RecordingBody)."""
    fields: dict[str, Json] = {
        "visit": str(recording.visit),
        "patient": str(recording.patient),
        "kind": "stethoscope",
        "site": recording.site,
        "sample_rate_hz": recording.sample_rate_hz,
        "samples": recording.samples,
        "sha256": recording.sha256,
        "recorded_at": recording.recorded_at.isoformat(),
        "recorded_by": str(recording.recorded_by),
        "source": recording.source,
        "file_sha256": recording.file_sha256,
        "file_key": recording.file_key,
        "file_bytes": recording.file_bytes,
        "is_complete": recording.is_complete,
    }
    if recording.gaps:
        fields["gaps"] = [
            {"at_sample": gap.at_sample, "missing_ms": gap.missing_ms} for gap in recording.gaps
        ]
    if recording.continues is not None:
        fields["continues"] = str(recording.continues)
    return fields
