"""A change on its way to the server, and what the server may answer.

The body is fixed from the first day: later depth (merge, undo, scopes) is added without touching
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.audit import Witness
from app.domain.clock import Stamp
from app.domain.failures import Code
from app.domain.ids import ChangeId, DeviceId, PatientId, PersonId, RecordId, VisitId

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None

SCHEMA_VERSION = 1


class RecordType(StrEnum):
    PATIENT = "patient"
    VISIT = "visit"
    NOTE = "note"
    READING = "reading"
    RECORDING = "recording"
    SOUND_LABEL = "sound-label"
    STILL = "still"
    STILL_MARKS = "still-marks"
    MESSAGE = "message"
    RECEIPT = "receipt"
    LADDER_STEP = "ladder-step"
    CALL_REPORT = "call-report"
    CONFLICT = "conflict"


# What the program writes down by itself; no work of a person's waits in it.
BY_ITSELF = frozenset({RecordType.RECEIPT, RecordType.LADDER_STEP, RecordType.CALL_REPORT})


# What goes first when the line is thin. A visit's moves stand behind its notes, because a signed
# visit takes no change of a note any more; what the program writes by itself comes last.
CLINICAL_ORDER = (
    RecordType.MESSAGE,
    RecordType.READING,
    RecordType.PATIENT,
    RecordType.NOTE,
    RecordType.CONFLICT,
    RecordType.VISIT,
    RecordType.RECORDING,
    RecordType.SOUND_LABEL,
    RecordType.STILL,
    RecordType.STILL_MARKS,
    RecordType.RECEIPT,
    RecordType.LADDER_STEP,
    RecordType.CALL_REPORT,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One operation: fields set on one record, with what stood there before.

    `base_version` is the record's version on which the person acted; 0 makes a new record.
    `counter` grows by one with each change of the device: a gap is evidence. `written`: the
    contract's body as the device kept it, for whoever sends it on: the same bytes for ever.
    """

    id: ChangeId
    record_type: RecordType
    record: RecordId
    base_version: int
    fields_set: Mapping[str, Json]
    previous: Mapping[str, Json]
    device: DeviceId
    counter: int
    stamp: Stamp
    author: PersonId
    patient: PatientId | None = None
    visit: VisitId | None = None
    schema: int = SCHEMA_VERSION
    written: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NewChange:
    """What an act wants changed; the store gives it id, device, counter and previous values.

    `seen`: what stood on the screen, where that is not simply what this desk shows.
    """

    record_type: RecordType
    record: RecordId
    base_version: int
    fields_set: dict[str, Json]
    author: PersonId
    stamp: Stamp
    patient: PatientId | None = None
    visit: VisitId | None = None
    seen: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class HeardRecord:
    """A new record as the far desk told it itself; shown until the server confirms the same."""

    record_type: RecordType
    record: RecordId
    fields: Mapping[str, Json]
    patient: PatientId
    visit: VisitId


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    ALREADY_THERE = "already-there"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ConfirmedRecord:
    """A record as the server has it. `body` is what was received, byte for byte (a JSON object).

    `position` is the feed's, given by one writer; `version` counts what people set. A type that is
    no RecordType is a later release's: it is kept as it came, for that release to read.
    """

    record_type: RecordType | str
    record: RecordId
    version: int
    position: int
    schema: int
    body: bytes
    patient: PatientId | None = None
    visit: VisitId | None = None


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The server's answer to one change; a bad one never holds up the rest.

    Of a record whose patient the reader does not see it says `position` and `version` alone; of one
    that was removed since, nothing.
    """

    change: ChangeId
    outcome: Outcome
    code: Code | None = None  # of a refusal or conflict
    record: ConfirmedRecord | None = None  # as it stands at the server now
    conflict: ConfirmedRecord | None = None  # the record that keeps both versions
    position: int | None = None  # of the record in the feed
    version: int | None = None


@dataclass(frozen=True, slots=True)
class UnsentTally:
    """Of what waits for the server, and was not refused: how many of each type, and since when."""

    counts: tuple[tuple[RecordType, int], ...] = ()
    oldest: datetime | None = None  # of what people wrote or measured, by the device's clock


class GoneReason(StrEnum):
    """Why a record, or all of a patient, is not in the feed any more."""

    OUT_OF_SCOPE = "out-of-scope"  # the patient left the clinic or care team of who reads it
    REMOVED = "removed"  # entered in error: it is nowhere any more


@dataclass(frozen=True, slots=True)
class Gone:
    """`record` None: the whole patient. A reason that is none of ours is a later release's."""

    patient: PatientId
    record: RecordId | None
    reason: GoneReason | str


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """How far the feed was followed; `text` is the server's own word for it.

    `load`: its word for how far the first load has come; empty: it is to begin. None: it is over.
    """

    position: int
    text: str | None = None
    load: str | None = None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Records after position `since`, in order; `until` and `cursor` are to be kept.

    A new `epoch` tells that the server was started again, perhaps on an older database. `gone` is
    what went between the same positions; a page holds no record of a patient who went. `scope`
    marks the set of patients that the reader sees. `head`: of the server's audit, when it answered.
    """

    since: int
    until: int
    records: tuple[ConfirmedRecord, ...]
    has_more: bool
    cursor: str | None = None
    epoch: str | None = None
    load: str | None = None
    gone: tuple[Gone, ...] = ()
    scope: str | None = None
    head: Witness | None = None


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that the server has not accepted: waiting, or refused and shown."""

    change: Change
    refused: Code | None = None
    current: ConfirmedRecord | None = None  # of a refused one: what stands at the server
