"""The call between two desks over the real signalling: joined, cut, taken over, hung up."""

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.call import Phase
from app.domain.changes import RecordType
from app.domain.engine import LadderTold, Measures
from app.domain.failures import Code
from app.domain.ladder import Reason, Stand, Step, Wants
from app.domain.visits import VisitState
from tests.fakes.engine import tie
from tests.fakes.time_loop import until
from tests.server.given import PASSWORD
from tests.story.clinic import Booked, Clinic, Desk
from ui import wording
from ui.view_models.window import Page


def phase(desk: Desk) -> Phase:
    return desk.services.call.state.value.phase


async def in_a_call(clinic: Clinic) -> tuple[Booked, Desk, Desk]:
    """The nurse started the visit, the clinician joined, both see each other."""
    booked = clinic.books_a_visit()
    cart, desk = await clinic.cart(), await clinic.workstation()
    tie(cart.engine, desk.engine)
    await cart.opens(booked)
    await desk.opens(booked)
    await desk.sees(booked, VisitState.CHECKED_IN)
    desk.models.visit.call.join()
    await both_live(cart, desk)
    return booked, cart, desk


async def both_live(cart: Desk, desk: Desk) -> None:
    await until(lambda: (phase(cart), phase(desk)) == (Phase.LIVE, Phase.LIVE))


def state_at_server(clinic: Clinic) -> str:
    [visit] = clinic.at_the_server(RecordType.VISIT)
    return str(visit["state"])


