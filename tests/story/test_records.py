"""What is kept at one desk, with and without the server, and what the other desk sees of it."""

import json
from dataclasses import replace
from typing import cast

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code
from app.domain.visits import VisitState
from tests.fakes.time_loop import until
from tests.story.clinic import Clinic, Desk
from ui import wording
from ui.tone import Tone
from ui.view_models.vitals import VitalsViewModel
from ui.view_models.window import Page

CONFIRMED = "confirmed by the server"
NOT_CONFIRMED = "not yet confirmed by the server"


async def test_a_note_kept_offline_reaches_the_server_once(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    await desk.keeps_note("before the cut")
    await desk.everything_is_sent()
    desk.network.cut()
    await desk.keeps_note("written in the dark")
    await clinic.passes(15)
    assert desk.notes()[0] == ("written in the dark", NOT_CONFIRMED)
    assert len(clinic.at_the_server(RecordType.NOTE)) == 1
    await desk.network.heal(repeating_the_last_push=True)
    await desk.everything_is_sent()
    texts = [note["text"] for note in clinic.at_the_server(RecordType.NOTE)]
    assert texts == ["before the cut", "written in the dark"]
    await until(lambda: [confirmed for _, confirmed in desk.notes()] == [CONFIRMED] * 2)
    assert len(clinic.server.audited(Act.NOTE_KEPT)) == 2 * len(texts)  # server's and desk's own


async def test_a_note_whose_answer_was_lost_is_there_once(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    await desk.everything_is_sent()
    desk.network.loses_the_answer_to("/v1/push", times=3)
    await desk.keeps_note("once")
    await desk.everything_is_sent()
    assert [note["text"] for note in clinic.at_the_server(RecordType.NOTE)] == ["once"]
    assert desk.notes() == [("once", CONFIRMED)]


async def test_the_last_push_again_and_again_changes_nothing(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    cart = await clinic.cart()
    await cart.opens(booked)
    await cart.keeps_pressure(128, 76)
    await cart.keeps_note("with it")
    await cart.everything_is_sent()
    await clinic.passes(65)  # its own audit events go with the next looks
    rows = clinic.server.sql("SELECT id, version, position FROM records ORDER BY id")
    audited = len(clinic.server.sql("SELECT number FROM audit_log"))
    for _ in range(3):
        await cart.network.heal(repeating_the_last_push=True)
    assert clinic.server.sql("SELECT id, version, position FROM records ORDER BY id") == rows
    assert len(clinic.server.sql("SELECT number FROM audit_log")) == audited


async def test_the_screen_says_what_is_gone_and_since_when(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    desk.network.cut()
    await desk.keeps_note("waits")
    await until(lambda: desk.services.sync.state.value.code is not None)
    status, call = desk.models.status.screen, desk.models.visit.call.screen
    assert "not reachable since" in status.server
    assert "1" in status.unsent
    assert call.outage and call.outage_detail
    await desk.network.heal()
    await desk.everything_is_sent()
    assert desk.models.status.screen.server == "Server reachable"
    assert desk.models.visit.call.screen.outage == ""


async def test_a_program_closed_in_the_outage_sends_it_the_next_time(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    await desk.everything_is_sent()
    desk.network.refuse()
    await desk.keeps_note("kept, and then the window was closed")
    await desk.ends()
    await desk.network.heal()
    await desk.starts()
    assert desk.page is Page.SIGN_IN
    await desk.signs_in()
    await desk.everything_is_sent()
    [note] = clinic.at_the_server(RecordType.NOTE)
    assert note["text"] == "kept, and then the window was closed"


async def test_where_nothing_is_kept_the_end_sends_what_waits(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    await desk.everything_is_sent()
    signed_in = desk.services.sign_in.state
    signed_in.tell(replace(signed_in.value, is_kept=False))
    desk.network.refuse()
    await desk.keeps_note("would be lost")
    await clinic.passes(60)  # the next try is some seconds away
    await desk.network.heal()
    await desk.ends()
    assert [note["text"] for note in clinic.at_the_server(RecordType.NOTE)] == ["would be lost"]
    await desk.starts()


async def test_whoever_signed_in_here_before_works_through_an_outage(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    await desk.everything_is_sent()
    await desk.ends()
    desk.network.refuse()
    await desk.starts()
    await desk.signs_in()
    await desk.opens(booked)
    await desk.keeps_note("signed in without the server")
    await desk.network.heal()
    await desk.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.NOTE)) == 1


async def in_one_visit(clinic: Clinic) -> tuple[Desk, Desk]:
    """Cart and workstation, both joined."""
    booked = clinic.books_a_visit()
    cart, desk = await clinic.cart(), await clinic.workstation()
    await cart.opens(booked)
    await cart.everything_is_sent()
    await desk.opens(booked)
    await desk.sees(booked, VisitState.CHECKED_IN)
    desk.models.visit.call.join()
    seen = [one.services.call.state for one in (cart, desk)]
    await until(lambda: all(state.value.far is not None for state in seen))
    await desk.everything_is_sent()
    return cart, desk


async def test_a_reading_kept_at_the_cart_is_seen_by_the_clinician_first_unconfirmed_then_confirmed(
    clinic: Clinic,
) -> None:
    cart, desk = await in_one_visit(clinic)
    desk.network.answers_to_lose["/v1/feed"] = 1
    cart.network.answers_to_lose["/v1/push"] = 1  # it is on the disk, nobody here knows
    await cart.keeps_pressure(143, 87)
    await until(desk.readings)
    [seen] = desk.readings()
    assert "143 over 87" in seen and NOT_CONFIRMED in seen
    await until(lambda: desk.readings() and NOT_CONFIRMED not in desk.readings()[0])
    [seen] = desk.readings()
    assert "143 over 87" in seen and CONFIRMED in seen
    await cart.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.READING)) == 1


async def test_live_pressure_is_seen_at_the_other_side_and_grows_stale(clinic: Clinic) -> None:
    cart, desk = await in_one_visit(clinic)
    cart.models.visit.vitals.start()
    await until(lambda: cart.cuff.visit is not None)
    cart.cuff.inflates_to(132)
    await until(lambda: desk.models.visit.vitals.screen.live is not None)
    live = desk.models.visit.vitals.screen.live
    assert live is not None and "132" in live.value and not live.is_stale
    await clinic.passes(3)
    cast(VitalsViewModel, desk.models.visit.vitals).refresh()
    live = desk.models.visit.vitals.screen.live
    assert live is None or live.is_stale


async def test_a_reading_of_another_visit_cannot_be_kept(clinic: Clinic) -> None:
    first, second = clinic.books_a_visit(), clinic.books_a_visit()
    cart = await clinic.cart()
    await cart.opens(first)
    cart.models.visit.vitals.start()
    await until(lambda: cart.cuff.visit == first.visit)
    cart.models.visit.visit.back()
    await until(lambda: cart.page is Page.CART_HOME)
    await cart.opens(second)
    cart.cuff.tells_a_result_for(first.visit, 128, 76)  # it comes late
    await clinic.passes(1)
    vitals = cart.models.visit.vitals
    assert (vitals.screen.result, vitals.screen.can_keep) == (None, False)
    vitals.keep()
    await until(lambda: vitals.screen.message)
    await cart.everything_is_sent()
    assert clinic.at_the_server(RecordType.READING) == []


async def test_an_implausible_pressure_is_shown_refused_with_its_reason(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    cart = await clinic.cart()
    await cart.opens(booked)
    cart.models.visit.vitals.start()
    await until(lambda: cart.cuff.visit is not None)
    cart.cuff.measures(90, 110)
    await until(lambda: cart.models.visit.vitals.screen.result_message)
    screen = cart.models.visit.vitals.screen
    assert screen.result is not None and "90/110" in wording.spoken(screen.result.value)
    assert not screen.can_keep
    await until(lambda: clinic.server.audited(Act.READING_REFUSED))
    [refused] = clinic.server.audited(Act.READING_REFUSED)
    assert refused["code"] == str(Code.SYSTOLIC_NOT_ABOVE_DIASTOLIC)


async def test_two_desks_conflict_is_shown_and_nothing_is_overwritten(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    one, two = await clinic.workstation("one"), await clinic.workstation("two")
    await one.opens(booked)
    await one.services.visits.begin(booked.visit)
    await one.everything_is_sent()
    await two.opens(booked)
    chart = two.services.chart.state
    await until(lambda: chart.value.row and chart.value.row.visit.state is VisitState.IN_VISIT)
    two.network.cut()
    two.models.visit.visit.finish()
    await until(lambda: two.services.sync.state.value.unsent_count == 1)
    one.models.visit.visit.finish()
    await until(lambda: one.models.visit.visit.screen.state == "Finished")
    await one.everything_is_sent()
    [before] = clinic.server.sql(
        "SELECT version, document FROM records WHERE id = ?", str(booked.visit)
    )
    await two.network.heal()
    await until(lambda: two.services.sync.state.value.refused)
    await until(lambda: two.models.unsent.screen.rows)
    [row] = two.models.unsent.screen.rows
    assert (row.mine, row.theirs) == ("Finished", "Finished")
    assert row.can_write_anew and row.can_give_up
    assert two.models.status.screen.unsent_tone is Tone.BAD
    after = clinic.server.sql(
        "SELECT version, document FROM records WHERE id = ?", str(booked.visit)
    )
    assert after == [before]
    two.models.unsent.give_up(row.change)
    await until(lambda: not two.models.unsent.screen.rows)
    await until(lambda: clinic.server.audited(Act.CHANGE_GIVEN_UP))
    [given_up] = clinic.server.audited(Act.CHANGE_GIVEN_UP)
    assert given_up["subject"] == str(row.change)


async def test_who_joins_before_the_check_in_has_arrived_is_asked_nothing(clinic: Clinic) -> None:
    """Both moved the visit from "booked": each move stands upon the other, in either order."""
    booked = clinic.books_a_visit()
    cart, desk = await clinic.cart(), await clinic.workstation()
    await desk.sees(booked, VisitState.BOOKED)
    await cart.sees(booked, VisitState.BOOKED)
    cart.network.cut()
    await cart.opens(booked)
    await until(lambda: cart.services.sync.state.value.unsent_count == 1)
    await desk.opens(booked)
    await desk.services.visits.begin(booked.visit)
    await desk.everything_is_sent()
    await cart.network.heal()
    await cart.everything_is_sent()
    assert cart.services.sync.state.value.refused == ()
    [visit] = clinic.at_the_server(RecordType.VISIT)
    assert visit["state"] == VisitState.IN_VISIT
    assert visit["checked_in_at"] is not None
    await desk.services.visits.finish(booked.visit)  # upon what the cart has just told
    await desk.everything_is_sent()
    assert clinic.at_the_server(RecordType.VISIT)[0]["state"] == VisitState.FINISHED


async def test_a_visit_held_in_an_outage_goes_upon_the_check_in_that_came_first(
    clinic: Clinic,
) -> None:
    booked = clinic.books_a_visit()
    cart, desk = await clinic.cart(), await clinic.workstation()
    await desk.sees(booked, VisitState.BOOKED)
    desk.network.cut()
    await desk.opens(booked)
    for move in (desk.services.visits.begin, desk.services.visits.finish):
        await move(booked.visit)
    await cart.opens(booked)
    await cart.everything_is_sent()
    await desk.network.heal()
    await desk.everything_is_sent()
    assert desk.services.sync.state.value.refused == ()
    [visit] = clinic.at_the_server(RecordType.VISIT)
    assert visit["state"] == VisitState.FINISHED
    assert visit["checked_in_at"] is not None
    anew = clinic.server.audited(Act.CHANGE_WRITTEN_ANEW)
    assert len(anew) == 2


async def test_a_message_arrives_at_the_other_side(clinic: Clinic) -> None:
    cart, desk = await in_one_visit(clinic)
    cart.models.visit.messages.send("The patient is ready.")
    rows = desk.models.visit.messages
    await until(lambda: rows.screen.rows)
    [row] = rows.screen.rows
    assert (row.text, row.is_own, row.confirmation) == ("The patient is ready.", False, CONFIRMED)


async def test_a_check_in_at_the_cart_is_seen_in_todays_list(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk, cart = await clinic.workstation(), await clinic.cart()
    await until(lambda: desk.models.worklist.screen.rows)
    assert desk.models.worklist.screen.rows[0].state == "Booked"
    await cart.opens(booked)
    await until(lambda: desk.models.worklist.screen.rows[0].state != "Booked")
    assert desk.models.worklist.screen.rows[0].state == "Checked in"


async def test_a_wrong_password_says_so_and_opens_nothing(clinic: Clinic) -> None:
    clinic.books_a_visit()
    desk = await clinic.desk("workstation", Role.CLINICIAN)
    desk.models.sign_in.sign_in("dr-lin", "wrong")
    await until(
        lambda: desk.models.sign_in.screen.message and not desk.models.sign_in.screen.is_busy
    )
    assert desk.page is Page.SIGN_IN
    assert desk.network.arrived["GET /v1/feed"] == 0
    assert len(clinic.server.audited(Act.SIGN_IN_REFUSED)) == 1


async def test_a_chart_says_that_a_newer_version_wrote_more_than_it_shows(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    cart = await clinic.cart()
    await cart.opens(booked)
    await cart.keeps_note("of our own time")
    await cart.everything_is_sent()
    [note] = clinic.server.sql("SELECT id FROM records WHERE record_type = 'note'")
    clinic.server.sql(
        "UPDATE records SET schema_version = 2, document = ? WHERE id = ?",
        json.dumps({"pages": ["of a later time"]}),
        note[0],
    )
    desk = await clinic.workstation()
    await desk.opens(booked)
    await until(lambda: desk.models.visit.visit.screen.message != "")
    screen = desk.models.visit.visit.screen
    assert screen.message == wording.text("visit.unreadable", count="1")
    assert screen.message_tone is Tone.ATTENTION
    assert desk.notes() == []
    assert cart.models.visit.visit.screen.message == ""
