"""A device's own audit chain, taken over without a gap or told as an alarm."""

from app.domain.audit import Act
from app.domain.ids import new_id
from tests.server.given import Clinic


async def test_events_are_taken_in_order_and_once(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    first, second, third = desk.event(), desk.event(), desk.event()
    assert (await desk.push(events=(first, second)))["events_until"] == 2
    assert (await desk.push(events=(first, second)))["events_until"] == 2
    assert (await desk.push(events=(second, third)))["events_until"] == 3
    opened = clinic.audited(Act.PATIENT_OPENED)
    assert [event["id"] for event in opened] == [
        event["event"]["id"] for event in (first, second, third)
    ]
    assert clinic.audited(Act.AUDIT_ALARM) == []


async def test_the_answer_names_the_head_that_holds_them(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    patient, visit = clinic.add_visit()
    answer = await desk.push(desk.note(visit, patient), events=(desk.event(),))
    [(count,)] = clinic.sql("SELECT count(*) FROM audit_log")
    [(digest,)] = clinic.sql("SELECT digest FROM audit_log ORDER BY number DESC LIMIT 1")
    assert answer["head"] == {"count": count, "digest": digest}


async def test_a_gap_is_evidence_and_stops_what_follows(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    first, hidden, third, fourth = desk.event(), desk.event(), desk.event(), desk.event()
    for _ in range(3):
        assert (await desk.push(events=(first, third, fourth)))["events_until"] == 1
    [alarm] = clinic.audited(Act.AUDIT_ALARM)
    assert (alarm["code"], alarm["device"]) == ("audit-gap", str(desk.id))
    assert len(clinic.audited(Act.PATIENT_OPENED)) == 1
    healed = await desk.push(events=(hidden, third, fourth))
    assert healed["events_until"] == 4


async def test_an_event_changed_on_the_device_does_not_pass(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    good, changed = desk.event(), desk.event()
    changed["event"]["actor"] = str(new_id())
    assert (await desk.push(events=(good, changed)))["events_until"] == 1
    [alarm] = clinic.audited(Act.AUDIT_ALARM)
    assert alarm["code"] == "audit-mismatch"


async def test_an_event_that_cannot_be_read_stops_there(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    good, odd = desk.event(), desk.event()
    odd["event"]["act"] = "moon-landing"
    assert (await desk.push(events=(good, odd)))["events_until"] == 1
    assert [alarm["code"] for alarm in clinic.audited(Act.AUDIT_ALARM)] == ["malformed"]


async def test_two_devices_have_two_chains(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    assert (await desk.push(events=(desk.event(), desk.event())))["events_until"] == 2
    assert (await cart.push(events=(cart.event(),)))["events_until"] == 1
    assert (await desk.push())["events_until"] == 2
