"""The line of the whole site is gone: cart and workstation in one building hold the visit all the
same, and the server sees one visit afterwards.
"""

import pytest

from app.domain.audit import Act
from app.domain.call import Phase
from app.domain.changes import RecordType
from app.domain.ids import LinkId
from app.domain.visits import VisitState
from tests.fakes.engine import tie
from tests.fakes.near_site import NearSite
from tests.fakes.time_loop import until
from tests.story.clinic import Booked, Clinic, Desk
from tests.story.test_calls import both_live, in_a_call, phase


async def loses_its_line(clinic: Clinic, *desks: Desk) -> None:
    for desk in desks:
        desk.network.cut()
    await until(lambda: not any(desk.services.sync.state.value.is_reachable for desk in desks))


async def the_server_sees_one_visit(clinic: Clinic, booked: Booked, *desks: Desk) -> None:
    for desk in desks:
        await desk.network.heal(repeating_the_last_push=True)
    for desk in desks:
        await desk.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.VISIT)) == 1
    readings = clinic.at_the_server(RecordType.READING)
    notes = clinic.at_the_server(RecordType.NOTE)
    assert {record["visit"] for record in [*readings, *notes]} == {str(booked.visit)}
    assert (len(notes), len(readings)) == (1, 1)


async def begun_on_the_site(clinic: Clinic) -> tuple[Booked, Desk, Desk]:
    clinic.site = NearSite()
    booked = clinic.books_a_visit()
    cart, desk = await clinic.cart(), await clinic.workstation()
    tie(cart.engine, desk.engine)
    await cart.sees(booked, VisitState.BOOKED)
    await desk.sees(booked, VisitState.BOOKED)
    await loses_its_line(clinic, cart, desk)
    await cart.opens(booked)
    await desk.opens(booked)
    desk.models.visit.call.join()
    await both_live(cart, desk)
    return booked, cart, desk


def stands(*desks: Desk) -> set[tuple[Phase, LinkId | None]]:
    """All in which their calls are from now on."""
    seen: set[tuple[Phase, LinkId | None]] = set()
    for desk in desks:
        desk.services.call.state.listen(lambda state: seen.add((state.phase, state.link)))
    return seen


async def test_a_call_that_is_lost_with_the_line_comes_back_without_the_server(
    clinic: Clinic,
) -> None:
    site = clinic.site = NearSite()
    booked, cart, desk = await in_a_call(clinic)
    wire = desk.engine.wire
    assert wire is not None
    wire.cut()
    await loses_its_line(clinic, cart, desk)
    await until(lambda: (phase(cart), phase(desk)) == (Phase.REJOINING, Phase.REJOINING))
    wire.heal()  # the building's own network works
    await both_live(cart, desk)
    assert clinic.site.carried
    assert desk.models.visit.call.screen.far_caption == "The presenter"
    await desk.keeps_note("made without a server")
    await cart.keeps_pressure(131, 82)
    await the_server_sees_one_visit(clinic, booked, cart, desk)
    await until(lambda: not site.open)
    assert (phase(cart), phase(desk)) == (Phase.LIVE, Phase.LIVE)


async def test_a_visit_is_begun_without_the_server(clinic: Clinic) -> None:
    booked, cart, desk = await begun_on_the_site(clinic)
    await desk.keeps_note("made without a server")
    await cart.keeps_pressure(131, 82)
    await the_server_sees_one_visit(clinic, booked, cart, desk)
    await until(lambda: len(clinic.server.audited(Act.CALL_STARTED)) == 2, limit_s=120)


@pytest.mark.parametrize("first", ["the cart's", "the workstation's"])
async def test_lines_that_come_back_one_after_the_other_leave_the_call_alone(
    clinic: Clinic, first: str
) -> None:
    """Whose server is back does not see the other there yet, and must not take it for gone."""
    _, cart, desk = await begun_on_the_site(clinic)
    site = clinic.site
    assert site is not None
    seen = stands(cart, desk)
    for each in (cart, desk) if first == "the cart's" else (desk, cart):
        await each.network.heal()
        await clinic.passes(30)
    await until(lambda: not site.open)
    assert seen == {(Phase.LIVE, desk.services.call.state.value.link)}
    desk.models.visit.call.hang_up()
    await until(lambda: phase(cart) is Phase.WAITING)


@pytest.mark.parametrize("whose", ["the cart's", "the workstation's"])
async def test_one_line_that_is_gone_is_enough(clinic: Clinic, whose: str) -> None:
    clinic.site = NearSite()
    _, cart, desk = await in_a_call(clinic)
    wire = desk.engine.wire
    assert wire is not None
    cut = cart if whose == "the cart's" else desk
    wire.cut()
    cut.network.cut()
    await until(lambda: (phase(cart), phase(desk)) == (Phase.REJOINING, Phase.REJOINING))
    await clinic.passes(70)  # the server takes a seat without a socket for lost
    wire.heal()
    await both_live(cart, desk)
    assert clinic.site.carried


async def test_at_another_site_nothing_comes_of_it(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    wire = desk.engine.wire
    assert wire is not None
    wire.cut()
    await loses_its_line(clinic, cart, desk)
    wire.heal()
    await clinic.passes(120)
    assert Phase.LIVE not in (phase(cart), phase(desk))


async def test_who_hangs_up_on_the_site_is_seen_to_be_gone(clinic: Clinic) -> None:
    clinic.site = NearSite()
    _, cart, desk = await in_a_call(clinic)
    wire = desk.engine.wire
    assert wire is not None
    wire.cut()
    await loses_its_line(clinic, cart, desk)
    wire.heal()
    await both_live(cart, desk)
    cart.models.visit.call.hang_up()
    await until(lambda: phase(cart) is Phase.ENDED)
    await until(lambda: phase(desk) is Phase.WAITING)
