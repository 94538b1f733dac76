"""The document of each record type, as it stands at the server and travels in the feed.

A change sends only the fields it sets; the server checks the whole after the change against these.
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.contract.wire import Body, Count, Instant, Sha256Hex, ShortText
from app.domain.access import Role
from app.domain.bp_protocol import TRIES_LIMIT
from app.domain.changes import RecordType
from app.domain.conflicts import Take
from app.domain.engine import Path
from app.domain.ladder import Reason, Step
from app.domain.message_files import FILE_MAX_BYTES, PART_BYTES, PARTS_MOST, FileKind
from app.domain.messages import MESSAGE_MAX_CHARACTERS, TURN_MOST, ReceiptKind
from app.domain.notes import NOTE_MAX_CHARACTERS
from app.domain.recordings import GAPS_MOST, RECORDING_MAX_SECONDS
from app.domain.stills import (
    LABEL_MAX_CHARACTERS,
    LENGTH_LEAST_MM,
    LENGTH_MOST_MM,
    MARKS_MOST,
    SIDE_MAX,
    STILL_MAX_BYTES,
    MarkKind,
)
from app.domain.visits import VisitState

Figure = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Coordinate = Annotated[float, Field(ge=-SIDE_MAX, le=2 * SIDE_MAX, allow_inf_nan=False)]
DecimalText = Annotated[str, Field(pattern=r"^-?\d{1,6}(\.\d{1,6})?$")]


class PatientBody(Body):
    family_name: ShortText
    given_name: ShortText
    born: date | None
    record_number: ShortText
    title: ShortText = ""
    sex: ShortText = ""
    allergies: Annotated[str, Field(max_length=2000)] = ""


class VisitBody(Body):
    """`interrupted_since` is the server's own, derived from presence; no change may set it."""

    patient: UUID
    starts_at: Instant
    state: VisitState
    reason: Annotated[str, Field(max_length=2000)] = ""
    clinician: UUID | None = None
    interrupted_since: Instant | None = None
    checked_in_at: Instant | None = None


class NoteBody(Body):
    visit: UUID
    patient: UUID
    text: Annotated[str, Field(min_length=1, max_length=NOTE_MAX_CHARACTERS)]
    author: UUID
    author_name: ShortText
    written_at: Instant


class MessageFileBody(Body):
    """A file as it was chosen; `sha256` is of its own bytes."""

    name: ShortText
    kind: FileKind
    size_bytes: Annotated[int, Field(ge=1, le=FILE_MAX_BYTES)]
    sha256: Sha256Hex


class FilePartBody(Body):
    """An encrypted part of it, which lies under /v1/files."""

    file_sha256: Sha256Hex
    file_key: Annotated[str, Field(max_length=128)]
    file_bytes: Annotated[int, Field(ge=1, le=2 * PART_BYTES)]


class MessageBody(Body):
    visit: UUID
    patient: UUID
    text: Annotated[str, Field(min_length=1, max_length=MESSAGE_MAX_CHARACTERS)]
    author: UUID
    author_name: ShortText
    written_at: Instant
    turn: Annotated[int, Field(ge=1, le=TURN_MOST)] | None = None
    file: MessageFileBody | None = None
    file_parts: Annotated[list[FilePartBody], Field(max_length=PARTS_MOST)] = []


class ReceiptBody(Body):
    """What a desk says of a message of somebody else's."""

    visit: UUID
    patient: UUID
    message: UUID
    kind: ReceiptKind
    by: UUID
    by_name: ShortText
    at: Instant


class QuantityBody(Body):
    """`kind` names value and unit in the house's words, `unit` repeats it in UCUM."""

    kind: ShortText
    value: DecimalText
    unit: ShortText


class DeviceBody(Body):
    kind: ShortText
    model: ShortText
    port: ShortText = ""
    serial_number: ShortText = ""
    driver_version: ShortText = ""


class AssignedBody(Body):
    """Nobody had asked for it here: a person said whose it is. `why` it had lain in the tray."""

    by: UUID
    at: Instant
    why: ShortText


class TakenBody(Body):
    arm: ShortText
    cuff_size: ShortText
    position: ShortText
    rested_s: Count


class SeriesBody(Body):
    """The average is number 0 and names what it was made of; a single reading names nothing."""

    id: UUID
    number: Annotated[int, Field(ge=0, le=TRIES_LIMIT)]
    is_counted: bool
    averaged: Annotated[list[UUID], Field(max_length=TRIES_LIMIT)]


class ReadingBody(Body):
    visit: UUID
    patient: UUID
    quantities: Annotated[list[QuantityBody], Field(min_length=1, max_length=16)]
    device: DeviceBody
    device_time: Instant | None
    received_at: Instant
    frame_sha256: Sha256Hex
    quality: Annotated[list[ShortText], Field(max_length=16)] = []
    kept_at: Instant
    kept_by: UUID
    assigned: AssignedBody | None = None
    taken: TakenBody | None = None
    series: SeriesBody | None = None


class SoundGapBody(Body):
    """The instrument was away before this sample."""

    at_sample: Count
    missing_ms: Count


