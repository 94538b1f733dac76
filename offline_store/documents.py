"""Between the bytes of a record's document and the domain's objects, by way of the contract.

Also what of a document is written beside its bytes, so that rows are found by it. No SQL here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from app.contract.bodies import (
    BODY_OF,
    CallReportBody,
    ConflictBody,
    LadderStepBody,
    MessageBody,
    NoteBody,
    PatientBody,
    QuantityBody,
    ReadingBody,
    ReceiptBody,
    RecordingBody,
    ResolutionBody,
    ScaleBody,
    SideBody,
    SoundLabelBody,
    StillBody,
    StillMarksBody,
    VisitBody,
)
from app.domain.bp_setting import Arm, CuffSize, Position, Taken
from app.domain.call_log import CallReport, LadderStep, Spread
from app.domain.changes import RecordType
from app.domain.conflicts import Conflict, Resolution, Side, Take
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.ids import ChangeId, DeviceId, PatientId, PersonId, RecordId, VisitId
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.message_files import FilePart, MessageFile, name_of
from app.domain.messages import Message, Receipt
from app.domain.notes import Note
from app.domain.patients import Patient
from app.domain.reading import Assigned, Reading, SeriesPart
from app.domain.recordings import Recording, SoundGap
from app.domain.sound_labels import SoundLabel
from app.domain.stills import Drawing, Mark, Point, Scale, Still, StillMarks
from app.domain.tray import WhyAside
from app.domain.visits import Visit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPEN, RESOLVED = "open", "resolved"  # of a conflict
KNOWN_KINDS = frozenset(VitalKind)
KNOWN_FLAGS = frozenset(QualityFlag)


def microseconds(at: datetime) -> int:
    """Since 1970, UTC: sorts and compares whatever offset the text was written with."""
    return (at - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Lookup:
    """What stands beside a document's bytes."""

    patient: UUID | None = None
    visit: UUID | None = None
    at: int | None = None
    state: str | None = None
    file_sha256: str | None = None
    names: str = ""  # by which a patient is found


def lookup_of(record_type: RecordType, record: RecordId, document: bytes) -> Lookup:
    """ValueError when the document is not what the contract says of its type."""
    body = BODY_OF[record_type].model_validate_json(document)
    match body:
        case PatientBody():
            names = f"{body.family_name} {body.given_name} {body.record_number}"
            return Lookup(patient=record, names=names)
        case VisitBody():
            return Lookup(body.patient, record, microseconds(body.starts_at), str(body.state))
        case NoteBody() | MessageBody():
            return Lookup(body.patient, body.visit, microseconds(body.written_at))
        case ReceiptBody():
            return Lookup(body.patient, body.visit, microseconds(body.at))
        case ReadingBody():
            return Lookup(body.patient, body.visit, microseconds(body.kept_at))
        case RecordingBody():
            at = microseconds(body.recorded_at)
            return Lookup(body.patient, body.visit, at, file_sha256=body.file_sha256)
        case StillBody():
            at = microseconds(body.taken_at)
            return Lookup(body.patient, body.visit, at, file_sha256=body.file_sha256)
        case StillMarksBody() | SoundLabelBody():
            return Lookup(body.patient, body.visit, microseconds(body.made_at))
        case LadderStepBody():
            return Lookup(body.patient, body.visit, microseconds(body.at))
        case CallReportBody():
            return Lookup(body.patient, body.visit, microseconds(body.began_at))
        case ConflictBody():
            came = body.mine.received_at
            state = OPEN if body.resolution is None else RESOLVED
            known = None if came is None else microseconds(came)
            return Lookup(body.patient, body.visit, known, state)
    raise AssertionError(f"no lookup for {record_type}")


def patient_of(record: UUID, document: bytes) -> Patient:
    body = PatientBody.model_validate_json(document)
    return Patient(
        id=PatientId(record),
        family_name=body.family_name,
        given_name=body.given_name,
        born=body.born,
        record_number=body.record_number,
        title=body.title,
        sex=body.sex,
        allergies=body.allergies,
    )


def visit_of(record: UUID, document: bytes) -> Visit:
    body = VisitBody.model_validate_json(document)
    return Visit(
        id=VisitId(record),
        patient=PatientId(body.patient),
        starts_at=body.starts_at,
        state=body.state,
        reason=body.reason,
        clinician=None if body.clinician is None else PersonId(body.clinician),
        interrupted_since=body.interrupted_since,
        checked_in_at=body.checked_in_at,
    )


