"""Visits: the moves that people make, and the interruption that presence says on top of them."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from app.contract.bodies import VisitBody
from app.contract.signalling import Seat
from app.domain.access import Action, Role, may
from app.domain.audit import Act
from app.domain.changes import SCHEMA_VERSION, RecordType
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected
from app.domain.ids import DeviceId, PatientId, PersonId, VisitId
from app.domain.visits import VisitState, action_of_move
from server.audit_trail import append, event_of
from server.database import Database
from server.judging import Submission, Verdict, merged
from server.records import StoredRecord, find_of_type, store
from server.scopes import sees
from server.visits.store import drop_seat, keep_seat, kept_seats

SETTABLE = frozenset({"state", "clinician", "checked_in_at"})


def judge_visit(connection: Connection, submission: Submission) -> Verdict:
    """Only moves of the table, and a clinician who takes the visit for themselves."""
    current, change = submission.current, submission.change
    if current is None or not SETTABLE.issuperset(change.fields_set):
        raise Rejected(Code.NOT_ALLOWED)
    document, body = merged(submission)
    assert isinstance(body, VisitBody)
    if change.visit not in (None, current.id) or change.patient not in (None, body.patient):
        raise Rejected(Code.WRONG_PATIENT)
    if not may(submission.role, Action.JOIN_VISIT):
        raise Rejected(Code.NOT_ALLOWED)
    if "state" in change.fields_set:
        action = action_of_move(VisitState(current.document["state"]), body.state)
        if not may(submission.role, action):
            raise Rejected(Code.NOT_ALLOWED)
    if "checked_in_at" in change.fields_set and not _may_say_when_checked_in(submission):
        raise Rejected(Code.NOT_ALLOWED)
    if "clinician" in change.fields_set and not (
        submission.role is Role.CLINICIAN and body.clinician in (None, change.author)
    ):
        raise Rejected(Code.NOT_ALLOWED)
    if body.state is not VisitState.IN_VISIT:
        document["interrupted_since"] = None
    return Verdict(document, Act.VISIT_MOVED, body.patient, current.id)


def _may_say_when_checked_in(submission: Submission) -> bool:
    """With the check-in, or once for a visit that was begun before the check-in arrived."""
    assert submission.current is not None
    before, fields = submission.current.document, submission.change.fields_set
    if "state" in fields:
        return fields["state"] == VisitState.CHECKED_IN
    is_begun = before["state"] not in (VisitState.BOOKED, VisitState.CHECKED_IN)
    return (
        is_begun and before.get("checked_in_at") is None and may(submission.role, Action.CHECK_IN)
    )


def add_visit(connection: Connection, visit: VisitId, body: VisitBody, now: datetime) -> None:
    """A booked visit of a patient who is there."""
    patient = PatientId(body.patient)
    if find_of_type(connection, patient, RecordType.PATIENT) is None:
        raise Rejected(Code.NOT_FOUND, "patient")
    store(
        connection,
        StoredRecord(
            id=visit,
            record_type=RecordType.VISIT,
            version=1,
            schema_version=SCHEMA_VERSION,
            document=body.model_dump(mode="json"),
            patient=patient,
            visit=visit,
        ),
    )
    append(connection, event_of(Act.VISIT_ADDED, now, patient=patient, visit=visit, subject=visit))


class Presence:
    """What signalling tells of seats, written down: fulfils signalling's port."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def why_not_to_join(self, visit: VisitId, person: PersonId) -> Code | None:
        def look(connection: Connection) -> Code | None:
            found = find_of_type(connection, visit, RecordType.VISIT)
            if found is None:
                return Code.NOT_FOUND
            if not sees(connection, person, found.patient):
                return Code.OUT_OF_SCOPE
            is_over = found.document["state"] in (VisitState.FINISHED, VisitState.SIGNED)
            return Code.NO_VISIT_OPEN if is_over else None

        return await self._database.read(look)

    async def seats(self) -> list[tuple[VisitId, Seat]]:
        return await self._database.read(kept_seats)

    async def is_interrupted(self, visit: VisitId) -> bool:
        def look(connection: Connection) -> bool:
            found = find_of_type(connection, visit, RecordType.VISIT)
            return found is not None and found.document.get("interrupted_since") is not None

        return await self._database.read(look)

    async def joined(self, visit: VisitId, seat: Seat) -> None:
        def write(connection: Connection) -> None:
            keep_seat(connection, visit, seat)
            self._tell(connection, Act.VISIT_JOINED, visit, seat)

        await self._database.write(write)

    async def left(self, visit: VisitId, seat: Seat, why: Code | None) -> None:
        """`why` is None when the person hung up."""

        def write(connection: Connection) -> None:
            drop_seat(connection, visit, seat)
            self._tell(connection, Act.VISIT_LEFT, visit, seat, why)

        await self._database.write(write)

    async def interrupted(self, visit: VisitId, since: datetime) -> None:
        def write(connection: Connection) -> None:
            found = find_of_type(connection, visit, RecordType.VISIT)
            if found is None or found.document["state"] != VisitState.IN_VISIT:
                return
            if found.document.get("interrupted_since") is not None:
                return
            _set_interrupted(connection, found, since)
            event = event_of(
                Act.VISIT_INTERRUPTED,
                self._clock.now(),
                patient=None if found.patient is None else PatientId(found.patient),
                visit=visit,
                subject=visit,
                code=Code.PEER_AWAY,
            )
            append(connection, event)

        await self._database.write(write)

    async def resumed(self, visit: VisitId) -> None:
        def write(connection: Connection) -> None:
            found = find_of_type(connection, visit, RecordType.VISIT)
            if found is not None and found.document.get("interrupted_since") is not None:
                _set_interrupted(connection, found, None)

        await self._database.write(write)

    def _tell(
        self,
        connection: Connection,
        act: Act,
        visit: VisitId,
        seat: Seat,
        code: Code | None = None,
    ) -> None:
        found = find_of_type(connection, visit, RecordType.VISIT)
        patient = None if found is None or found.patient is None else PatientId(found.patient)
        event = event_of(
            act,
            self._clock.now(),
            actor=PersonId(seat.person),
            device=DeviceId(seat.device),
            patient=patient,
            visit=visit,
            subject=visit,
            code=code,
        )
        append(connection, event)


def _set_interrupted(connection: Connection, visit: StoredRecord, since: datetime | None) -> None:
    """The server's own field: the version stays, it counts what people set."""
    value = None if since is None else since.isoformat()
    store(connection, replace(visit, document={**visit.document, "interrupted_since": value}))
