"""Joining a cart that waits, over the real signalling: prepared unseen, taken by the click."""

from app.domain.audit import Act
from app.domain.call import Phase
from app.domain.visits import VisitState
from tests.fakes.engine import tie
from tests.fakes.time_loop import until
from tests.server.given import PASSWORD
from tests.story.clinic import Booked, Clinic, Desk
from tests.story.test_calls import both_live, phase
from ui.view_models.window import Page


async def warm(clinic: Clinic) -> tuple[Booked, Desk, Desk]:
    """The cart waits, the clinician has the chart open; nobody has joined there."""
    booked = clinic.books_a_visit()
    cart, desk = await clinic.cart(), await clinic.workstation()
    tie(cart.engine, desk.engine)
    await cart.opens(booked)
    await desk.sees(booked, VisitState.CHECKED_IN)
    await desk.opens(booked)
    await is_warm(cart, desk)
    return booked, cart, desk


async def is_warm(cart: Desk, desk: Desk) -> None:
    await until(lambda: None is not cart.engine.empty_link == desk.engine.empty_link, limit_s=120)
    await clinic_settles(desk)


async def clinic_settles(desk: Desk) -> None:
    await desk.clinic.passes(1)


def filled(desk: Desk) -> int:
    return desk.engine.count_of("fill")


async def test_nobody_is_there_before_the_click_and_the_call_is_up_after_it(clinic: Clinic) -> None:
    _, cart, desk = await warm(clinic)
    await clinic.passes(60)
    assert (phase(cart), phase(desk)) == (Phase.WAITING, Phase.IDLE)
    assert cart.models.visit.call.screen.far_caption == ""
    assert (filled(cart), filled(desk)) == (0, 0)
    joined = {event["device"] for event in clinic.server.audited(Act.VISIT_JOINED)}
    assert joined == {str(cart.services.acts.device)}
    assert clinic.server.sql("SELECT role FROM seats") == [("presenter",)]

    desk.models.visit.call.join()
    await both_live(cart, desk)
    assert (filled(cart), filled(desk)) == (1, 1)
    assert (cart.engine.count_of("connect"), desk.engine.count_of("connect")) == (0, 0)
    assert cart.models.visit.call.screen.far_caption == "The clinician"


async def test_a_cut_after_such_a_join_is_survived_as_ever(clinic: Clinic) -> None:
    _, cart, desk = await warm(clinic)
    desk.models.visit.call.join()
    await both_live(cart, desk)
    wire = desk.engine.wire
    assert wire is not None
    wire.cut()
    await until(lambda: phase(desk) is Phase.REJOINING)
    wire.heal()
    await both_live(cart, desk)
    assert desk.engine.count_of("connect") > 0


async def test_the_chart_closed_nothing_is_left_of_it(clinic: Clinic) -> None:
    _, cart, desk = await warm(clinic)
    await desk.services.desk.leave()
    await clinic.passes(5)
    assert desk.engine.empty_link is None
    assert (phase(cart), filled(cart)) == (Phase.WAITING, 0)
    assert clinic.server.audited(Act.VISIT_LEFT) == []


async def test_a_locked_screen_keeps_none_and_an_unlocked_one_has_it_again(clinic: Clinic) -> None:
    _, cart, desk = await warm(clinic)
    desk.models.status.lock()
    await until(lambda: desk.page is Page.LOCK)
    await until(lambda: desk.engine.empty_link is None)
    desk.models.lock.unlock(PASSWORD)
    await until(lambda: desk.page is Page.VISIT)
    await is_warm(cart, desk)
    desk.models.visit.call.join()
    await both_live(cart, desk)
    assert filled(cart) == 1


async def test_the_next_person_finds_none(clinic: Clinic) -> None:
    _, _, desk = await warm(clinic)
    await desk.services.sign_in.sign_out()
    await clinic.passes(5)
    assert desk.engine.empty_link is None


async def test_who_joins_first_has_the_call_and_the_other_looks_on_no_more(clinic: Clinic) -> None:
    booked, cart, desk = await warm(clinic)
    other = await clinic.workstation("another workstation")
    await other.opens(booked)  # the newest looks on now
    await until(lambda: desk.engine.empty_link is None)
    tie(cart.engine, desk.engine)
    desk.models.visit.call.join()
    await both_live(cart, desk)
    await clinic.passes(30)
    assert (other.engine.empty_link, phase(other), filled(other)) == (None, Phase.IDLE, 0)
    assert (filled(desk), phase(desk)) == (0, Phase.LIVE)  # a cold one


async def test_a_visit_begun_by_a_refused_hand_fills_nothing(clinic: Clinic) -> None:
    """Finished elsewhere meanwhile: no seat, no sound, no picture."""
    _, cart, desk = await warm(clinic)
    clinic.server.sql(
        "UPDATE records SET document = json_set(document, '$.state', 'finished')"
        " WHERE record_type = 'visit'"
    )
    desk.models.visit.call.join()
    await until(lambda: phase(desk) is Phase.ENDED, limit_s=120)
    assert (filled(cart), filled(desk)) == (0, 0)
