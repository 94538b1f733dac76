"""The server's chain: told to every device, read by few, and every tampering found."""

import json
import sqlite3
from pathlib import Path

import pytest

from app.contract.audit import ChainOut
from app.domain.audit import (
    EMPTY_CHAIN,
    Act,
    Witness,
    leaf_of,
    next_digest,
    verify_extension,
)
from app.domain.failures import Code, Untrusted
from server.commands import verify_audit
from tests.server.given import Clinic, Device, code_of


async def _chain(desk: Device, since: int, limit: int = 5000) -> ChainOut:
    answer = await desk.http.get("/v1/audit/chain", params={"since": since, "limit": limit})
    assert answer.status_code == 200
    return ChainOut.model_validate_json(answer.content)


async def _some_events(clinic: Clinic) -> tuple[Device, Witness]:
    """A chain of a dozen events, and its head as a client of that moment holds it."""
    desk = await clinic.doctor()
    patient, visit = clinic.add_visit()
    answer = await desk.push(*(desk.note(visit, patient, f"{number}") for number in range(8)))
    return desk, Witness(answer["head"]["count"], answer["head"]["digest"])


def _verified_extension(held: Witness, part: ChainOut) -> Witness:
    return verify_extension(held, part.leaves, part.head.to_domain())


async def test_a_client_follows_the_chain_by_its_leaves(clinic: Clinic) -> None:
    desk, head = await _some_events(clinic)
    held = EMPTY_CHAIN
    while held.count < head.count:
        part = await _chain(desk, held.count, limit=5)
        held = _verified_extension(held, part)
        assert part.has_more == (held.count < head.count)
    assert held == head
    await desk.http.post("/v1/sign-out")
    assert verify_audit(clinic.settings.database, [head]).is_sound


