"""Judged changes, device chains and epochs in SQL."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, text, update

from app.contract.sync import ChangeBody
from app.domain.audit import CHAIN_START, Witness
from app.domain.changes import Change, Outcome
from app.domain.failures import Code
from app.domain.ids import DeviceId, new_id
from server.database import feed_head
from server.held_writes import flush, write
from server.records import without_file_keys
from server.tables import device_chains, epochs, ops, time_of, time_text

THESE = select(ops).where(ops.c.id.in_(bindparam("changes", expanding=True)))
ADD = insert(ops)
NEWEST_EPOCH = select(epochs.c.id).order_by(epochs.c.number.desc()).limit(1)
EPOCH = select(epochs.c.number).where(epochs.c.id == bindparam("epoch"))
EPOCH_AFTER = select(epochs.c.began_at).where(epochs.c.number == bindparam("number"))


@dataclass(frozen=True, slots=True)
class Op:
    """A change that was judged. `change` is its body, but of a refused one nothing is kept."""

    id: UUID
    record: UUID
    body_sha256: str
    outcome: Outcome
    code: Code | None
    device: DeviceId
    change: str = ""


@dataclass(frozen=True, slots=True)
class DeviceChain:
    """How far a device's own chain is held; `alarmed_at`: the count at which an alarm was given."""

    held: Witness
    alarmed_at: int | None


def ops_with(connection: Connection, changes: Sequence[UUID]) -> dict[UUID, Op | None]:
    """Each of them: a push asks once for all that it brings."""
    rows = connection.execute(THESE, {"changes": [str(change) for change in changes]})
    found = {op.id: op for op in map(_op_of, rows)}
    return {change: found.get(change) for change in changes}


def _op_of(row: Row[Any]) -> Op:
    return Op(
        UUID(row.id),
        UUID(row.record),
        row.body_sha256,
        Outcome(row.outcome),
        None if row.code is None else Code(row.code),
        DeviceId(UUID(row.device)),
        row.change,
    )


@dataclass(frozen=True, slots=True)
class Applied:
    """A change of a record's history, and when the server had it."""

    change: Change
    received_at: datetime


def applied_to(connection: Connection, record: UUID) -> list[Applied]:
    """Newest first; each row is written when its change is, so the rows' order is theirs."""
    flush(connection)
    query = (
        select(ops.c.change, ops.c.received_at)
        .where(ops.c.record == str(record), ops.c.outcome == str(Outcome.ACCEPTED))
        .order_by(text("rowid DESC"))
    )
    return [
        Applied(ChangeBody.model_validate_json(row.change).to_domain(), time_of(row.received_at))
        for row in connection.execute(query)
        if row.change
    ]


def keep_op(connection: Connection, op: Op, at: datetime, *, is_known: bool) -> None:
    """Also anew, where `is_known`: a change that was refused may be accepted later."""
    if is_known:
        flush(connection)
        connection.execute(delete(ops).where(ops.c.id == str(op.id)))
    row = {
        "id": str(op.id),
        "record": str(op.record),
        "body_sha256": op.body_sha256,
        "outcome": str(op.outcome),
        "code": None if op.code is None else str(op.code),
        "device": str(op.device),
        "received_at": time_text(at),
        "change": op.change,
    }
    write(connection, ADD, [row])


def forget_file_keys(connection: Connection, record: UUID) -> None:
    """Of an earlier release's history, which kept those of a message's parts."""
    query = select(ops.c.id, ops.c.change).where(ops.c.record == str(record), ops.c.change != "")
    for row in connection.execute(query).all():
        told = json.dumps(without_file_keys(json.loads(row.change)))
        connection.execute(update(ops).where(ops.c.id == row.id).values(change=told))


def forget_history(connection: Connection, record: UUID) -> None:
    """What the changes of it said; that they were judged, and how, is known for ever."""
    connection.execute(update(ops).where(ops.c.record == str(record)).values(change=""))


def device_chain(connection: Connection, device: DeviceId) -> DeviceChain:
    query = select(device_chains).where(device_chains.c.device == str(device))
    row = connection.execute(query).first()
    if row is None:
        return DeviceChain(Witness(0, CHAIN_START), None)
    return DeviceChain(Witness(row.event_count, row.digest), row.alarmed_at)


def keep_device_chain(connection: Connection, device: DeviceId, chain: DeviceChain) -> None:
    connection.execute(delete(device_chains).where(device_chains.c.device == str(device)))
    connection.execute(
        insert(device_chains).values(
            device=str(device),
            event_count=chain.held.count,
            digest=chain.held.digest,
            alarmed_at=chain.alarmed_at,
        )
    )


def begin_epoch(connection: Connection) -> None:
    """At each start; it knows the feed's head at its beginning."""
    last = connection.execute(select(func.max(epochs.c.number))).scalar() or 0
    values = {"number": last + 1, "id": str(new_id()), "began_at": feed_head(connection)}
    connection.execute(insert(epochs).values(values))


def newest_epoch(connection: Connection) -> str:
    return str(connection.execute(NEWEST_EPOCH).scalar_one())


def end_of_epoch(connection: Connection, epoch: str) -> int:
    """The last position that was given in it; -1 of one that never was here."""
    number = connection.execute(EPOCH, {"epoch": epoch}).scalar()
    if number is None:
        return -1
    end: int | None = connection.execute(EPOCH_AFTER, {"number": number + 1}).scalar()
    return feed_head(connection) if end is None else end
