"""What stays of calls: steps on the ladder and reports, written once by the side that measured."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from app.contract.bodies import CallReportBody, LadderStepBody
from app.contract.calls import CALL_REPORTS_MAX, CallReportOut, CallReportsOut
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from server.audit_trail import append, event_of
from server.auth import Caller
from server.calls.store import add_report, reports_between
from server.database import Database
from server.judging import Submission, Verdict, merged, must_be_by, must_be_new, of_visit
from server.records import find
from server.scopes import must_see, scopes_of, visible
from server.tables import records


def judge_ladder_step(connection: Connection, submission: Submission) -> Verdict:
    """Also of a finished visit: it may have been written during an outage."""
    if not may(submission.role, Action.JOIN_VISIT):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, LadderStepBody)
    must_be_by(submission, body.author)
    if body.side is not submission.role:
        raise Rejected(Code.NOT_ALLOWED)
    of_visit(connection, submission.change, body.visit, body.patient)
    return Verdict(document, Act.LADDER_STEPPED, body.patient, body.visit)


def judge_call_report(connection: Connection, submission: Submission) -> Verdict:
    if not may(submission.role, Action.JOIN_VISIT):
        raise Rejected(Code.NOT_ALLOWED)
    must_be_new(submission)
    document, body = merged(submission)
    assert isinstance(body, CallReportBody)
    must_be_by(submission, body.author)
    if body.side is not submission.role:
        raise Rejected(Code.NOT_ALLOWED)
    if body.ended_at < body.began_at:
        raise Rejected(Code.MALFORMED, "a call that ends before it begins")
    of_visit(connection, submission.change, body.visit, body.patient)
    must_see(connection, submission.change.author, body.patient)
    add_report(connection, submission.change.record, body.visit, body.began_at)
    return Verdict(document, Act.CALL_REPORTED, body.patient, body.visit)


class CallReports:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def between(
        self, who: Caller, start: datetime | None, end: datetime | None, visit: UUID | None
    ) -> CallReportsOut:
        """Reading them stands in the audit; each names a patient."""
        who.must_be_allowed(Action.READ_CALL_REPORTS)
        now = self._clock.now()

        def read(connection: Connection) -> CallReportsOut:
            seen = visible(records.c.patient, scopes_of(connection, who.person))
            found = reports_between(connection, start, end, visit, CALL_REPORTS_MAX + 1, seen)
            event = event_of(
                Act.CALL_REPORTS_READ,
                now,
                actor=who.person,
                device=who.device,
                visit=None if visit is None else VisitId(visit),
            )
            append(connection, event)
            reports = [_out(connection, record) for record in found[:CALL_REPORTS_MAX]]
            return CallReportsOut(reports=reports, has_more=len(found) > CALL_REPORTS_MAX)

        return await self._database.write(read)


def _out(connection: Connection, record: UUID) -> CallReportOut:
    stored = find(connection, record)
    assert stored is not None, "row and record are written together"
    return CallReportOut(record=record, report=CallReportBody.model_validate(stored.document))
