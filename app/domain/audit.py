"""Who did what, in a chain of digests that shows every edit and deletion.

Each event's leaf is SHA-256(0x00 | canonical JSON), each digest SHA-256(0x01 | digest before it |
leaf). The domain bytes keep a leaf from posing as a digest (RFC 9162, 2.1). Whoever holds an
earlier digest can check with the leaves alone, without seeing one event, that the chain only grew.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.domain.failures import Code, Untrusted
from app.domain.ids import DeviceId, EventId, PatientId, PersonId, VisitId

CHAIN_START = "0" * 64


class Act(StrEnum):
    SIGNED_IN = "signed-in"
    SIGN_IN_REFUSED = "sign-in-refused"
    SIGNED_OUT = "signed-out"
    ACCOUNT_ADDED = "account-added"
    DEVICE_ENROLLED = "device-enrolled"
    WORKLIST_SEEN = "worklist-seen"
    DAY_SHEET_SAVED = "day-sheet-saved"
    PATIENT_ADDED = "patient-added"
    PATIENT_CHANGED = "patient-changed"
    PATIENT_OPENED = "patient-opened"
    VISIT_ADDED = "visit-added"
    VISIT_MOVED = "visit-moved"
    VISIT_JOINED = "visit-joined"
    VISIT_LEFT = "visit-left"
    VISIT_INTERRUPTED = "visit-interrupted"
    CALL_STARTED = "call-started"
    CALL_ENDED = "call-ended"
    PEER_REFUSED = "peer-refused"
    LADDER_STEPPED = "ladder-stepped"
    CALL_REPORTED = "call-reported"
    CALL_REPORTS_READ = "call-reports-read"
    NOTE_KEPT = "note-kept"
    READING_KEPT = "reading-kept"
    READING_REFUSED = "reading-refused"
    MEASUREMENT_SET_ASIDE = "measurement-set-aside"
    MEASUREMENT_ASSIGNED = "measurement-assigned"
    MEASUREMENT_DISCARDED = "measurement-discarded"
    RECORDING_KEPT = "recording-kept"
    RECORDING_PLAYED = "recording-played"
    RECORDING_EXPORTED = "recording-exported"
    SOUND_LABELLED = "sound-labelled"
    SOUND_LABEL_WITHDRAWN = "sound-label-withdrawn"
    STILL_KEPT = "still-kept"
    STILL_MARKED = "still-marked"
    STILL_EXPORTED = "still-exported"
    CAMERA_CONTROL_GRANTED = "camera-control-granted"
    CAMERA_CONTROL_REFUSED = "camera-control-refused"
    CAMERA_CONTROL_USED = "camera-control-used"
    CAMERA_CONTROL_ENDED = "camera-control-ended"
    MESSAGE_WRITTEN = "message-written"
    MESSAGE_DELIVERED = "message-delivered"
    MESSAGE_READ = "message-read"
    MESSAGE_FILE_SAVED = "message-file-saved"
    CHANGE_CONFLICT = "change-conflict"
    CHANGE_REFUSED = "change-refused"
    CHANGE_WRITTEN_ANEW = "change-written-anew"
    CONFLICT_SEEN = "conflict-seen"
    CONFLICT_RESOLVED = "conflict-resolved"
    CONFLICT_REOPENED = "conflict-reopened"
    CHANGE_GIVEN_UP = "change-given-up"
    SERVER_WENT_BACK = "server-went-back"
    RECORDS_DELIVERED = "records-delivered"
    FILE_STORED = "file-stored"
    FILE_FETCHED = "file-fetched"
    FILE_ERASED = "file-erased"  # the server destroyed its key, for everybody
    FILE_PURGED = "file-purged"  # a device destroyed what it had of it
    WRONG_KEY = "wrong-key"
    AUDIT_ALARM = "audit-alarm"
    AUDIT_READ = "audit-read"
    SCREEN_LOCKED = "screen-locked"
    SCREEN_UNLOCKED = "screen-unlocked"
    TIMES_CONFIRMED = "times-confirmed"
    DEVICE_REVOKED = "device-revoked"
    DEVICE_READMITTED = "device-readmitted"
    STORE_FOUND_DAMAGED = "store-found-damaged"
    STORE_BEGUN_ANEW = "store-begun-anew"
    STORE_RESTORED = "store-restored"
    RECORDS_RETIRED = "records-retired"
    SCOPE_ADDED = "scope-added"
    PERSON_ENTERED_SCOPE = "person-entered-scope"
    PERSON_LEFT_SCOPE = "person-left-scope"
    PATIENT_ENTERED_SCOPE = "patient-entered-scope"
    PATIENT_LEFT_SCOPE = "patient-left-scope"
    RECORD_REMOVED = "record-removed"  # the server has it no more, nor anybody's change of it
    SCOPE_CHANGED = "scope-changed"  # a device was told that it sees others now
    RECORDS_PURGED = "records-purged"  # a device destroyed what it had of a patient or record


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act, by id and never by value. `subject` names the record the act was done to.

    `at` is the raw time of whoever wrote it; a device that knows how far the server was ahead of
    its clock says so beside it, in whole milliseconds, which every reader hashes alike.
    """

    id: EventId
    act: Act
    at: datetime
    actor: PersonId | None = None
    device: DeviceId | None = None
    patient: PatientId | None = None
    visit: VisitId | None = None
    subject: UUID | None = None
    code: Code | None = None
    offset_ms: int | None = None
    uncertainty_ms: int | None = None

    @property
    def corrected_at(self) -> datetime:
        """By the server's clock as far as it was known; what it is searched by."""
        return self.at + timedelta(milliseconds=self.offset_ms or 0)

    def canonical(self) -> bytes:
        """The bytes that are hashed: JSON, sorted keys, no spaces, ids and times as text.

        An offset that is not known is not there at all.
        """
        [told] = self.canonical_of_each([(self.id, self.patient)])
        return told

    def canonical_of_each(self, ids: Iterable[tuple[UUID, object]]) -> Iterator[bytes]:
        """The same act done to many: of each the event's own id, and the patient's."""
        offset = "" if self.offset_ms is None else f'"offset_ms":{self.offset_ms},'
        about = "" if self.uncertainty_ms is None else f'"uncertainty_ms":{self.uncertainty_ms},'
        # Ids, times, and words of ours: none of them has a sign that JSON would write otherwise.
        before = (
            f'{{"act":"{self.act}","actor":{_json(self.actor)},'
            f'"at":"{self.at.astimezone(UTC).isoformat(timespec="microseconds")}",'
            f'"code":{_json(self.code)},"device":{_json(self.device)},"id":'
        )
        after = f',"subject":{_json(self.subject)},{about}"visit":{_json(self.visit)}}}'
        for event, patient in ids:
            yield f'{before}"{event}",{offset}"patient":{_json(patient)}{after}'.encode()


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """A row of the device's own audit chain that the server has not acknowledged."""

    number: int
    digest: str
    event: AuditEvent


