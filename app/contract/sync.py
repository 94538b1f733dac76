"""Push of changes, pull of the feed. These bodies are fixed from the first day."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from app.contract.audit import DeviceEventBody, WitnessBody
from app.contract.wire import Body, Count, Instant
from app.domain.changes import (
    Change,
    ChangeResult,
    ConfirmedRecord,
    FeedCursor,
    FeedPage,
    Gone,
    GoneReason,
    Outcome,
    RecordType,
)
from app.domain.clock import ClockOffset, Stamp
from app.domain.failures import Code
from app.domain.ids import ChangeId, DeviceId, PatientId, PersonId, RecordId, VisitId
from app.domain.server_words import PUSH_CHANGES

PUSH_MAX_CHANGES = 400
FEED_MAX_RECORDS = 500
CURSOR_MOST_CHARACTERS = 1024
# Of a record that only a later release can read.
LaterType = Annotated[str, Field(max_length=64)]
COMPACT = json.JSONEncoder(separators=(",", ":"))  # made once: dumps would make one each time
NEXT_PAGE = "bedside-next-page"  # a header of a page
CursorText = Annotated[str, Field(max_length=CURSOR_MOST_CHARACTERS)]
FieldName = Annotated[str, Field(max_length=64)]


class ChangeBody(Body):
    """One operation. `device_time` is raw; `offset_ms` what the server was known to be ahead by."""

    id: UUID
    record_type: RecordType
    record: UUID
    base_version: Annotated[int, Field(ge=0)]
    fields_set: Annotated[dict[FieldName, Any], Field(max_length=64)]
    previous: Annotated[dict[FieldName, Any], Field(max_length=64)]
    schema_version: Annotated[int, Field(ge=1)]
    device: UUID
    counter: Annotated[int, Field(ge=1)]
    device_time: Instant
    offset_ms: float | None = None
    uncertainty_ms: float | None = None
    author: UUID
    patient: UUID | None = None
    visit: UUID | None = None

    @classmethod
    def from_domain(cls, change: Change) -> "ChangeBody":
        offset = change.stamp.offset
        return cls(
            id=change.id,
            record_type=change.record_type,
            record=change.record,
            base_version=change.base_version,
            fields_set=dict(change.fields_set),
            previous=dict(change.previous),
            schema_version=change.schema,
            device=change.device,
            counter=change.counter,
            device_time=change.stamp.device_time,
            offset_ms=None if offset is None else offset.offset / timedelta(milliseconds=1),
            uncertainty_ms=None
            if offset is None
            else offset.uncertainty / timedelta(milliseconds=1),
            author=change.author,
            patient=change.patient,
            visit=change.visit,
        )

    def to_domain(self, written: bytes = b"") -> Change:
        """`written`: what this was read from."""
        offset = None
        if self.offset_ms is not None and self.uncertainty_ms is not None:
            offset = ClockOffset(
                timedelta(milliseconds=self.offset_ms), timedelta(milliseconds=self.uncertainty_ms)
            )
        return Change(
            id=ChangeId(self.id),
            record_type=self.record_type,
            record=RecordId(self.record),
            base_version=self.base_version,
            fields_set=self.fields_set,
            previous=self.previous,
            device=DeviceId(self.device),
            counter=self.counter,
            stamp=Stamp(self.device_time, offset),
            author=PersonId(self.author),
            patient=None if self.patient is None else PatientId(self.patient),
            visit=None if self.visit is None else VisitId(self.visit),
            schema=self.schema_version,
            written=written,
        )


class RecordOut(Body):
    """A record as the server has it; types and fields that this release does not know are kept."""

    record_type: Annotated[RecordType | LaterType, Field(union_mode="left_to_right")]
    record: UUID
    version: Count
    position: Count
    schema_version: Count
    document: dict[str, Any]
    patient: UUID | None = None
    visit: UUID | None = None

    def to_domain(self) -> ConfirmedRecord:
        return ConfirmedRecord(
            record_type=self.record_type,
            record=RecordId(self.record),
            version=self.version,
            position=self.position,
            schema=self.schema_version,
            body=COMPACT.encode(self.document).encode(),
            patient=None if self.patient is None else PatientId(self.patient),
            visit=None if self.visit is None else VisitId(self.visit),
        )


class GoneOut(Body):
    """What is not in the feed any more; without `record`: all of the patient."""

    patient: UUID
    record: UUID | None = None
    reason: Annotated[GoneReason | LaterType, Field(union_mode="left_to_right")]

    def to_domain(self) -> Gone:
        return Gone(
            PatientId(self.patient),
            None if self.record is None else RecordId(self.record),
            self.reason,
        )


class ChangeResultOut(Body):
    """`position`, `version`: of a record whose patient the caller does not see."""

    change: UUID
    outcome: Outcome
    code: Code | None = None
    record: RecordOut | None = None
    conflict: RecordOut | None = None
    position: Count | None = None
    version: Count | None = None

    def to_domain(self) -> ChangeResult:
        return ChangeResult(
            ChangeId(self.change),
            self.outcome,
            self.code,
            None if self.record is None else self.record.to_domain(),
            None if self.conflict is None else self.conflict.to_domain(),
            self.position,
            self.version,
        )


class PushIn(Body):
    """POST /v1/push: changes oldest first, and the device's audit events since the last push.

    `cursor`: where the device stands in the feed; refused when that is not this server's history.
    """

    device: UUID
    changes: Annotated[list[ChangeBody], Field(max_length=PUSH_MAX_CHANGES)]
    events: Annotated[list[DeviceEventBody], Field(max_length=500)] = []
    cursor: CursorText | None = None


def push_body(frame: PushIn, changes: Iterable[bytes]) -> bytes:
    """The body of a push; `frame` has none of its changes, which go as they were written."""
    before, _, after = frame.model_dump_json().encode().partition(b'"changes":[]')
    return before + b'"changes":[' + b",".join(changes) + b"]" + after


class FeedOut(Body):
    """GET /v1/feed?since=N&limit=M&cursor=C: the cursor of the page before, where there was one.

    With since=0 and an empty `load` it begins a first load: pages in an order of the server's own,
    each asked for with the `load` of the one before; the last has none and leads to the feed.
    `scope` marks whom the reader sees; a cursor of another one is refused as *scope-changed*, and
    then all is loaded anew: whoever was not in that load is not theirs to see any more. `head`:
    of the audit's chain; whoever holds it need not ask for the chain.
    """

    since: Count
    until: Count
    records: Annotated[list[RecordOut], Field(max_length=FEED_MAX_RECORDS)]
    has_more: bool
    cursor: CursorText | None = None
    epoch: Annotated[str, Field(max_length=64)] | None = None
    load: CursorText | None = None
    gone: Annotated[list[GoneOut], Field(max_length=FEED_MAX_RECORDS)] = []
    scope: Annotated[str, Field(max_length=64)] | None = None
    head: WitnessBody | None = None

    def following(self) -> str | None:
        """The header by which the next page can be asked for before this one is read."""
        if not self.has_more:
            return None
        return json.dumps([self.until, self.cursor, self.load])

    @model_validator(mode="after")
    def _leads_on(self) -> Self:
        """A page that says there is more and does not move would be asked for in a circle."""
        leads_nowhere = self.has_more and self.until == self.since and not self.load
        if self.until < self.since or leads_nowhere:
            raise ValueError("a page that leads nowhere")
        return self

    def to_domain(self) -> FeedPage:
        records = tuple(record.to_domain() for record in self.records)
        return FeedPage(
            since=self.since,
            until=self.until,
            records=records,
            has_more=self.has_more,
            cursor=self.cursor,
            epoch=self.epoch,
            load=self.load,
            gone=tuple(gone.to_domain() for gone in self.gone),
            scope=self.scope,
            head=None if self.head is None else self.head.to_domain(),
        )


def following_in(header: str | None, at: FeedCursor) -> FeedCursor | None:
    """Where the page behind that at `at` begins; None where there is none, or no word of it.

    What a header says is believed only as far as to ask: the page itself says where it leads.
    """
    try:
        until, cursor, load = _FOLLOWING.validate_json(header or "")
    except ValidationError:
        return None
    return FeedCursor(until, cursor or at.text, None if until else load or "")


_FOLLOWING = TypeAdapter(tuple[Count, CursorText | None, CursorText | None])


class PushOut(Body):
    """`events_until` is the device's last event that the server holds without a gap before it.

    `leads_to`: a page without records, for a device that stood at the feed's head and now has all
    that is behind it in these results: it need not be told of its own changes again. `takes`: how
    many changes the next push may bring.
    """

    results: list[ChangeResultOut]
    events_until: Count
    head: WitnessBody
    leads_to: FeedOut | None = None
    takes: Annotated[int, Field(ge=1)] = PUSH_CHANGES