def note_of(record: UUID, document: bytes, version: int, is_pending: int) -> Note:
    body = NoteBody.model_validate_json(document)
    return Note(
        id=RecordId(record),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        text=body.text,
        author=PersonId(body.author),
        author_name=body.author_name,
        written_at=body.written_at,
        version=version,
        is_pending=bool(is_pending),
    )


def message_of(record: UUID, document: bytes, _version: int, is_pending: int) -> Message:
    body = MessageBody.model_validate_json(document)
    return Message(
        id=RecordId(record),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        text=body.text,
        author=PersonId(body.author),
        author_name=body.author_name,
        written_at=body.written_at,
        is_pending=bool(is_pending),
        turn=body.turn,
        file=_file_of(body),
    )


def _file_of(body: MessageBody) -> MessageFile | None:
    if body.file is None:
        return None
    parts = tuple(
        FilePart(part.file_sha256, part.file_key, part.file_bytes) for part in body.file_parts
    )
    file = body.file
    # The name is the far desk's word, and is offered as a place on this disk.
    name = name_of(file.name, file.kind)
    return MessageFile(name, file.kind, file.size_bytes, file.sha256, parts)


def receipt_of(_record: UUID, document: bytes) -> Receipt:
    body = ReceiptBody.model_validate_json(document)
    return Receipt(RecordId(body.message), body.kind, PersonId(body.by), body.at)


def reading_of(record: UUID, document: bytes, _version: int, is_pending: int) -> Reading:
    body = ReadingBody.model_validate_json(document)
    measured = Measurement(
        visit=VisitId(body.visit),
        quantities=_known(body.quantities),
        device=DeviceIdentity(
            kind=DeviceKind(body.device.kind),
            model=body.device.model,
            port=body.device.port,
            serial_number=body.device.serial_number,
            driver_version=body.device.driver_version,
        ),
        device_time=body.device_time,
        received_at=body.received_at,
        frame_sha256=body.frame_sha256,
        quality=frozenset(QualityFlag(flag) for flag in body.quality if flag in KNOWN_FLAGS),
    )
    return Reading(
        id=RecordId(record),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        measured=measured,
        kept_at=body.kept_at,
        kept_by=PersonId(body.kept_by),
        is_pending=bool(is_pending),
        assigned=_assigned_of(body),
        taken=_taken_of(body),
        series=_series_of(body),
    )


def _assigned_of(body: ReadingBody) -> Assigned | None:
    if body.assigned is None:
        return None
    return Assigned(PersonId(body.assigned.by), body.assigned.at, WhyAside(body.assigned.why))


def _taken_of(body: ReadingBody) -> Taken | None:
    if body.taken is None:
        return None
    taken = body.taken
    arm, size, position = Arm(taken.arm), CuffSize(taken.cuff_size), Position(taken.position)
    return Taken(arm, size, position, taken.rested_s)


def _series_of(body: ReadingBody) -> SeriesPart | None:
    if body.series is None:
        return None
    part = body.series
    averaged = tuple(RecordId(one) for one in part.averaged)
    return SeriesPart(RecordId(part.id), part.number, part.is_counted, averaged)


def _known(quantities: Iterable[QuantityBody]) -> tuple[Quantity, ...]:
    """What a later release measures besides stays in the bytes and is not shown by this one."""
    known = tuple(
        Quantity(VitalKind(quantity.kind), Decimal(quantity.value))
        for quantity in quantities
        if quantity.kind in KNOWN_KINDS
    )
    if not known:
        raise ValueError("no quantity of a kind known here")
    return known


def recording_of(record: UUID, document: bytes, _version: int, is_pending: int) -> Recording:
    body = RecordingBody.model_validate_json(document)
    return Recording(
        id=RecordId(record),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        site=body.site,
        sample_rate_hz=body.sample_rate_hz,
        samples=body.samples,
        sha256=body.sha256,
        recorded_at=body.recorded_at,
        recorded_by=PersonId(body.recorded_by),
        source=body.source,
        file_sha256=body.file_sha256,
        file_key=body.file_key,
        file_bytes=body.file_bytes,
        is_complete=body.is_complete,
        is_pending=bool(is_pending),
        gaps=tuple(SoundGap(gap.at_sample, gap.missing_ms) for gap in body.gaps),
        continues=None if body.continues is None else RecordId(body.continues),
    )


