"""Push and feed: changes come in one by one, records go out in the order of their positions."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app.contract.audit import WitnessBody
from app.contract.sync import (
    CURSOR_MOST_CHARACTERS,
    FEED_MAX_RECORDS,
    PUSH_MAX_CHANGES,
    ChangeResultOut,
    FeedOut,
    GoneOut,
    PushOut,
)
from app.domain.access import Action
from app.domain.audit import Act
from app.domain.changes import Outcome
from app.domain.clock import Clock
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import DeviceId
from server import records
from server.audit_trail import append_of_each, event_of, head
from server.auth import Caller
from server.database import Database, Failed, feed_head
from server.departures import Departure, departures_since
from server.held_writes import holding
from server.records import RecordRow
from server.scopes import ScopeIds, concerns, mark_of, scopes_of, visible
from server.sync.cursors import Cursors, Load
from server.sync.device_events import take_events
from server.sync.judgement import Judgement
from server.sync.page_text import PageText, page_text
from server.tables import records as table_of_records

log = logging.getLogger(__name__)

EVENTS_MAX = 500
FEED_MAX_BYTES = 4 * 1024 * 1024
NEAR_TODAY = timedelta(days=1)  # whatever the zone of whoever loads


class PushEnvelope(BaseModel):
    """PushIn whose changes and events are not looked into yet: a bad one must not stop the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    device: DeviceId
    changes: list[dict[str, Any]] = Field(max_length=PUSH_MAX_CHANGES)
    events: list[dict[str, Any]] = Field(default=[], max_length=EVENTS_MAX)
    cursor: str | None = Field(default=None, max_length=CURSOR_MOST_CHARACTERS)


@dataclass(frozen=True, slots=True)
class _Page:
    """`until`: how far of the feed it leads. `gone`: what went between the same positions."""

    records: list[RecordRow]
    has_more: bool
    until: int = 0
    gone: tuple[Departure, ...] = ()


class Sync:
    def __init__(
        self, database: Database, judgement: Judgement, cursors: Cursors, clock: Clock
    ) -> None:
        self._database = database
        self._judgement = judgement
        self._cursors = cursors
        self._clock = clock

    async def push(self, body: PushEnvelope, who: Caller) -> PushOut:
        if body.device != who.device:
            raise Rejected(Code.DEVICE_UNKNOWN)
        at = body.cursor
        if at is not None:
            await self._database.read(lambda c: self._cursors.must_be_of_now(c, at, who.device))
        now = self._clock.now()

        def settle_together(connection: Connection) -> PushOut:
            before = feed_head(connection)
            with holding(connection):
                self._judgement.look_up(connection, body.changes)
                results = [
                    self._judgement.settle(connection, who, sent, now) for sent in body.changes
                ]
                answer = _push_out(connection, who, body, results, now)
            leads_to = self._leads_to(connection, who, at, before, results)
            return answer.model_copy(update={"leads_to": leads_to})

        try:
            return await self._database.write(settle_together)
        except Failure:
            raise  # the database, or no id: there is no answer to one change alone
        except Exception as defect:
            log.error("a push failed: %s", type(defect).__name__, exc_info=defect)
        return await self._settle_one_by_one(body, who, now)

    def _leads_to(
        self,
        connection: Connection,
        who: Caller,
        cursor: str | None,
        before: int,
        results: list[ChangeResultOut],
    ) -> FeedOut | None:
        """The head, when the device stood at the one before and the results are all that came."""
        scope = mark_of(scopes_of(connection, who.person))
        until = feed_head(connection)
        if cursor is None or until == before:
            return None
        if self._cursors.position_of(cursor, who.device, scope) != before:
            return None
        told = {
            record.position
            for result in results
            for record in (result.record, result.conflict)
            if record is not None
        }
        if not told.issuperset(range(before + 1, until + 1)):
            return None
        page = _Page([], has_more=False, until=until)
        return self._feed_out(connection, who, before, page, scope)

    async def _settle_one_by_one(self, body: PushEnvelope, who: Caller, now: datetime) -> PushOut:
        """A defect met in one change is its own refusal and nobody else's."""

        def settling(sent: dict[str, Any]) -> Callable[[Connection], ChangeResultOut]:
            return lambda connection: self._judgement.settle(connection, who, sent, now)

        changes = await self._database.write_each([settling(sent) for sent in body.changes])
        results = [
            _result(sent, answer) for sent, answer in zip(body.changes, changes, strict=True)
        ]
        return await self._database.write(lambda c: _push_out(c, who, body, results, now))

    async def feed(
        self, since: int, limit: int, who: Caller, cursor: str | None = None
    ) -> PageText:
        """Nothing is delivered that is not written down first; nothing new costs no write."""
        who.must_be_allowed(Action.OPEN_CHART)
        limit = min(limit, FEED_MAX_RECORDS)

        def look(connection: Connection) -> PageText | None:
            seen = scopes_of(connection, who.person)
            if cursor is not None:
                place = (who.device, since, mark_of(seen))
                self._cursors.must_fit(connection, cursor, *place)
            if feed_head(connection) <= since:  # as most looks find it
                page = _Page([], has_more=False, until=since)
            elif records.since(connection, since, 1, visible(table_of_records.c.patient, seen)):
                return None
            else:
                page = _after(connection, since, limit, seen)
            return self._told(self._feed_out(connection, who, since, page, mark_of(seen)), page)

        here = await self._database.read(look)
        if here is not None:
            return here
        now = self._clock.now()

        def deliver(connection: Connection) -> PageText:
            seen = scopes_of(connection, who.person)
            page = _after(connection, since, limit, seen)
            _tell_delivered(connection, page, who, now)
            return self._told(self._feed_out(connection, who, since, page, mark_of(seen)), page)

        return await self._database.write(deliver)

    async def first_load(
        self, text: str, limit: int, who: Caller, cursor: str | None = None
    ) -> PageText:
        """Everything, today's patients first, each part in the order of ids: as it stood at one
        position of the feed or later. The last page leads to that position.

        `cursor`: where a device that has loaded before stood when it began this one.
        """
        who.must_be_allowed(Action.OPEN_CHART)
        limit, now = min(limit, FEED_MAX_RECORDS), self._clock.now()

        def deliver(connection: Connection) -> PageText:
            seen = scopes_of(connection, who.person)
            scope = mark_of(seen)
            if not text and cursor is not None:
                self._cursors.must_be_of_our_history(connection, cursor, who.device)
            load = self._cursors.load_of(connection, text, who.device, scope)
            page = _of_load(connection, load, limit, now, seen)
            if load.is_of_today and not page.records:
                load = Load(load.as_of, is_of_today=False)
                page = _of_load(connection, load, limit, now, seen)
            _tell_delivered(connection, page, who, now)
            then = _next_load(load, page)
            if then is None:  # from there the feed goes on
                has_more = feed_head(connection) > load.as_of > 0
                page = replace(page, has_more=has_more, until=load.as_of)
                return self._told(self._feed_out(connection, who, 0, page, scope), page)
            place = self._cursors.load_at(connection, who.device, then, scope)
            page = replace(page, has_more=True)
            return self._told(self._feed_out(connection, who, 0, page, scope, place), page)

        return await self._database.write(deliver)

    def _told(self, out: FeedOut, page: _Page) -> PageText:
        return page_text(out, map(self._judgement.record_text, page.records))

    def _feed_out(
        self,
        connection: Connection,
        who: Caller,
        since: int,
        page: _Page,
        scope: str,
        load: str | None = None,
    ) -> FeedOut:
        """All but its records."""
        cursor = self._cursors.at(connection, who.device, page.until, scope)
        return FeedOut(
            since=since,
            until=page.until,
            records=[],
            has_more=page.has_more,
            cursor=cursor.text if load is None else None,
            epoch=cursor.epoch,
            load=load,
            gone=[
                GoneOut(patient=gone.patient, record=gone.record, reason=gone.reason)
                for gone in page.gone
            ],
            scope=scope,
            head=WitnessBody.from_domain(head(connection)),
        )


