"""The audit events that devices wrote while nobody saw them: taken over in order, or an alarm.

Each device has a chain of its own. What continues it without a gap is appended to the server's
chain; the first that does not is evidence, told once, and nothing after it is taken.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from app.contract.audit import DeviceEventBody
from app.domain.audit import Act, AuditEvent, Witness, extended, leaf_of
from app.domain.failures import Code
from app.domain.ids import EventId, PersonId
from server.audit_trail import append, append_all, event_of, known_of
from server.auth import Caller
from server.sync.store import DeviceChain, device_chain, keep_device_chain

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Taken:
    """How far the chain goes now, what is new in it, and why it goes no further."""

    held: Witness
    events: list[AuditEvent]
    fault: Code | None


def take_events(
    connection: Connection, who: Caller, sent: Sequence[dict[str, Any]], now: datetime
) -> int:
    """The device's last event that is held without a gap before it."""
    chain = device_chain(connection, who.device)
    taken = _continue(connection, who, chain.held, sent)
    append_all(connection, taken.events)
    after = DeviceChain(taken.held, chain.alarmed_at)
    if taken.fault is not None and chain.alarmed_at != taken.held.count:
        _give_alarm(connection, who, taken.fault, now)
        after = replace(after, alarmed_at=taken.held.count)
    if after != chain:
        keep_device_chain(connection, who.device, after)
    return taken.held.count


def _continue(
    connection: Connection, who: Caller, held: Witness, sent: Sequence[dict[str, Any]]
) -> _Taken:
    events: list[AuditEvent] = []
    bodies = [_read(raw) for raw in sent]
    known = known_of(connection, [EventId(body.event.id) for body in bodies if body is not None])
    for body in bodies:
        if body is None:
            return _Taken(held, events, Code.MALFORMED)
        if body.number <= held.count:
            continue  # its acknowledgement was lost on the way
        if body.number != held.count + 1:
            return _Taken(held, events, Code.AUDIT_GAP)
        event = body.event.to_domain()
        reached = extended(held, [leaf_of(event.canonical())])
        is_foreign = event.device not in (None, who.device)
        if reached.digest != body.digest or is_foreign or event.id in known:
            return _Taken(held, events, Code.AUDIT_MISMATCH)
        known.add(event.id)
        events.append(event)
        held = reached
    return _Taken(held, events, None)


def _read(raw: dict[str, Any]) -> DeviceEventBody | None:
    try:
        return DeviceEventBody.model_validate(raw)
    except ValidationError:
        return None


def _give_alarm(connection: Connection, who: Caller, fault: Code, now: datetime) -> None:
    log.warning("audit chain of device %s does not continue: %s", who.device, fault)
    event = event_of(
        Act.AUDIT_ALARM,
        now,
        actor=PersonId(who.person),
        device=who.device,
        subject=who.device,
        code=fault,
    )
    append(connection, event)