async def test_the_table_itself_refuses_to_be_changed(clinic: Clinic) -> None:
    await _some_events(clinic)
    for statement in (
        "UPDATE audit_log SET digest = digest WHERE number = 3",
        "DELETE FROM audit_log WHERE number = 3",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            clinic.sql(statement)


# Each as somebody with the file and full rights would do it, past the guards.
async def test_a_changed_row_is_found(clinic: Clinic) -> None:
    _, head = await _some_events(clinic)
    _without_guards(clinic.settings.database, _change_row)
    found = verify_audit(clinic.settings.database, [head])
    assert found.fault is not None
    assert (found.fault.number, found.fault.what) == (5, "a row was changed")


async def test_a_deleted_row_is_found(clinic: Clinic) -> None:
    _, head = await _some_events(clinic)
    _without_guards(clinic.settings.database, _delete_row)
    found = verify_audit(clinic.settings.database, [head])
    assert found.fault is not None
    assert (found.fault.number, found.fault.what) == (5, "a row is missing")


async def test_a_deleted_last_row_is_found_by_whoever_saw_it(clinic: Clinic) -> None:
    desk, head = await _some_events(clinic)
    _without_guards(clinic.settings.database, _delete_last)
    assert verify_audit(clinic.settings.database, []).fault is None  # why clients hold digests
    found = verify_audit(clinic.settings.database, [head])
    assert found.fault is not None
    assert found.fault.number == head.count
    with pytest.raises(Untrusted) as caught:
        _verified_extension(head, await _chain(desk, head.count))
    assert caught.value.code is Code.AUDIT_MISMATCH


async def test_a_chain_computed_anew_is_found_by_whoever_saw_the_old_one(clinic: Clinic) -> None:
    desk, head = await _some_events(clinic)
    _without_guards(clinic.settings.database, _delete_and_compute_anew)
    assert verify_audit(clinic.settings.database, []).fault is None
    found = verify_audit(clinic.settings.database, [head])
    assert found.fault is not None
    with pytest.raises(Untrusted):
        _verified_extension(head, await _chain(desk, head.count))
    await desk.push(events=(desk.event(), desk.event()))
    with pytest.raises(Untrusted):
        _verified_extension(head, await _chain(desk, head.count))


async def test_a_row_whose_index_lies_is_found(clinic: Clinic) -> None:
    _, head = await _some_events(clinic)

    def hide(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE audit_log SET patient = NULL WHERE number = 6")

    _without_guards(clinic.settings.database, hide)
    found = verify_audit(clinic.settings.database, [head])
    assert found.fault is not None
    assert found.fault.number == 6


async def test_missing_guards_are_told(clinic: Clinic) -> None:
    _, head = await _some_events(clinic)
    clinic.sql("DROP TRIGGER audit_log_no_delete")
    found = verify_audit(clinic.settings.database, [head])
    assert found.fault is None
    assert (found.missing_guards, found.is_sound) == (["audit_log_no_delete"], False)


async def test_the_audit_is_read_by_few_and_that_is_audited(clinic: Clinic) -> None:
    desk, nurse = await clinic.doctor(), await clinic.nurse()
    patient, visit = clinic.add_visit()
    await nurse.push_one(nurse.note(visit, patient))
    refused = await nurse.http.get("/v1/audit/events")
    assert (refused.status_code, code_of(refused)) == (403, "not-allowed")
    answer = await desk.http.get("/v1/audit/events", params={"patient": str(patient)})
    acts = [row["event"]["act"] for row in answer.json()["rows"]]
    assert acts == ["patient-entered-scope", "patient-added", "visit-added", "note-kept"]
    [read] = clinic.audited(Act.AUDIT_READ)
    assert (read["actor"], read["patient"]) == (str(desk.person.id), str(patient))


async def test_events_are_found_by_time(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    clinic.clock.move(60)
    start = clinic.clock.now().isoformat()
    patient, visit = clinic.add_visit()
    clinic.clock.move(60)
    end = clinic.clock.now().isoformat()
    await desk.push_one(desk.note(visit, patient))
    answer = await desk.http.get("/v1/audit/events", params={"from": start, "to": end})
    acts = [row["event"]["act"] for row in answer.json()["rows"]]
    assert acts == ["patient-entered-scope", "patient-added", "visit-added"]
    naive = await desk.http.get("/v1/audit/events", params={"from": "2026-11-21T09:00:00"})
    assert code_of(naive) == "malformed"


async def test_a_devices_event_is_found_by_the_corrected_time(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    half_an_hour = 1_800_000
    unknown, known = desk.event(), desk.event(offset_ms=half_an_hour)  # both at nine by its clock
    assert (await desk.push(events=(unknown, known)))["events_until"] == 2
    found = {}
    for start, end in (("09:00", "09:10"), ("09:30", "09:40")):
        times = {"from": f"2026-11-21T{start}:00Z", "to": f"2026-11-21T{end}:00Z"}
        answer = await desk.http.get("/v1/audit/events", params=times)
        events = [row["event"] for row in answer.json()["rows"]]
        found[start] = [event["id"] for event in events if event["act"] == "patient-opened"]
    assert found == {"09:00": [unknown["event"]["id"]], "09:30": [known["event"]["id"]]}
    assert verify_audit(clinic.settings.database, []).is_sound


async def test_an_offset_beyond_the_calendar_is_not_taken(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    event = desk.event(offset_ms=1)
    event["event"]["offset_ms"] = 2**62
    assert (await desk.push(events=(event,)))["events_until"] == 0


def _without_guards(database: Path, act: object) -> None:
    """Drop the triggers, act, put them back as they were."""
    assert callable(act)
    connection = sqlite3.connect(database, timeout=10)
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    triggers = connection.execute(query).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    act(connection)
    for _, statement in triggers:
        connection.execute(statement)
    connection.commit()
    connection.close()


def _change_row(connection: sqlite3.Connection) -> None:
    [(data,)] = connection.execute("SELECT event FROM audit_log WHERE number = 5").fetchall()
    event = json.loads(data)
    event["at"] = event["at"].replace("2026", "2025")
    changed = json.dumps(event, sort_keys=True, separators=(",", ":")).encode()
    query = "UPDATE audit_log SET event = ?, at = ? WHERE number = 5"
    connection.execute(query, (changed, event["at"]))


def _delete_row(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit_log WHERE number = 5")


def _delete_last(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit_log WHERE number = (SELECT max(number) FROM audit_log)")


def _delete_and_compute_anew(connection: sqlite3.Connection) -> None:
    """A row gone, the later ones moved up, every digest after it right again."""
    _delete_row(connection)
    rows = connection.execute(
        "SELECT number, event FROM audit_log WHERE number > 5 ORDER BY number"
    ).fetchall()
    [(digest,)] = connection.execute("SELECT digest FROM audit_log WHERE number = 4").fetchall()
    for number, event in rows:
        digest = next_digest(digest, leaf_of(event))
        query = "UPDATE audit_log SET number = ?, digest = ? WHERE number = ?"
        connection.execute(query, (number - 1, digest, number))