class RecordingBody(Body):
    """`sha256` of the plain WAV; `file_sha256` of the ciphertext that lies under /v1/files."""

    visit: UUID
    patient: UUID
    kind: Literal["stethoscope"] = "stethoscope"
    site: ShortText
    sample_rate_hz: Annotated[int, Field(ge=500, le=192_000)]
    samples: Annotated[int, Field(ge=0, le=192_000 * RECORDING_MAX_SECONDS)]
    sha256: Sha256Hex
    recorded_at: Instant
    recorded_by: UUID
    source: ShortText
    file_sha256: Sha256Hex
    file_key: Annotated[str, Field(max_length=64)]
    file_bytes: Annotated[int, Field(ge=1, le=256 * 1024 * 1024)]
    is_complete: bool = True
    gaps: Annotated[list[SoundGapBody], Field(max_length=GAPS_MOST)] = []
    continues: UUID | None = None


class SoundLabelBody(Body):
    """A mark on a recording, of samples from and to; `kind` may be a later release's word.

    The recording may still be on its way: who marks it live is quicker than its file.
    """

    visit: UUID
    patient: UUID
    recording: UUID
    at_sample: Count
    to_sample: Count
    kind: ShortText
    text: ShortText = ""
    author: UUID
    author_name: ShortText
    made_at: Instant
    is_withdrawn: bool = False


class StillBody(Body):
    """`sha256` of the plain PNG; `file_sha256` of the ciphertext that lies under /v1/files."""

    visit: UUID
    patient: UUID
    kind: Literal["exam-camera"] = "exam-camera"
    width: Annotated[int, Field(ge=1, le=SIDE_MAX)]
    height: Annotated[int, Field(ge=1, le=SIDE_MAX)]
    sha256: Sha256Hex
    pixels_sha256: Sha256Hex
    taken_at: Instant
    taken_by: UUID
    asked_by: Role
    source: ShortText
    coding: Annotated[str, Field(max_length=16)] = ""
    file_sha256: Sha256Hex
    file_key: Annotated[str, Field(max_length=64)]
    file_bytes: Annotated[int, Field(ge=1, le=2 * STILL_MAX_BYTES)]


class MarkBody(Body):
    """In pixels of the still, from its upper left corner."""

    kind: MarkKind
    x1: Coordinate
    y1: Coordinate
    x2: Coordinate
    y2: Coordinate
    words: Annotated[str, Field(max_length=LABEL_MAX_CHARACTERS)] = ""


class ScaleBody(Body):
    x1: Coordinate
    y1: Coordinate
    x2: Coordinate
    y2: Coordinate
    length_mm: Annotated[float, Field(ge=LENGTH_LEAST_MM, le=LENGTH_MOST_MM, allow_inf_nan=False)]


class StillMarksBody(Body):
    """All that is drawn beside a still, as one person saved it; the newest of a still is shown."""

    visit: UUID
    patient: UUID
    still: UUID
    marks: Annotated[list[MarkBody], Field(max_length=MARKS_MOST)]
    scale: ScaleBody | None = None
    author: UUID
    author_name: ShortText
    made_at: Instant


class LadderStepBody(Body):
    """A move on the ladder of what `side` sends: the word of that side's machine.

    `author` is who was signed in there then; they need not have seen it.
    """

    visit: UUID
    patient: UUID
    side: Role
    step: Step
    reason: Reason
    carries_bit_s: Count | None = None
    at: Instant
    author: UUID
    author_name: ShortText


class SpreadBody(Body):
    median: Figure
    p95: Figure
    worst: Figure
    n: Count


class CallReportBody(Body):
    """A call as one side saw it. `figures` by name; a later release may bring more of them."""

    visit: UUID
    patient: UUID
    side: Role
    began_at: Instant
    ended_at: Instant
    contact_s: Figure
    drops: Count
    rejoins: Count
    ladder_steps: Count
    lowest_step: Step | None = None
    freezes: Count
    path: Path | None = None
    figures: Annotated[dict[ShortText, SpreadBody], Field(max_length=64)]
    author: UUID
    author_name: ShortText


FieldsInConflict = Annotated[dict[ShortText, Any], Field(max_length=64)]


class SideBody(Body):
    """Who is not known of what was entered at the server itself."""

    fields: FieldsInConflict
    by: UUID | None = None
    by_name: ShortText = ""
    device: UUID | None = None
    device_name: ShortText = ""
    made_at: Instant | None = None
    received_at: Instant | None = None


class ResolutionBody(Body):
    take: Take
    fields: FieldsInConflict
    before: FieldsInConflict
    by: UUID
    by_name: ShortText
    at: Instant


class ConflictBody(Body):
    """Made by the server, under the id of the change that it did not apply."""

    record_type: ShortText
    record: UUID
    patient: UUID | None = None
    visit: UUID | None = None
    base: FieldsInConflict
    mine: SideBody
    theirs: SideBody
    resolution: ResolutionBody | None = None


BODY_OF: dict[RecordType, type[Body]] = {
    RecordType.PATIENT: PatientBody,
    RecordType.VISIT: VisitBody,
    RecordType.NOTE: NoteBody,
    RecordType.MESSAGE: MessageBody,
    RecordType.RECEIPT: ReceiptBody,
    RecordType.READING: ReadingBody,
    RecordType.RECORDING: RecordingBody,
    RecordType.SOUND_LABEL: SoundLabelBody,
    RecordType.STILL: StillBody,
    RecordType.STILL_MARKS: StillMarksBody,
    RecordType.LADDER_STEP: LadderStepBody,
    RecordType.CALL_REPORT: CallReportBody,
    RecordType.CONFLICT: ConflictBody,
}
