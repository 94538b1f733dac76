"""The call, on a media process and a socket that do what the test says: in, out and back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.call import Phase, RunningCall
from app.domain.engine import (
    CallSetup,
    FarScreen,
    LinkChanged,
    LinkPhase,
    Measures,
    SignalMade,
)
from app.domain.failures import Code
from app.domain.ids import LinkId, VisitId, new_id
from app.domain.server_words import RefusalHeard, SeatState, SignalHeard
from app.services.call import SOON_S, TRY_AGAIN_S, CallState
from app.services.seat_wait import ASK_AGAIN_S, TAKEN_LIMIT_S
from tests.fakes.channel import room, seat
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes

VISIT = VisitId(new_id())
SECOND = timedelta(seconds=1)


def setup_of(desk: DeskOnFakes, visit: VisitId = VISIT) -> CallSetup:
    role = desk.acts.person.role
    return CallSetup(visit, role, desk.acts.person.name, None, None, None, None)


def call(desk: DeskOnFakes) -> CallState:
    return desk.call.state.value


def phase(desk: DeskOnFakes) -> Phase:
    return desk.call.state.value.phase


def links_asked(desk: DeskOnFakes) -> list[LinkId]:
    return [asked[1] for asked in desk.engine.asked if asked[0] == "connect"]  # type: ignore[misc]  # a link


async def connected(desk: DeskOnFakes) -> None:
    """Signed in, socket up, media process attached."""
    desk.listens()
    desk.channel.goes_up()
    desk.engine.attaches()
    await settled()


async def waiting(desk: DeskOnFakes) -> None:
    await connected(desk)
    await desk.call.join(setup_of(desk))
    await settled()


def far_seat(desk: DeskOnFakes) -> SeatState:
    far = Role.PRESENTER if desk.acts.person.role is Role.CLINICIAN else Role.CLINICIAN
    return seat(far, desk.clock)


async def far_comes(desk: DeskOnFakes, far: SeatState | None = None) -> SeatState:
    own = seat(desk.acts.person.role, desk.clock, device=desk.acts.device)
    far = far or far_seat(desk)
    desk.channel.hears(room(VISIT, own, far))
    await settled()
    return far


async def live(desk: DeskOnFakes) -> SeatState:
    """A call that runs."""
    await waiting(desk)
    far = await far_comes(desk)
    if desk.acts.person.role is Role.PRESENTER:
        desk.channel.hears(SignalHeard(VISIT, LinkId(new_id()), {"type": "offer"}))
        await settled()
    desk.engine.link_is(LinkPhase.LIVE)
    await settled()
    assert phase(desk) is Phase.LIVE
    return far


# --- joining ---------------------------------------------------------------------------------


async def test_joining_opens_camera_and_sound_and_takes_the_seat(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    assert phase(doctor) is Phase.WAITING
    assert doctor.engine.asked == [("prepare", VISIT)]
    assert doctor.channel.said == [("join", VISIT)]
    assert await doctor.acts_audited() == [Act.VISIT_JOINED]


async def test_nobody_is_called_while_the_other_seat_is_empty(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    own = seat(Role.CLINICIAN, doctor.clock, device=doctor.acts.device)
    doctor.channel.hears(room(VISIT, own))
    await doctor.clock.passes(60)
    assert phase(doctor) is Phase.WAITING
    assert links_asked(doctor) == []


async def test_the_clinician_makes_the_link_when_the_cart_is_there(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    far = await far_comes(doctor)
    assert phase(doctor) is Phase.CONNECTING
    assert doctor.engine.asked[-1] == ("connect", call(doctor).link, True)
    assert call(doctor).far == far


async def test_the_cart_makes_no_link_and_answers_the_first_offer(cart: DeskOnFakes) -> None:
    await waiting(cart)
    await far_comes(cart)
    assert links_asked(cart) == []
    link = LinkId(new_id())
    cart.channel.hears(SignalHeard(VISIT, link, {"type": "offer"}))
    await settled()
    assert ("connect", link, False) in cart.engine.asked
    assert cart.engine.asked[-1] == ("heard signal", link, {"type": "offer"})
    assert (phase(cart), call(cart).link) == (Phase.CONNECTING, link)


async def test_an_offer_that_overtakes_the_room_is_answered_too(cart: DeskOnFakes) -> None:
    await waiting(cart)
    link = LinkId(new_id())
    cart.channel.hears(SignalHeard(VISIT, link, {"type": "offer"}))
    await settled()
    assert (phase(cart), links_asked(cart)) == (Phase.CONNECTING, [link])


async def test_a_live_link_is_the_start_of_contact(doctor: DeskOnFakes) -> None:
    await live(doctor)
    assert call(doctor).live_since is not None
    started = [event for event in await doctor.audited() if event.act is Act.CALL_STARTED]
    assert [(event.visit, event.subject) for event in started] == [(VISIT, call(doctor).link)]


async def test_our_signals_go_to_the_far_end_only_for_the_link_in_force(
    doctor: DeskOnFakes,
) -> None:
    from_engine = doctor.engine
    await waiting(doctor)
    await far_comes(doctor)
    link = call(doctor).link
    assert link is not None
    from_engine.tells(SignalMade(link, {"type": "offer"}))
    from_engine.tells(SignalMade(LinkId(new_id()), {"type": "offer"}))
    await settled()
    assert doctor.channel.said_of("signal") == [("signal", VISIT, link, {"type": "offer"})]


async def test_words_of_another_visit_are_passed_over(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    other = VisitId(new_id())
    doctor.channel.hears(room(other, far_seat(doctor)))
    doctor.channel.hears(SignalHeard(other, LinkId(new_id()), {"type": "offer"}))
    await settled()
    assert (phase(doctor), links_asked(doctor)) == (Phase.WAITING, [])


async def test_an_answer_to_a_link_that_was_given_up_is_passed_over(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    await far_comes(doctor)
    doctor.channel.hears(SignalHeard(VISIT, LinkId(new_id()), {"type": "answer"}))
    await settled()
    assert doctor.engine.count_of("heard signal") == 0


# --- lost and joined anew ----------------------------------------------------------------------


async def test_lost_media_gets_a_new_link_from_the_clinician(doctor: DeskOnFakes) -> None:
    await live(doctor)
    first = call(doctor).link
    await doctor.clock.passes(10)
    doctor.engine.link_is(LinkPhase.LOST)
    await settled()
    assert phase(doctor) is Phase.REJOINING
    assert call(doctor).link not in (None, first)
    doctor.engine.link_is(LinkPhase.LIVE)
    await settled()
    assert (phase(doctor), call(doctor).visit) == (Phase.LIVE, VISIT)
    assert 10 <= call(doctor).contact_s < 11


async def test_lost_media_gets_no_new_link_from_the_cart(cart: DeskOnFakes) -> None:
    await live(cart)
    before = links_asked(cart)
    cart.engine.link_is(LinkPhase.LOST)
    await cart.clock.passes(60)
    assert (phase(cart), links_asked(cart)) == (Phase.REJOINING, before)


async def test_a_new_offer_brings_the_cart_back(cart: DeskOnFakes) -> None:
    await live(cart)
    cart.engine.link_is(LinkPhase.LOST)
    link = LinkId(new_id())
    cart.channel.hears(SignalHeard(VISIT, link, {"type": "offer"}))
    await settled()
    cart.engine.link_is(LinkPhase.LIVE)
    await settled()
    assert (phase(cart), call(cart).link) == (Phase.LIVE, link)


async def test_an_old_link_that_dies_before_its_successor_lives_is_not_called_live(
    cart: DeskOnFakes,
) -> None:
    await live(cart)
    old = call(cart).link
    cart.channel.hears(SignalHeard(VISIT, LinkId(new_id()), {"type": "offer"}))
    await settled()
    cart.engine.link_is(LinkPhase.LOST, old)
    await settled()
    assert phase(cart) is Phase.REJOINING


async def test_a_link_that_does_not_come_up_is_made_anew_until_it_does(
    doctor: DeskOnFakes,
) -> None:
    await waiting(doctor)
    await far_comes(doctor)
    await doctor.clock.passes(sum(TRY_AGAIN_S) + 3 * TRY_AGAIN_S[-1] + 2.5)
    made = links_asked(doctor)
    assert len(made) == 1 + len(TRY_AGAIN_S) + 3  # ever more patient: a slow line needs time
    assert len(set(made)) == len(made)


async def test_a_far_side_that_is_back_before_its_old_socket_was_missed_gets_its_link_soon(
    doctor: DeskOnFakes,
) -> None:
    """The offer went to the socket that was dead; the server had not noticed."""
    await live(doctor)
    far = call(doctor).far
    doctor.engine.link_is(LinkPhase.LOST)
    await settled()
    assert len(links_asked(doctor)) == 2
    await doctor.clock.passes(0.3)
    await far_comes(doctor, far)
    await doctor.clock.passes(SOON_S)
    assert len(links_asked(doctor)) == 3
    await doctor.clock.passes(SOON_S + 0.5)
    assert len(links_asked(doctor)) == 3


async def test_an_offer_that_was_answered_is_not_in_doubt(doctor: DeskOnFakes) -> None:
    await live(doctor)
    doctor.engine.link_is(LinkPhase.LOST)
    await settled()
    link = call(doctor).link
    assert link is not None
    doctor.channel.hears(SignalHeard(VISIT, link, {"type": "answer"}))
    await far_comes(doctor, call(doctor).far)
    await doctor.clock.passes(2 * SOON_S)
    assert len(links_asked(doctor)) == 2


async def test_a_slow_line_gets_its_time_from_the_answer_on(doctor: DeskOnFakes) -> None:
    """At 600 ms the answer takes more than a second, and the link three more."""
    await waiting(doctor)
    await far_comes(doctor)
    link = call(doctor).link
    assert link is not None
    await doctor.clock.passes(1.4)
    doctor.channel.hears(SignalHeard(VISIT, link, {"type": "answer"}))
    await doctor.clock.passes(TRY_AGAIN_S[0] - 0.1)
    assert links_asked(doctor) == [link]
    await doctor.clock.passes(0.5)
    assert len(links_asked(doctor)) == 2


async def test_a_new_address_gets_a_new_link_once_the_server_is_heard_again(
    doctor: DeskOnFakes,
) -> None:
    """Beside the one that runs: nobody waits until it is silent, and the call stays live."""
    await live(doctor)
    doctor.call.network_changed()
    doctor.channel.goes_down()
    doctor.channel.goes_up()
    for _ in range(2):
        await far_comes(doctor, call(doctor).far)
    assert len(links_asked(doctor)) == 2
    assert phase(doctor) is Phase.LIVE


@pytest.mark.parametrize("head_start_s", [0.0, 1.0, 2.0, 3.0])
async def test_a_link_gets_its_time_before_it_is_made_anew(
    doctor: DeskOnFakes, head_start_s: float
) -> None:
    await waiting(doctor)
    await doctor.clock.passes(head_start_s)
    await far_comes(doctor)
    await doctor.clock.passes(TRY_AGAIN_S[0] - 0.5)
    doctor.engine.link_is(LinkPhase.FAILED)
    await settled()
    assert len(links_asked(doctor)) == 2
    await doctor.clock.passes(TRY_AGAIN_S[0] / 2)
    assert len(links_asked(doctor)) == 2


async def test_trying_again_survives_a_media_process_that_is_away(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    await far_comes(doctor)
    doctor.engine.is_there = False
    await doctor.clock.passes(3 * TRY_AGAIN_S[0])
    doctor.engine.is_there = True
    before = len(links_asked(doctor))
    await doctor.clock.passes(2 * TRY_AGAIN_S[0])
    assert len(links_asked(doctor)) > before


async def test_a_wall_clock_that_jumps_back_does_not_stop_the_trying(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    await far_comes(doctor)
    doctor.clock.wrong_by -= 3600 * SECOND
    before = len(links_asked(doctor))
    await doctor.clock.passes(3 * TRY_AGAIN_S[0])
    assert len(links_asked(doctor)) > before


async def test_a_late_word_of_a_link_given_up_changes_nothing(doctor: DeskOnFakes) -> None:
    await live(doctor)
    before = call(doctor)
    doctor.engine.tells(LinkChanged(LinkId(new_id()), LinkPhase.LOST))
    doctor.engine.tells(LinkChanged(LinkId(new_id()), LinkPhase.FAILED))
    await settled()
    assert call(doctor) == before


# --- the other side goes and comes -------------------------------------------------------------


async def test_a_seat_that_lost_its_socket_ends_nothing(doctor: DeskOnFakes) -> None:
    far = await live(doctor)
    await far_comes(doctor, replace(far, is_connected=False))
    assert phase(doctor) is Phase.LIVE
    assert doctor.engine.count_of("close link") == 0


async def test_only_an_empty_seat_is_a_leave(doctor: DeskOnFakes) -> None:
    await live(doctor)
    own = seat(Role.CLINICIAN, doctor.clock, device=doctor.acts.device)
    doctor.channel.hears(room(VISIT, own))
    await settled()
    assert phase(doctor) is Phase.WAITING
    assert doctor.engine.count_of("close link") == 1
    await far_comes(doctor)
    assert phase(doctor) is Phase.CONNECTING


async def test_while_rejoining_a_new_link_waits_until_somebody_can_answer(
    doctor: DeskOnFakes,
) -> None:
    far = await live(doctor)
    await far_comes(doctor, replace(far, is_connected=False))
    before = links_asked(doctor)
    doctor.engine.link_is(LinkPhase.LOST)
    await doctor.clock.passes(30)
    assert (phase(doctor), links_asked(doctor)) == (Phase.REJOINING, before)
    await far_comes(doctor, far)
    assert len(links_asked(doctor)) == len(before) + 1


async def test_while_signalling_is_down_no_link_is_made_and_afterwards_one_is(
    doctor: DeskOnFakes,
) -> None:
    far = await live(doctor)
    doctor.channel.goes_down()
    doctor.engine.link_is(LinkPhase.LOST)
    before = links_asked(doctor)
    await doctor.clock.passes(30)
    assert (phase(doctor), links_asked(doctor)) == (Phase.REJOINING, before)
    doctor.channel.goes_up()
    await settled()
    assert doctor.channel.said_of("join") == [("join", VISIT), ("join", VISIT)]
    await far_comes(doctor, far)
    await doctor.clock.passes(TRY_AGAIN_S[0])
    assert len(links_asked(doctor)) > len(before)


async def test_a_call_goes_on_while_only_signalling_is_down(doctor: DeskOnFakes) -> None:
    await live(doctor)
    doctor.channel.goes_down()
    await doctor.clock.passes(120)
    assert phase(doctor) is Phase.LIVE
    doctor.channel.goes_up()
    await settled()
    assert doctor.channel.said_of("join")[-1] == ("join", VISIT)


async def test_joining_offline_waits_for_the_socket_and_then_says_nothing_more_of_it(
    doctor: DeskOnFakes,
) -> None:
    doctor.listens()
    await doctor.call.join(setup_of(doctor))
    assert (phase(doctor), call(doctor).code) == (Phase.WAITING, Code.SERVER_UNREACHABLE)
    doctor.channel.goes_up()
    await settled()
    assert doctor.channel.said == [("join", VISIT)]
    assert call(doctor).code is None


# --- three seats in one room -------------------------------------------------------------------


async def test_the_far_side_is_of_the_other_role(cart: DeskOnFakes, doctor: DeskOnFakes) -> None:
    for desk in (doctor, cart):
        await waiting(desk)
        own = seat(desk.acts.person.role, desk.clock, device=desk.acts.device)
        same_role = seat(desk.acts.person.role, desk.clock)
        desk.channel.hears(room(VISIT, same_role, own))
        await settled()
        assert (phase(desk), call(desk).far) == (Phase.WAITING, None)
        far = far_seat(desk)
        desk.channel.hears(room(VISIT, same_role, far, own))
        await settled()
        assert call(desk).far == far


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
async def test_a_visit_is_gone_on_with_from_another_desk(
    doctor: DeskOnFakes, order: tuple[int, ...]
) -> None:
    await waiting(doctor)
    far = far_seat(doctor)
    seats = (
        seat(Role.CLINICIAN, doctor.clock, is_connected=False),
        far,
        seat(Role.CLINICIAN, doctor.clock, device=doctor.acts.device),
    )
    doctor.channel.hears(room(VISIT, *(seats[place] for place in order)))
    await settled()
    assert (phase(doctor), call(doctor).far) == (Phase.CONNECTING, far)
    assert len(links_asked(doctor)) == 1


async def test_of_two_far_seats_the_one_that_lives_counts_and_then_the_newer(
    doctor: DeskOnFakes,
) -> None:
    await waiting(doctor)
    own = seat(Role.CLINICIAN, doctor.clock, device=doctor.acts.device)
    older = far_seat(doctor)
    newer = replace(far_seat(doctor), since=older.since + SECOND)
    newest_dead = replace(far_seat(doctor), since=older.since + 2 * SECOND, is_connected=False)
    doctor.channel.hears(room(VISIT, own, older, newer, newest_dead))
    await settled()
    assert call(doctor).far == newer


async def test_a_far_side_that_sits_down_at_another_device_gets_a_new_link(
    doctor: DeskOnFakes,
) -> None:
    far = await live(doctor)
    before = links_asked(doctor)
    await far_comes(doctor, replace(far, is_connected=False))
    assert (phase(doctor), links_asked(doctor)) == (Phase.LIVE, before)
    other = await far_comes(doctor)
    assert (phase(doctor), call(doctor).far) == (Phase.REJOINING, other)
    assert len(links_asked(doctor)) == len(before) + 1


# --- a seat that is refused --------------------------------------------------------------------


@pytest.mark.parametrize("code", [Code.NO_VISIT_OPEN, Code.NOT_FOUND, Code.NOT_ALLOWED])
async def test_a_refused_seat_ends_the_waiting_and_says_why(
    doctor: DeskOnFakes, code: Code
) -> None:
    await waiting(doctor)
    doctor.channel.hears(RefusalHeard(VISIT, code))
    await settled()
    assert (phase(doctor), call(doctor).visit, call(doctor).code) == (Phase.ENDED, None, code)
    assert doctor.engine.setup is None  # camera and microphone are off
    assert (await doctor.acts_audited())[-1] is Act.VISIT_LEFT
    await doctor.call.join(setup_of(doctor))
    assert (phase(doctor), call(doctor).code) == (Phase.WAITING, None)


@pytest.mark.parametrize("code", [Code.SEAT_TAKEN, Code.SERVER_ERROR])
async def test_a_seat_that_may_become_free_is_asked_for_again(
    doctor: DeskOnFakes, code: Code
) -> None:
    await waiting(doctor)
    doctor.channel.hears(RefusalHeard(VISIT, code))
    await settled()
    assert (phase(doctor), call(doctor).code) == (Phase.WAITING, code)
    await doctor.clock.passes(ASK_AGAIN_S - 1)
    assert len(doctor.channel.said_of("join")) == 1
    await doctor.clock.passes(2)
    assert len(doctor.channel.said_of("join")) == 2
    await far_comes(doctor)
    assert (phase(doctor), call(doctor).code) == (Phase.CONNECTING, None)
    await doctor.clock.passes(3 * ASK_AGAIN_S)
    assert len(doctor.channel.said_of("join")) == 2


async def test_a_seat_that_stays_taken_is_given_up(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    for _ in range(int(TAKEN_LIMIT_S / ASK_AGAIN_S) + 1):
        doctor.channel.hears(RefusalHeard(VISIT, Code.SEAT_TAKEN))
        await doctor.clock.passes(ASK_AGAIN_S + 1)
    assert (phase(doctor), call(doctor).code) == (Phase.ENDED, Code.SEAT_TAKEN)
    asked = len(doctor.channel.said_of("join"))
    await doctor.clock.passes(60)
    assert len(doctor.channel.said_of("join")) == asked


async def test_a_call_that_runs_goes_on_without_its_seat_until_it_is_lost(
    doctor: DeskOnFakes,
) -> None:
    await live(doctor)
    doctor.channel.goes_down()
    doctor.channel.goes_up()
    doctor.channel.hears(RefusalHeard(VISIT, Code.NO_VISIT_OPEN))
    await doctor.clock.passes(60)
    assert (phase(doctor), call(doctor).code) == (Phase.LIVE, None)  # to say goodbye
    doctor.engine.link_is(LinkPhase.LOST)
    await doctor.clock.passes(1)
    assert (phase(doctor), call(doctor).code) == (Phase.ENDED, Code.NO_VISIT_OPEN)


async def test_a_refusal_of_another_visit_or_after_the_end_changes_nothing(
    doctor: DeskOnFakes,
) -> None:
    await waiting(doctor)
    doctor.channel.hears(RefusalHeard(VisitId(new_id()), Code.NO_VISIT_OPEN))
    await settled()
    assert (phase(doctor), call(doctor).code) == (Phase.WAITING, None)
    await doctor.call.hang_up()
    doctor.channel.hears(RefusalHeard(VISIT, Code.NO_VISIT_OPEN))
    await settled()
    assert (phase(doctor), call(doctor).code) == (Phase.ENDED, None)


# --- the media process -------------------------------------------------------------------------


async def test_a_media_process_that_ended_is_prepared_again_into_the_same_visit(
    doctor: DeskOnFakes,
) -> None:
    await live(doctor)
    doctor.engine.dies()
    await settled()
    assert (phase(doctor), call(doctor).code) == (Phase.REJOINING, Code.MEDIA_PROCESS_ENDED)
    doctor.engine.attaches()
    await settled()
    assert doctor.engine.count_of("prepare") == 2
    assert doctor.engine.setup is not None and doctor.engine.setup.visit == VISIT
    doctor.engine.link_is(LinkPhase.LIVE)
    await settled()
    assert (phase(doctor), call(doctor).code) == (Phase.LIVE, None)


async def test_it_is_not_prepared_when_nobody_is_in_a_call(doctor: DeskOnFakes) -> None:
    await connected(doctor)
    doctor.engine.dies()
    doctor.engine.attaches()
    await settled()
    assert doctor.engine.asked == []


async def test_a_restart_while_waiting_is_prepared_too(doctor: DeskOnFakes) -> None:
    await waiting(doctor)
    doctor.engine.dies()
    doctor.engine.attaches()
    await settled()
    assert doctor.engine.count_of("prepare") == 2
    assert phase(doctor) is Phase.WAITING


RUNNING = RunningCall(VISIT, "/run/media.sock", bytes(32), 1)


async def taken_over(desk: DeskOnFakes, *, link: LinkId | None, visit: VisitId | None) -> None:
    """A new screen finds the media process as it runs."""
    desk.channel.goes_up()
    desk.engine.setup = None if visit is None else setup_of(desk, visit)
    desk.engine.link = desk.engine.live_link = link
    desk.engine.is_muted, desk.engine.is_camera_on = True, False
    await desk.call.take_over(setup_of(desk), RUNNING)
    assert phase(desk) is Phase.REJOINING
    desk.listens()
    desk.engine.attaches()
    await settled()


async def test_a_new_screen_takes_the_running_call_over_without_a_new_link(
    doctor: DeskOnFakes,
) -> None:
    link = LinkId(new_id())
    await taken_over(doctor, link=link, visit=VISIT)
    assert (phase(doctor), call(doctor).link) == (Phase.LIVE, link)
    assert (call(doctor).is_muted, call(doctor).is_camera_on) == (True, False)
    await far_comes(doctor)
    await doctor.clock.passes(60)
    assert links_asked(doctor) == []
    assert doctor.engine.count_of("prepare") == 0
    assert doctor.channel.said_of("join") != []


async def test_a_call_that_had_lost_its_link_is_joined_anew(doctor: DeskOnFakes) -> None:
    await taken_over(doctor, link=None, visit=VISIT)
    assert phase(doctor) is Phase.REJOINING
    await far_comes(doctor)
    assert len(links_asked(doctor)) == 1


async def test_a_call_that_is_gone_is_not_begun_behind_a_locked_screen(
    doctor: DeskOnFakes,
) -> None:
    await taken_over(doctor, link=None, visit=None)
    assert (phase(doctor), call(doctor).code) == (Phase.ENDED, Code.MEDIA_PROCESS_ENDED)
    assert doctor.channel.said_of("leave") == [("leave", VISIT)]  # somebody else may sit there
    await far_comes(doctor)
    await doctor.clock.passes(60)
    assert doctor.engine.count_of("prepare") == 0
    assert links_asked(doctor) == []


async def test_unlocking_asks_for_camera_and_microphone_again(doctor: DeskOnFakes) -> None:
    await taken_over(doctor, link=LinkId(new_id()), visit=VISIT)
    assert doctor.engine.count_of("prepare") == 0
    await doctor.call.attend()
    assert doctor.engine.asked[-1] == ("prepare", VISIT)
    assert phase(doctor) is Phase.LIVE
    await doctor.call.hang_up()
    asked = len(doctor.engine.asked)
    await doctor.call.attend()
    assert len(doctor.engine.asked) == asked


async def test_a_media_process_that_dies_behind_the_lock_is_prepared_only_for_a_person(
    doctor: DeskOnFakes,
) -> None:
    await taken_over(doctor, link=LinkId(new_id()), visit=VISIT)
    doctor.engine.dies()
    doctor.engine.attaches()
    await settled()
    assert (phase(doctor), call(doctor).code) == (Phase.ENDED, Code.MEDIA_PROCESS_ENDED)
    assert doctor.engine.count_of("prepare") == 0


async def test_unlocked_before_the_media_process_answers_it_is_prepared(
    doctor: DeskOnFakes,
) -> None:
    await taken_over(doctor, link=LinkId(new_id()), visit=VISIT)
    await doctor.call.attend()
    doctor.engine.dies()
    doctor.engine.attaches()
    await settled()
    assert phase(doctor) is Phase.REJOINING
    assert doctor.engine.setup is not None and doctor.engine.setup.visit == VISIT


# --- hanging up --------------------------------------------------------------------------------


async def test_hanging_up_leaves_the_room_and_stops_camera_and_microphone(
    doctor: DeskOnFakes,
) -> None:
    await live(doctor)
    link = call(doctor).link
    await doctor.call.hang_up()
    assert phase(doctor) is Phase.ENDED
    assert (call(doctor).visit, call(doctor).link, call(doctor).far) == (None, None, None)
    assert doctor.engine.asked[-1] == ("release",)
    assert doctor.channel.said[-1] == ("leave", VISIT)
    ended = [event for event in await doctor.audited() if event.act is Act.CALL_ENDED]
    assert [(event.visit, event.subject) for event in ended] == [(VISIT, link)]
    assert (await doctor.acts_audited())[-1] is Act.VISIT_LEFT


async def test_what_comes_after_hanging_up_brings_nothing_back(doctor: DeskOnFakes) -> None:
    far = await live(doctor)
    link = call(doctor).link
    assert link is not None
    await doctor.call.hang_up()
    audited = await doctor.acts_audited()
    asked = list(doctor.engine.asked)
    doctor.engine.tells(LinkChanged(link, LinkPhase.LIVE))
    doctor.engine.tells(LinkChanged(link, LinkPhase.LOST))
    doctor.channel.hears(SignalHeard(VISIT, LinkId(new_id()), {"type": "offer"}))
    await far_comes(doctor, far)
    await doctor.clock.passes(60)
    assert (phase(doctor), call(doctor).link) == (Phase.ENDED, None)
    assert doctor.engine.asked == asked
    assert await doctor.acts_audited() == audited


async def test_hanging_up_without_the_server_is_said_when_it_is_back(doctor: DeskOnFakes) -> None:
    await live(doctor)
    doctor.channel.goes_down()
    await settled()
    await doctor.call.hang_up()
    assert phase(doctor) is Phase.ENDED
    assert doctor.channel.said_of("leave") == []
    doctor.channel.goes_up()
    await settled()
    assert doctor.channel.said_of("leave") == [("leave", VISIT)]
    doctor.channel.goes_down()
    doctor.channel.goes_up()
    await settled()
    assert len(doctor.channel.said_of("leave")) == 1


async def test_who_joins_again_before_the_leave_was_said_does_not_leave(
    doctor: DeskOnFakes,
) -> None:
    await live(doctor)
    doctor.channel.goes_down()
    await settled()
    await doctor.call.hang_up()
    await doctor.call.join(setup_of(doctor))
    doctor.channel.goes_up()
    await settled()
    assert doctor.channel.said_of("leave") == []
    assert doctor.channel.said[-1] == ("join", VISIT)


async def test_after_hanging_up_nobody_is_muted_any_more(doctor: DeskOnFakes) -> None:
    await live(doctor)
    await doctor.call.mute(True)
    await doctor.call.show_camera(False)
    assert (call(doctor).is_muted, call(doctor).is_camera_on) == (True, False)
    await doctor.call.hang_up()
    # The media process forgot both with the visit: the screen must not say otherwise.
    assert (doctor.engine.is_muted, doctor.engine.is_camera_on) == (False, True)
    assert (call(doctor).is_muted, call(doctor).is_camera_on) == (False, True)


async def test_joining_again_after_hanging_up_starts_a_new_count_of_contact(
    doctor: DeskOnFakes,
) -> None:
    await live(doctor)
    await doctor.clock.passes(30)
    await doctor.call.hang_up()
    await doctor.call.join(setup_of(doctor))
    await settled()
    assert (phase(doctor), call(doctor).contact_s) == (Phase.WAITING, 0.0)


async def test_a_hang_up_while_a_link_is_being_made_leaves_no_link_behind(
    doctor: DeskOnFakes,
) -> None:
    await waiting(doctor)
    own = seat(Role.CLINICIAN, doctor.clock, device=doctor.acts.device)
    doctor.channel.hears(room(VISIT, own, far_seat(doctor)))
    await doctor.call.hang_up()
    await settled()
    assert doctor.engine.link is None
    assert (phase(doctor), call(doctor).link) == (Phase.ENDED, None)


# --- live words, and what is shown -----------------------------------------------------------


async def test_live_words_go_over_the_call_else_by_the_server(doctor: DeskOnFakes) -> None:
    await live(doctor)
    doctor.call.tell_far(VISIT, {"n": 1})
    await settled()
    doctor.engine.link_is(LinkPhase.LOST)
    await settled()
    doctor.call.tell_far(VISIT, {"n": 2})
    await settled()
    assert ("send live", {"n": 1}) in doctor.engine.asked
    assert doctor.channel.said_of("live") == [("live", VISIT, {"n": 2})]


async def test_a_live_word_without_any_way_is_gone_and_nothing_breaks(
    doctor: DeskOnFakes,
) -> None:
    await live(doctor)
    doctor.engine.live_link = None  # the data channel closed before anybody said so
    doctor.channel.goes_down()
    doctor.call.tell_far(VISIT, {"n": 1})
    await settled()
    assert doctor.channel.said_of("live") == []
    assert phase(doctor) is Phase.LIVE


async def test_a_live_word_of_another_visit_does_not_go_over_this_call(
    doctor: DeskOnFakes,
) -> None:
    await live(doctor)
    doctor.call.tell_far(VisitId(new_id()), {"n": 1})
    await settled()
    assert doctor.engine.count_of("send live") == 0


async def test_far_screen_and_measures_are_shown_and_forgotten_with_the_call(
    doctor: DeskOnFakes,
) -> None:
    await live(doctor)
    gone = FarScreen(is_attached=False, since=doctor.clock.now())
    doctor.engine.tells(gone)
    doctor.engine.tells(Measures(round_trip_ms=42.0))
    await settled()
    assert (call(doctor).far_screen, call(doctor).measures.round_trip_ms) == (gone, 42.0)
    await doctor.call.hang_up()
    assert (call(doctor).far_screen, call(doctor).measures) == (None, Measures())


async def test_preparing_does_not_touch_a_call_that_runs(doctor: DeskOnFakes) -> None:
    await live(doctor)
    other = VisitId(new_id())
    await doctor.call.prepare(setup_of(doctor, other))
    assert ("prepare", other) not in doctor.engine.asked


@pytest.mark.parametrize("words", [100, 1000])
async def test_a_flood_of_words_is_bounded_and_the_call_goes_on(
    doctor: DeskOnFakes, words: int
) -> None:
    await live(doctor)
    for number in range(words):
        doctor.engine.tells(Measures(round_trip_ms=float(number)))
    await settled(3 * words)
    doctor.engine.link_is(LinkPhase.LOST)
    await settled()
    assert phase(doctor) is Phase.REJOINING


# --- who is not who the server vouched for -----------------------------------------------------

OURS = {"type": "offer", "sdp": "v=0\r\na=fingerprint:sha-256 AA:01\r\n"}
VOUCHED = ("sha-256 AA:01",)


async def test_an_offer_as_the_server_vouched_for_it_is_taken(cart: DeskOnFakes) -> None:
    await waiting(cart)
    cart.channel.hears(SignalHeard(VISIT, LinkId(new_id()), dict(OURS), VOUCHED))
    await settled()
    assert cart.engine.count_of("heard signal") == 1


@pytest.mark.parametrize("vouched", [(), ("sha-256 BB:02",), (*VOUCHED, "sha-256 BB:02")])
async def test_a_man_in_the_middle_who_changes_the_description_is_refused_and_audited(
    cart: DeskOnFakes, vouched: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    await waiting(cart)
    for _ in range(3):
        cart.channel.hears(SignalHeard(VISIT, LinkId(new_id()), dict(OURS), vouched))
    await settled()
    assert links_asked(cart) == [] and cart.engine.count_of("heard signal") == 0
    assert (call(cart).code, phase(cart)) == (Code.PEER_UNTRUSTED, Phase.WAITING)
    refused = [event for event in await cart.audited() if event.act is Act.PEER_REFUSED]
    assert [(event.visit, event.code) for event in refused] == [(VISIT, Code.PEER_UNTRUSTED)]
    assert len(caplog.records) == 1  # one for all tries: nobody fills log and audit
    caplog.clear()
    cart.channel.hears(SignalHeard(VISIT, LinkId(new_id()), dict(OURS), VOUCHED))
    await settled()
    cart.engine.link_is(LinkPhase.LIVE)
    await settled()
    assert (call(cart).code, phase(cart)) == (None, Phase.LIVE)


async def test_a_certificate_that_was_not_described_is_audited_and_tried_again_patiently(
    doctor: DeskOnFakes, caplog: pytest.LogCaptureFixture
) -> None:
    await waiting(doctor)
    await far_comes(doctor)
    link = call(doctor).link
    assert link is not None
    doctor.engine.tells(LinkChanged(link, LinkPhase.FAILED, Code.PEER_UNTRUSTED))
    await settled()
    assert (call(doctor).code, len(links_asked(doctor))) == (Code.PEER_UNTRUSTED, 1)
    assert Act.PEER_REFUSED in await doctor.acts_audited()
    await doctor.clock.passes(TRY_AGAIN_S[0] + 0.5)
    assert len(links_asked(doctor)) == 2
    caplog.clear()