def _json(value: object) -> str:
    return "null" if value is None else f'"{value}"'


@dataclass(frozen=True, slots=True)
class Witness:
    """A place in a chain that was seen: how many events, and the digest after the last of them."""

    count: int
    digest: str


EMPTY_CHAIN = Witness(0, CHAIN_START)


def leaf_of(event_bytes: bytes) -> str:
    return hashlib.sha256(b"\x00" + event_bytes).hexdigest()


def next_digest(digest: str, leaf: str) -> str:
    return _next(bytes.fromhex(digest), bytes.fromhex(leaf)).hex()


def _next(digest: bytes, leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + digest + leaf).digest()


def extended(held: Witness, leaves: Iterable[str]) -> Witness:
    """The witness after these further leaves."""
    count, digest = held.count, bytes.fromhex(held.digest)
    for leaf in leaves:
        digest = _next(digest, bytes.fromhex(leaf))
        count += 1
    return Witness(count, digest.hex())


def verify_extension(held: Witness, leaves: Iterable[str], head: Witness) -> Witness:
    """The new witness when `head` follows from what we hold; Untrusted(AUDIT_MISMATCH) when not.

    Catches a row changed, removed, removed at the end, and a chain computed anew: in each case the
    digest that we hold is no longer on the way to the head that the server claims.
    """
    reached = extended(held, leaves)
    if reached != head:
        raise Untrusted(Code.AUDIT_MISMATCH, f"chain does not continue after event {held.count}")
    return reached


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A row of a stored chain: its place from 1, the hashed bytes and the digest written beside."""

    number: int
    event_bytes: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a stored chain first contradicts itself or what a witness holds."""

    number: int
    what: str


def verify_chain(
    rows: Iterable[ChainRow], witnesses: Iterable[Witness] = ()
) -> tuple[Witness, ChainFault | None]:
    """Walk the whole chain; the witness at its end and the first fault, if any.

    Without witnesses a last row removed, or all digests computed anew, cannot be seen: the proof is
    what the clients hold.
    """
    held = {witness.count: witness.digest for witness in witnesses}
    reached = EMPTY_CHAIN
    for row in rows:
        if row.number != reached.count + 1:
            return reached, ChainFault(reached.count + 1, "a row is missing")
        reached = extended(reached, [leaf_of(row.event_bytes)])
        if row.digest != reached.digest:
            return reached, ChainFault(row.number, "a row was changed")
        if held.get(row.number, row.digest) != row.digest:
            return reached, ChainFault(row.number, "differs from the digest a client holds")
    for count in sorted(held):
        if count > reached.count:
            return reached, ChainFault(count, "the chain is shorter than a client has seen")
    return reached, None