async def test_nurse_and_clinician_meet_in_one_visit(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    assert desk.models.visit.call.screen.far_caption == "The presenter"
    assert cart.models.visit.call.screen.far_caption == "The clinician"
    await until(lambda: state_at_server(clinic) == "in-visit")
    await until(lambda: len(clinic.server.audited(Act.CALL_STARTED)) == 2, limit_s=120)
    joined = {event["actor"] for event in clinic.server.audited(Act.VISIT_JOINED)}
    assert joined == {str(person.id) for person in clinic.people.values()}


async def test_who_is_there_first_waits_for_the_other(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    desk.models.visit.call.join()
    await until(lambda: phase(desk) is Phase.WAITING)
    await clinic.passes(30)
    assert desk.engine.count_of("connect") == 0
    cart = await clinic.cart()
    tie(cart.engine, desk.engine)
    await cart.sees(booked, VisitState.IN_VISIT)
    await cart.opens(booked)
    await both_live(cart, desk)


async def test_a_cut_of_everything_is_survived_by_the_same_visit(clinic: Clinic) -> None:
    booked, cart, desk = await in_a_call(clinic)
    wire = desk.engine.wire
    assert wire is not None
    wire.cut()
    desk.network.cut()
    await until(lambda: phase(desk) is Phase.REJOINING)
    await desk.keeps_note("made inside the cut")
    await cart.keeps_pressure(131, 82)
    await clinic.passes(15)
    assert phase(desk) is Phase.REJOINING
    assert desk.models.visit.call.screen.outage
    wire.heal()
    await desk.network.heal(repeating_the_last_push=True)
    await both_live(cart, desk)
    await desk.everything_is_sent()
    await cart.everything_is_sent()
    assert desk.services.call.state.value.visit == booked.visit
    assert len(clinic.at_the_server(RecordType.NOTE)) == 1
    assert len(clinic.at_the_server(RecordType.READING)) == 1
    assert len(clinic.at_the_server(RecordType.VISIT)) == 1
    await until(lambda: any("131 over 82" in row for row in desk.readings()))
    await until(lambda: desk.models.visit.call.screen.outage == "")


async def test_a_line_that_refuses_is_survived_too(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    wire = desk.engine.wire
    assert wire is not None
    wire.cut()
    desk.network.refuse()
    await desk.keeps_note("made inside the cut")
    await clinic.passes(15)
    wire.heal()
    await desk.network.heal()
    await both_live(cart, desk)
    await desk.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.NOTE)) == 1


async def test_only_the_server_away_leaves_the_call_alone(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    cart.network.cut()
    desk.network.cut()
    await clinic.passes(50)
    assert (phase(cart), phase(desk)) == (Phase.LIVE, Phase.LIVE)
    cart.models.visit.vitals.start()
    await until(lambda: cart.cuff.visit is not None)
    cart.cuff.measures(117, 74)
    await until(lambda: cart.models.visit.vitals.screen.can_keep)
    cart.models.visit.vitals.keep()
    await until(desk.readings)
    [seen] = desk.readings()  # over the call
    assert "117 over 74" in seen and "not yet confirmed" in seen
    await cart.network.heal()
    await desk.network.heal()
    await cart.everything_is_sent()
    await until(lambda: "not yet confirmed" not in desk.readings()[0])
    assert len(desk.readings()) == 1


async def test_hanging_up_ends_the_call_and_not_the_visit(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    desk.models.visit.call.hang_up()
    await until(lambda: (phase(desk), phase(cart)) == (Phase.ENDED, Phase.WAITING))
    assert desk.page is Page.VISIT
    await until(lambda: state_at_server(clinic) == "in-visit")
    desk.models.visit.call.join()
    await both_live(cart, desk)


async def test_finishing_is_another_thing_than_hanging_up(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    desk.models.visit.visit.finish()
    await until(lambda: state_at_server(clinic) == "finished")
    assert phase(desk) is Phase.LIVE  # to say goodbye
    await until(lambda: cart.models.visit.visit.screen.state == "Finished")
    assert not cart.models.visit.notes.screen.can_write
    assert not cart.models.visit.visit.screen.shows_finish


async def test_the_media_process_dies_and_the_visit_goes_on(clinic: Clinic) -> None:
    booked, cart, desk = await in_a_call(clinic)
    for broken in (cart, desk):
        broken.engine.dies()
        await until(lambda broken=broken: phase(broken) is not Phase.LIVE)  # type: ignore[misc]  # the default binds it
        broken.engine.attaches()
        await both_live(cart, desk)
        assert broken.engine.setup is not None
        assert broken.engine.setup.visit == booked.visit


async def test_a_restarted_screen_opens_locked_with_its_call(clinic: Clinic) -> None:
    booked, cart, desk = await in_a_call(clinic)
    made = desk.engine.count_of("connect")
    await desk.crashes()
    assert phase(cart) is Phase.LIVE
    await desk.starts()
    assert desk.page is Page.LOCK
    await until(lambda: phase(desk) is Phase.LIVE)
    lock = desk.models.lock
    await until(lambda: lock.screen.has_call)
    assert "Doe" not in repr(lock.screen) and "DOE" not in repr(lock.screen)
    assert desk.services.chart.state.value.row is None
    lock.unlock(PASSWORD)
    await until(lambda: desk.page is Page.VISIT)
    assert desk.services.desk.state.value.visit == booked.visit
    await clinic.passes(30)
    assert (phase(cart), phase(desk)) == (Phase.LIVE, Phase.LIVE)
    assert desk.engine.count_of("connect") == made  # no link was made anew
    await desk.keeps_note("after the crash")
    await desk.everything_is_sent()
    assert len(clinic.at_the_server(RecordType.NOTE)) == 1


async def test_what_was_kept_before_a_crash_is_there_after_it(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    cart = await clinic.cart()
    await cart.opens(booked)
    await cart.everything_is_sent()
    cart.network.cut()
    await cart.keeps_note("kept, then the power went")
    await cart.crashes()
    await cart.network.heal()
    await cart.starts()
    assert cart.page is Page.LOCK
    cart.models.lock.unlock(PASSWORD)
    await until(lambda: cart.page is Page.VISIT)
    await cart.everything_is_sent()
    [note] = clinic.at_the_server(RecordType.NOTE)
    assert note["text"] == "kept, then the power went"
    [visit] = clinic.at_the_server(RecordType.VISIT)
    assert visit["state"] == str(VisitState.CHECKED_IN)


async def test_a_hang_up_from_the_locked_screen(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    desk.models.status.lock()
    await until(lambda: desk.page is Page.LOCK)
    assert phase(desk) is Phase.LIVE
    desk.models.lock.hang_up()
    await until(lambda: (phase(desk), phase(cart)) == (Phase.ENDED, Phase.WAITING))
    assert desk.page is Page.LOCK


async def test_the_next_person_speaks_in_their_own_name(clinic: Clinic) -> None:
    booked = clinic.books_a_visit()
    desk = await clinic.workstation()
    await desk.opens(booked)
    desk.models.visit.call.join()
    await until(lambda: phase(desk) is Phase.WAITING)
    desk.models.status.sign_out()
    await until(lambda: desk.page is Page.SIGN_IN)
    other = clinic.server.add_person("dr-ito", "Dr Ito", Role.CLINICIAN)
    desk.models.sign_in.sign_in("dr-ito", PASSWORD)
    await until(lambda: desk.page is Page.TODAY)
    assert desk.services.chart.state.value.row is None
    await desk.opens(booked)
    desk.models.visit.call.join()
    cart = await clinic.cart()
    tie(cart.engine, desk.engine)
    await cart.sees(booked, VisitState.IN_VISIT)
    await cart.opens(booked)
    await both_live(cart, desk)
    assert cart.models.visit.call.screen.far_caption == other.name
    joined = [event["actor"] for event in clinic.server.audited(Act.VISIT_JOINED)]
    assert str(other.id) in joined


async def test_a_room_left_during_an_outage_is_left_when_the_line_is_back(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    desk.network.refuse()
    desk.models.visit.call.hang_up()
    await until(lambda: phase(desk) is Phase.ENDED)
    await clinic.passes(5)
    await desk.network.heal()
    await until(lambda: phase(cart) is Phase.WAITING)
    assert cart.services.call.state.value.far is None


async def test_a_cart_that_stays_away_interrupts_the_visit_and_its_return_resumes_it(
    clinic: Clinic,
) -> None:
    _, cart, desk = await in_a_call(clinic)
    wire = desk.engine.wire
    assert wire is not None
    wire.cut()
    cart.network.refuse()
    await until(lambda: "Interrupted" in desk.models.visit.visit.screen.state, limit_s=300)
    wire.heal()
    await cart.network.heal()
    await both_live(cart, desk)
    await until(lambda: desk.models.visit.visit.screen.state == "In visit")


async def test_a_visit_is_gone_on_with_at_another_desk(clinic: Clinic) -> None:
    booked, cart, desk = await in_a_call(clinic)
    await desk.crashes()  # the whole machine: nobody says a word for it
    desk.engine.dies()  # after its screen, which would write down that it is gone
    other = await clinic.workstation("another workstation")
    tie(cart.engine, other.engine)
    desk.engine.wire = None
    await other.opens(booked)
    other.models.visit.call.join()
    await both_live(cart, other)
    assert other.services.call.state.value.visit == booked.visit
    await desk.starts()
    await clinic.passes(60)
    assert (phase(cart), phase(other)) == (Phase.LIVE, Phase.LIVE)
    assert phase(desk) is Phase.ENDED
    seats = clinic.server.sql("SELECT device FROM seats WHERE role = 'clinician'")
    assert seats == [(str(other.services.acts.device),)]


async def test_a_second_clinician_is_told_that_the_seat_is_taken_and_gets_it_when_it_is_free(
    clinic: Clinic,
) -> None:
    booked, cart, desk = await in_a_call(clinic)
    other = await clinic.workstation("another workstation")
    await other.opens(booked)
    other.models.visit.call.join()
    taken = wording.failure(Code.SEAT_TAKEN)
    await until(lambda: other.models.visit.call.screen.state == taken)
    await until(lambda: phase(other) is Phase.ENDED, limit_s=120)
    assert other.models.visit.call.screen.state == taken
    assert other.models.visit.call.screen.can_join
    assert (phase(cart), phase(desk)) == (Phase.LIVE, Phase.LIVE)
    other.models.visit.call.join()
    await until(lambda: other.models.visit.call.screen.state == taken)
    tie(cart.engine, other.engine)
    desk.models.visit.call.hang_up()
    await both_live(cart, other)


async def test_who_joins_a_visit_that_was_finished_elsewhere_is_told(clinic: Clinic) -> None:
    booked, cart, desk = await in_a_call(clinic)
    other = await clinic.workstation("another workstation")
    await other.opens(booked)
    other.network.cut()
    desk.models.visit.visit.finish()
    await until(lambda: state_at_server(clinic) == "finished")
    other.models.visit.call.join()
    await until(lambda: phase(other) is Phase.WAITING)
    await other.network.heal()
    await until(lambda: phase(other) is Phase.ENDED)
    assert (phase(cart), phase(desk)) == (Phase.LIVE, Phase.LIVE)


async def test_a_step_on_the_ladder_is_seen_and_logged_at_both_ends(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    stand = Stand(Step.VOICE, Reason.SLOW, clinic.clock.now(), 60_000)
    full = Stand(Step.HD, Reason.CARRIED, clinic.clock.now())
    cart.engine.tells(LadderTold(stand, full, Wants(), Wants()))
    desk.engine.tells(LadderTold(full, stand, Wants(), Wants()))
    await until(lambda: desk.services.call.state.value.ladder is not None)
    desk.network.cut()
    await cart.everything_is_sent()
    await desk.network.heal(repeating_the_last_push=True)
    await cart.network.heal(repeating_the_last_push=True)
    for end in (cart, desk):
        chart = end.services.chart.state
        await until(lambda chart=chart: len(chart.value.ladder_steps) == 1, limit_s=120)  # type: ignore[misc]  # bound at once
        assert chart.value.ladder_steps[0].side is Role.PRESENTER
    assert len(clinic.at_the_server(RecordType.LADDER_STEP)) == 1
    assert len(clinic.server.audited(Act.LADDER_STEPPED)) >= 1


async def test_both_sides_report_what_the_call_was_like(clinic: Clinic) -> None:
    _, cart, desk = await in_a_call(clinic)
    for end in (cart, desk):
        end.engine.tells(Measures(round_trip_ms=42.0, join_ms=300.0))
    await until(lambda: desk.services.call.state.value.measures.join_ms is not None)
    await clinic.passes(60)
    cart.models.visit.call.hang_up()
    desk.models.visit.call.hang_up()
    await until(lambda: len(clinic.at_the_server(RecordType.CALL_REPORT)) == 2, limit_s=120)
    for report in clinic.at_the_server(RecordType.CALL_REPORT):
        assert report["figures"]["round-trip-ms"]["median"] == 42.0
        assert report["contact_s"] >= 60
    sides = {report["side"] for report in clinic.at_the_server(RecordType.CALL_REPORT)}
    assert sides == {"clinician", "presenter"}
