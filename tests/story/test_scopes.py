"""A patient goes to another clinic: the desk lets them go, but never with something unsent."""

from sqlalchemy import Connection

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import RecordType
from server import scopes
from server.database import write_once
from server.scopes import ScopeKind
from tests.fakes.time_loop import until
from tests.server.given import PASSWORD
from tests.story.clinic import Booked, Clinic, Desk


def goes_to_another_clinic(clinic: Clinic, booked: Booked) -> None:
    now = clinic.clock.now()

    def write(connection: Connection) -> None:
        hill = scopes.add_scope(connection, ScopeKind.CLINIC, "Hill", now)
        scopes.put_patient(connection, booked.patient, hill, now)
        home = scopes.home_clinic(connection)
        scopes.take_patient(connection, booked.patient, home, now)

    write_once(clinic.server.settings.database, write)


def listed(desk: Desk) -> set[str]:
    return {str(row.visit.id) for row in desk.services.worklist.state.value.rows}


async def texts_here(desk: Desk) -> list[str]:
    rows = await desk.store.look(lambda unit: unit.records.find_patients("doe", 10))
    return [patient.family_name for patient in rows]


async def test_a_patient_who_left_is_gone_from_every_desk(clinic: Clinic) -> None:
    leaves, stays = clinic.books_a_visit(), clinic.books_a_visit()
    desk = await clinic.workstation()
    await until(lambda: listed(desk) == {str(leaves.visit), str(stays.visit)})
    goes_to_another_clinic(clinic, leaves)
    await clinic.passes(95)
    assert listed(desk) == {str(stays.visit)}
    assert len(await texts_here(desk)) == 1
    await clinic.passes(65)
    [told] = clinic.server.audited(Act.RECORDS_PURGED)
    assert told["patient"] == str(leaves.patient)


async def test_what_was_written_in_the_outage_stays_and_is_shown_as_refused(
    clinic: Clinic,
) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    await desk.everything_is_sent()
    desk.network.cut()
    await desk.keeps_note("written in the dark")
    goes_to_another_clinic(clinic, booked)
    await desk.network.heal()
    await until(lambda: len(desk.services.sync.state.value.refused) == 1, limit_s=600)
    assert desk.notes()[0][0] == "written in the dark"
    assert clinic.at_the_server(RecordType.NOTE) == []
    await clinic.passes(95)
    assert desk.notes()[0][0] == "written in the dark"  # still, and the chart is open
    assert listed(desk) == {str(booked.visit)}


async def test_the_next_person_at_the_desk_sees_their_own_patients_alone(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await until(lambda: listed(desk) == {str(booked.visit)})
    other = clinic.server.add_person("dr-ito", "Dr Ito", Role.CLINICIAN)
    now = clinic.clock.now()

    def write(connection: Connection) -> None:
        hill = scopes.add_scope(connection, ScopeKind.CLINIC, "Hill", now)
        scopes.put_person(connection, other.id, hill, now)
        home = scopes.home_clinic(connection)
        scopes.take_person(connection, other.id, home, now)

    write_once(clinic.server.settings.database, write)
    await desk.services.sign_in.sign_out()
    await desk.services.sign_in.sign_in("dr-ito", PASSWORD)
    assert await texts_here(desk) == []
    await clinic.passes(35)
    assert listed(desk) == set()
    await desk.services.sign_in.sign_out()
    await desk.signs_in()
    await until(lambda: listed(desk) == {str(booked.visit)}, limit_s=60)