def _after(connection: Connection, since: int, limit: int, seen: ScopeIds) -> _Page:
    """What the reader is to know of the feed after `since`. The last page leads to its head, over
    all that is not the reader's to see."""
    visible_ones = visible(table_of_records.c.patient, seen)
    found = _page(records.since(connection, since, limit + 1, visible_ones), limit)
    gone = departures_since(connection, since, limit + 1, concerns(seen))
    until = found.records[-1].position if found.has_more else max(feed_head(connection), since)
    if len(gone) > limit:  # the last of them that fits ends the page
        gone = gone[:limit]
        until = min(until, gone[-1].position)
    here = [record for record in found.records if record.position <= until]
    return _Page(
        here,
        found.has_more or len(here) < len(found.records) or until < feed_head(connection),
        until,
        tuple(one for one in gone if one.position <= until),
    )


def _of_load(
    connection: Connection, load: Load, limit: int, now: datetime, seen: ScopeIds
) -> _Page:
    visible_ones = visible(table_of_records.c.patient, seen)
    if load.is_of_today:
        times = (now - NEAR_TODAY, now + NEAR_TODAY)
        found = records.of_patients_seen(connection, *times, load.after, limit + 1, visible_ones)
    else:
        found = records.in_id_order(connection, load.after, limit + 1, visible_ones)
    return _page(found, limit)


def _next_load(load: Load, page: _Page) -> Load | None:
    """None: all is told."""
    if page.has_more:
        return replace(load, after=str(page.records[-1].id))
    return Load(load.as_of, is_of_today=False) if load.is_of_today else None


def _tell_delivered(connection: Connection, page: _Page, who: Caller, now: datetime) -> None:
    patients = dict.fromkeys(record.patient for record in page.records)
    event = event_of(Act.RECORDS_DELIVERED, now, actor=who.person, device=who.device)
    append_of_each(connection, event, patients)


def _page(found: list[RecordRow], limit: int) -> _Page:
    """As many as may go in one answer, and at least one of them."""
    size, records_here = 0, found[:limit]
    for count, record in enumerate(records_here):
        size += len(record.document)
        if size > FEED_MAX_BYTES and count > 0:
            return _Page(records_here[:count], True)
    return _Page(records_here, len(found) > limit)


def _push_out(
    connection: Connection,
    who: Caller,
    body: PushEnvelope,
    results: list[ChangeResultOut],
    now: datetime,
) -> PushOut:
    """With the device's own events: how far they are held, and the server's own chain."""
    events_until = take_events(connection, who, body.events, now)
    newest = WitnessBody.from_domain(head(connection))
    return PushOut(results=results, events_until=events_until, head=newest, takes=PUSH_MAX_CHANGES)


def _result(sent: dict[str, Any], answer: ChangeResultOut | Failed) -> ChangeResultOut:
    if isinstance(answer, ChangeResultOut):
        return answer
    if isinstance(answer.error, Failure):
        raise answer.error
    log.error("change failed: %s", type(answer.error).__name__, exc_info=answer.error)
    return ChangeResultOut(change=sent["id"], outcome=Outcome.REFUSED, code=Code.SERVER_ERROR)
