"""The one visit that stands open at a desk: opened, joined, left, and never another person's."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.call import Phase, RunningCall
from app.domain.changes import RecordType
from app.domain.clock import ClockOffset
from app.domain.engine import LinkPhase
from app.domain.failures import Code, Rejected
from app.domain.ids import LinkId, VisitId, new_id
from app.domain.server_words import SignalHeard
from app.domain.visits import VisitState
from app.services.desk import DeskState
from tests.fakes.channel import room, seat
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known, person_in


async def ready(desk: DeskOnFakes) -> None:
    desk.listens()
    desk.channel.goes_up()
    desk.engine.attaches()
    await settled()


def phase(desk: DeskOnFakes) -> Phase:
    return desk.call.state.value.phase


def stands(desk: DeskOnFakes) -> DeskState:
    return desk.desk.state.value


async def live(desk: DeskOnFakes, known: Known) -> None:
    await desk.desk.open(known.visit)
    await desk.desk.join()
    own = seat(Role.CLINICIAN, desk.clock, device=desk.acts.device)
    desk.channel.hears(room(known.visit, own, seat(Role.PRESENTER, desk.clock)))
    await settled()
    desk.engine.link_is(LinkPhase.LIVE)
    await settled()
    assert phase(desk) is Phase.LIVE


async def test_the_clinician_sees_chart_and_own_picture_and_calls_nobody(
    doctor: DeskOnFakes,
) -> None:
    await ready(doctor)
    known = await doctor.knows_visit(VisitState.CHECKED_IN)
    await doctor.desk.open(known.visit)
    assert stands(doctor) == DeskState(known.visit, is_chart_shown=True)
    assert doctor.chart.row.patient.id == known.patient
    assert doctor.engine.asked == [("prepare", known.visit)]
    assert (doctor.channel.said, phase(doctor)) == ([("look", known.visit)], Phase.IDLE)


async def test_the_cart_checks_the_patient_in_and_takes_its_seat(cart: DeskOnFakes) -> None:
    await ready(cart)
    known = await cart.knows_visit(VisitState.BOOKED)
    await cart.desk.open(known.visit)
    assert cart.channel.said == [("join", known.visit)]
    [pending] = await cart.pending()
    assert (pending.change.record_type, pending.change.fields_set["state"]) == (
        RecordType.VISIT,
        "checked-in",
    )
    assert phase(cart) is Phase.WAITING


async def test_a_check_in_that_was_refused_is_said_with_the_chart_and_joining_tries_again(
    cart: DeskOnFakes,
) -> None:
    await ready(cart)
    known = await cart.knows_visit()
    cart.acts.offset = ClockOffset(timedelta(minutes=3), timedelta(seconds=1))
    await cart.desk.open(known.visit)
    assert stands(cart) == DeskState(known.visit, True, Code.TIMES_NOT_CONFIRMED)
    assert (await cart.pending(), phase(cart)) == ([], Phase.IDLE)
    with pytest.raises(Rejected):
        await cart.desk.join()
    await cart.acts.confirm_times()
    await cart.desk.join()
    assert stands(cart) == DeskState(known.visit, is_chart_shown=True)
    [pending] = await cart.pending()
    assert pending.change.fields_set["state"] == VisitState.CHECKED_IN
    assert phase(cart) is Phase.WAITING


async def test_joining_again_does_not_check_in_again(cart: DeskOnFakes) -> None:
    await ready(cart)
    known = await cart.knows_visit()
    await cart.desk.open(known.visit)
    await cart.desk.hang_up()
    await cart.desk.join()
    await settled()
    await cart.visits.check_in(known.visit)
    assert len(await cart.pending()) == 1


async def test_opening_twice_at_once_checks_in_and_joins_once(cart: DeskOnFakes) -> None:
    """A double click on Start."""
    await ready(cart)
    known = await cart.knows_visit(VisitState.BOOKED)
    twice = asyncio.gather(
        cart.desk.open(known.visit), cart.desk.open(known.visit), return_exceptions=True
    )
    assert [answer for answer in await twice if answer is not None] == []
    assert len(await cart.pending()) == 1
    assert cart.channel.said == [("join", known.visit)]
    assert (await cart.acts_audited()).count(Act.PATIENT_OPENED) == 1


async def test_two_visits_opened_at_once_leave_one_open(doctor: DeskOnFakes) -> None:
    await ready(doctor)
    one = await doctor.knows_visit(VisitState.CHECKED_IN)
    two = await doctor.knows_visit(VisitState.CHECKED_IN, family_name="Roe")
    await asyncio.gather(doctor.desk.open(one.visit), doctor.desk.open(two.visit))
    assert stands(doctor).visit == doctor.chart.row.visit.id
    assert doctor.engine.setup is not None
    assert doctor.engine.setup.visit == doctor.chart.row.visit.id


async def test_joining_opens_the_visit_and_joining_again_moves_nothing(
    doctor: DeskOnFakes,
) -> None:
    await ready(doctor)
    known = await doctor.knows_visit(VisitState.CHECKED_IN)
    await doctor.desk.open(known.visit)
    await doctor.desk.join()
    await doctor.desk.hang_up()
    await settled()
    await doctor.desk.join()
    assert [item.change.fields_set for item in await doctor.pending()] == [{"state": "in-visit"}]


async def test_a_finished_visit_is_shown_but_not_joined(cart: DeskOnFakes) -> None:
    await ready(cart)
    known = await cart.knows_visit(VisitState.FINISHED)
    await cart.desk.open(known.visit)
    assert stands(cart).is_chart_shown
    assert (cart.engine.asked, cart.channel.said) == ([], [])


async def test_hanging_up_finishes_nothing(doctor: DeskOnFakes) -> None:
    await ready(doctor)
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await live(doctor, known)
    await doctor.desk.hang_up()
    await settled()
    assert doctor.chart.row.visit.state is VisitState.IN_VISIT
    assert stands(doctor).is_chart_shown
    pending = {item.change.record_type for item in await doctor.pending()}
    assert pending == {RecordType.CALL_REPORT}


async def test_the_chart_is_not_left_while_a_call_runs(doctor: DeskOnFakes) -> None:
    await ready(doctor)
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await live(doctor, known)
    other = await doctor.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    for leaving in (doctor.desk.leave(), doctor.desk.open(other.visit)):
        with pytest.raises(Rejected) as caught:
            await leaving
        assert caught.value.code is Code.CALL_RUNNING
    assert stands(doctor).visit == known.visit
    assert phase(doctor) is Phase.LIVE


async def test_leaving_while_waiting_gives_the_seat_back(cart: DeskOnFakes) -> None:
    await ready(cart)
    known = await cart.knows_visit(VisitState.CHECKED_IN)
    await cart.desk.open(known.visit)
    await cart.desk.leave()
    assert cart.channel.said[-1] == ("leave", known.visit)
    assert stands(cart) == DeskState()
    assert cart.chart.state.value.row is None


async def test_camera_and_microphone_do_not_stay_on_when_the_chart_is_left(
    doctor: DeskOnFakes,
) -> None:
    """They came on with the chart, before anybody was called."""
    await ready(doctor)
    known = await doctor.knows_visit(VisitState.CHECKED_IN)
    await doctor.desk.open(known.visit)
    assert doctor.engine.setup is not None
    await doctor.desk.leave()
    assert doctor.engine.setup is None


async def test_leaving_stops_the_cuff(cart: DeskOnFakes) -> None:
    await ready(cart)
    known = await cart.knows_visit(VisitState.IN_VISIT)
    await cart.desk.open(known.visit)
    await cart.vitals.measure()
    await settled()
    await cart.desk.leave()
    assert cart.cuff.stops == 1


async def test_signing_out_clears_the_desk_before_another_person_comes(
    doctor: DeskOnFakes,
) -> None:
    """Nobody finds the chart, the call or the camera of whoever was here before."""
    await ready(doctor)
    await doctor.sign_in.sign_in("dr-lin", "good password")
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await live(doctor, known)
    await doctor.sign_in.sign_out()
    assert stands(doctor) == DeskState()
    assert doctor.chart.state.value.row is None
    assert phase(doctor) is Phase.ENDED
    assert doctor.engine.setup is None
    assert doctor.channel.said[-1] == ("leave", known.visit)
    events = await doctor.audited()
    assert events[-1].act is Act.SIGNED_OUT
    assert all(event.actor is not None for event in events)
    doctor.acts.now_acting(person_in(Role.CLINICIAN))
    await settled()
    assert doctor.chart.state.value.row is None


async def test_five_wrong_tries_at_the_lock_clear_the_desk_too(doctor: DeskOnFakes) -> None:
    await ready(doctor)
    await doctor.sign_in.sign_in("dr-lin", "good password")
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await live(doctor, known)
    await doctor.sign_in.lock()
    for _ in range(5):
        await doctor.sign_in.unlock("bad")
    assert stands(doctor) == DeskState()
    assert phase(doctor) is Phase.ENDED


# --- taken over --------------------------------------------------------------------------------


async def test_a_new_screen_finds_the_call_by_what_the_store_kept(doctor: DeskOnFakes) -> None:
    await ready(doctor)
    doctor.engine.running = RunningCall(VisitId(new_id()), "/run/media.sock", b"s" * 32, 3)
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await live(doctor, known)
    kept = await doctor.acts.read(lambda unit: unit.kept.running_call())
    assert kept == RunningCall(known.visit, "/run/media.sock", b"s" * 32, 3)
    await doctor.desk.hang_up()
    assert await doctor.acts.read(lambda unit: unit.kept.running_call()) is None


async def test_a_taken_over_call_shows_no_chart_before_the_unlocking(doctor: DeskOnFakes) -> None:
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    running = RunningCall(known.visit, "/run/media.sock", bytes(32), 1)
    doctor.engine.setup = doctor.desk._setup(known.visit)
    await doctor.desk.resume(running)
    await ready(doctor)
    assert stands(doctor) == DeskState(known.visit, is_chart_shown=False)
    assert doctor.chart.state.value.row is None
    assert Act.PATIENT_OPENED not in await doctor.acts_audited()
    assert doctor.engine.count_of("prepare") == 0
    await doctor.desk.show_chart()
    assert doctor.engine.count_of("prepare") == 1  # a person is there: camera and microphone
    assert stands(doctor).is_chart_shown
    assert doctor.chart.row.patient.id == known.patient
    assert Act.PATIENT_OPENED in await doctor.acts_audited()


async def test_remembering_follows_the_media_process(doctor: DeskOnFakes) -> None:
    await ready(doctor)
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await live(doctor, known)
    doctor.engine.running = RunningCall(known.visit, "/run/second.sock", b"t" * 32, 1)
    await doctor.desk.remember_call()
    kept = await doctor.acts.read(lambda unit: unit.kept.running_call())
    assert kept is not None and kept.socket_path == "/run/second.sock"


async def test_a_call_that_is_gone_is_not_remembered(doctor: DeskOnFakes) -> None:
    """Otherwise every later start would open locked, on nothing."""
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    running = RunningCall(known.visit, "/run/media.sock", bytes(32), 1)
    await doctor.acts.read(lambda unit: unit.kept.keep_running_call(running))
    await doctor.desk.resume(running)
    await doctor.desk.remember_call()  # the media process that answers knows of no call
    assert await doctor.acts.read(lambda unit: unit.kept.running_call()) is None


async def test_a_patient_that_is_not_known_here_is_not_opened(doctor: DeskOnFakes) -> None:
    with pytest.raises(Rejected) as caught:
        await doctor.desk.open(VisitId(new_id()))
    assert caught.value.code is Code.NOT_FOUND
    assert stands(doctor) == DeskState()


async def test_an_offer_before_the_chart_was_joined_is_not_answered(doctor: DeskOnFakes) -> None:
    await ready(doctor)
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await doctor.desk.open(known.visit)
    doctor.channel.hears(SignalHeard(known.visit, LinkId(new_id()), {"type": "offer"}))
    await settled()
    assert doctor.engine.count_of("connect") == 0


async def test_a_full_disk_at_signing_out_leaves_no_chart_for_the_next_person(
    cart: DeskOnFakes, caplog: pytest.LogCaptureFixture
) -> None:
    await ready(cart)
    known = await cart.knows_visit(VisitState.BOOKED)
    await cart.desk.open(known.visit)
    cart.store.worker.is_full = True
    await cart.acts.take_leave()
    assert "not all was closed" in caplog.text
    assert cart.chart.state.value.row is None
    assert stands(cart) == DeskState()


async def test_a_cuff_stops_at_signing_out_also_where_the_call_cannot_be_closed(
    cart: DeskOnFakes,
) -> None:
    known = await cart.knows_visit(VisitState.IN_VISIT)
    cart.listens()
    await cart.desk.open(known.visit)
    await settled()
    await cart.vitals.measure()
    assert cart.cuff.starts == [known.visit]
    cart.store.worker.is_full = True
    await cart.acts.take_leave()
    assert (cart.cuff.visit, cart.chart.state.value.row) == (None, None)
