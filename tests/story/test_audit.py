"""The server's audit chain under hands that should not be there, and what the desks say of it."""

import sqlite3
from collections.abc import Callable

import pytest

from app.domain.audit import CHAIN_START, leaf_of, next_digest
from app.domain.changes import RecordType
from app.domain.failures import Code
from server.commands import verify_audit
from tests.fakes.time_loop import until
from tests.story.clinic import Clinic, Desk
from ui import wording

Hands = Callable[[sqlite3.Connection], None]


def change_one(database: sqlite3.Connection) -> None:
    database.execute(
        "UPDATE audit_log SET event = CAST(replace(CAST(event AS TEXT), ':null', ':1') AS BLOB)"
        " WHERE number = 3"
    )


def delete_one(database: sqlite3.Connection) -> None:
    database.execute("DELETE FROM audit_log WHERE number = 3")


def delete_the_last(database: sqlite3.Connection) -> None:
    database.execute("DELETE FROM audit_log WHERE number = (SELECT max(number) FROM audit_log)")


def delete_and_compute_anew(database: sqlite3.Connection) -> None:
    """What a clever hand does: every later digest is right again."""
    rows = database.execute("SELECT number, event FROM audit_log ORDER BY number").fetchall()
    database.execute("DELETE FROM audit_log WHERE number >= 3")
    digest = CHAIN_START
    for number, event in rows:
        if number == 3:
            continue
        digest = next_digest(digest, leaf_of(event))
        place = number if number < 3 else number - 1
        if number > 3:
            database.execute(
                "INSERT INTO audit_log SELECT ?, ?, ?, ?, '2026-11-21T09:00:00+00:00', NULL",
                (place, event, digest, f"anew-{place}"),
            )


def touch(clinic: Clinic, hands: Hands) -> None:
    """Past the server and past its guards."""
    database = sqlite3.connect(clinic.server.settings.database, timeout=10)
    triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        database.execute(f'DROP TRIGGER "{name}"')
    hands(database)
    database.commit()
    database.close()


async def a_day_of_work(clinic: Clinic) -> Desk:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    await desk.keeps_note("a line of the chart")
    await desk.everything_is_sent()
    await clinic.passes(
        65
    )  # two looks: the events of the first are in the chain that the next sees
    return desk


@pytest.mark.parametrize(
    "hands", [change_one, delete_one, delete_the_last, delete_and_compute_anew]
)
async def test_a_touched_chain_is_not_sound_for_whoever_holds_a_digest(
    clinic: Clinic, hands: Hands
) -> None:
    desk = await a_day_of_work(clinic)
    witness = await desk.store.transaction(lambda unit: unit.audit.server_witness())
    assert verify_audit(clinic.server.settings.database, [witness]).fault is None
    touch(clinic, hands)
    assert verify_audit(clinic.server.settings.database, [witness]).fault is not None


@pytest.mark.parametrize("hands", [delete_the_last, delete_and_compute_anew])
async def test_what_contradicts_the_desks_digest_raises_the_alarm_there(
    clinic: Clinic, hands: Hands
) -> None:
    clinic.expected_errors.append("server not trusted: audit-mismatch")
    desk = await a_day_of_work(clinic)
    assert desk.services.sync.state.value.audit_alarm is None
    touch(clinic, hands)
    desk.services.sync.poke()
    await until(lambda: desk.services.sync.state.value.audit_alarm is not None, limit_s=120)
    assert desk.models.status.screen.server == wording.failure(Code.AUDIT_MISMATCH)


async def test_a_deleted_last_audit_row_raises_the_alarm_and_work_goes_on(clinic: Clinic) -> None:
    clinic.expected_errors.append("server not trusted: audit-mismatch")
    desk = await a_day_of_work(clinic)
    touch(clinic, delete_the_last)
    desk.services.sync.poke()
    await until(lambda: desk.services.sync.state.value.audit_alarm is not None, limit_s=120)
    await desk.keeps_note("kept under the alarm")
    await desk.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.NOTE)) == 2
    assert desk.services.sync.state.value.audit_alarm is Code.AUDIT_MISMATCH


async def test_the_alarm_is_raised_again_after_a_restart(clinic: Clinic) -> None:
    """What a desk holds of the chain lies in its store."""
    clinic.expected_errors.append("server not trusted: audit-mismatch")
    desk = await a_day_of_work(clinic)
    await desk.ends()
    touch(clinic, delete_the_last)
    await desk.starts()
    await desk.signs_in()
    await until(lambda: desk.services.sync.state.value.audit_alarm is not None, limit_s=120)


async def test_an_untouched_chain_is_never_an_alarm(clinic: Clinic) -> None:
    desk = await a_day_of_work(clinic)
    cart = await clinic.cart()
    await clinic.passes(120)
    assert desk.services.sync.state.value.audit_alarm is None
    assert cart.services.sync.state.value.audit_alarm is None