def sound_label_of(record: UUID, document: bytes, version: int, is_pending: int) -> SoundLabel:
    body = SoundLabelBody.model_validate_json(document)
    return SoundLabel(
        id=RecordId(record),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        recording=RecordId(body.recording),
        at_sample=body.at_sample,
        to_sample=max(body.at_sample, body.to_sample),
        kind=body.kind,
        text=body.text,
        author=PersonId(body.author),
        author_name=body.author_name,
        made_at=body.made_at,
        is_withdrawn=body.is_withdrawn,
        version=version,
        is_pending=bool(is_pending),
    )


def still_of(record: UUID, document: bytes, _version: int, is_pending: int) -> Still:
    body = StillBody.model_validate_json(document)
    return Still(
        id=RecordId(record),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        width=body.width,
        height=body.height,
        sha256=body.sha256,
        pixels_sha256=body.pixels_sha256,
        taken_at=body.taken_at,
        taken_by=PersonId(body.taken_by),
        asked_by=body.asked_by,
        source=body.source,
        coding=body.coding,
        file_sha256=body.file_sha256,
        file_key=body.file_key,
        file_bytes=body.file_bytes,
        is_pending=bool(is_pending),
    )


def still_marks_of(record: UUID, document: bytes, _version: int, is_pending: int) -> StillMarks:
    body = StillMarksBody.model_validate_json(document)
    marks = tuple(
        Mark(one.kind, Point(one.x1, one.y1), Point(one.x2, one.y2), one.words)
        for one in body.marks
    )
    return StillMarks(
        id=RecordId(record),
        still=RecordId(body.still),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        drawing=Drawing(marks, _scale_of(body.scale)),
        author=PersonId(body.author),
        author_name=body.author_name,
        made_at=body.made_at,
        is_pending=bool(is_pending),
    )


def _scale_of(body: ScaleBody | None) -> Scale | None:
    if body is None:
        return None
    return Scale(Point(body.x1, body.y1), Point(body.x2, body.y2), body.length_mm)


def ladder_step_of(record: UUID, document: bytes, _version: int, is_pending: int) -> LadderStep:
    body = LadderStepBody.model_validate_json(document)
    return LadderStep(
        id=RecordId(record),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        side=body.side,
        step=body.step,
        reason=body.reason,
        carries_bit_s=body.carries_bit_s,
        at=body.at,
        author=PersonId(body.author),
        author_name=body.author_name,
        is_pending=bool(is_pending),
    )


def call_report_of(record: UUID, document: bytes, _version: int, is_pending: int) -> CallReport:
    body = CallReportBody.model_validate_json(document)
    return CallReport(
        id=RecordId(record),
        visit=VisitId(body.visit),
        patient=PatientId(body.patient),
        side=body.side,
        began_at=body.began_at,
        ended_at=body.ended_at,
        contact_s=body.contact_s,
        drops=body.drops,
        rejoins=body.rejoins,
        ladder_steps=body.ladder_steps,
        lowest_step=body.lowest_step,
        freezes=body.freezes,
        path=body.path,
        figures={
            name: Spread(one.median, one.p95, one.worst, one.n)
            for name, one in body.figures.items()
        },
        author=PersonId(body.author),
        author_name=body.author_name,
        is_pending=bool(is_pending),
    )


def conflict_of(record: UUID, document: bytes, version: int, is_pending: int) -> Conflict:
    body = ConflictBody.model_validate_json(document)
    known = body.record_type in list(RecordType)
    return Conflict(
        change=ChangeId(record),
        record_type=RecordType(body.record_type) if known else body.record_type,
        record=RecordId(body.record),
        base=body.base,
        mine=_side_of(body.mine),
        theirs=_side_of(body.theirs),
        resolution=None if body.resolution is None else _resolution_of(body.resolution),
        patient=None if body.patient is None else PatientId(body.patient),
        visit=None if body.visit is None else VisitId(body.visit),
        is_pending=bool(is_pending),
    )


def _side_of(body: SideBody) -> Side:
    return Side(
        fields=body.fields,
        by=None if body.by is None else PersonId(body.by),
        by_name=body.by_name,
        device=None if body.device is None else DeviceId(body.device),
        device_name=body.device_name,
        made_at=body.made_at,
        received_at=body.received_at,
    )


def _resolution_of(body: ResolutionBody) -> Resolution:
    return Resolution(body.take, body.fields, body.before, PersonId(body.by), body.by_name, body.at)


def decision_in(document: bytes) -> Take | None:
    """Of a conflict; None while it is open, and of what only a later release can read."""
    try:
        resolution = ConflictBody.model_validate_json(document).resolution
    except ValueError:
        return None
    return None if resolution is None else resolution.take
