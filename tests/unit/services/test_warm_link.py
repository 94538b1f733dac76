"""What is made before Join: offered while a chart is open, taken by the call, or given up."""

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.call import Phase
from app.domain.engine import LinkChanged, LinkPhase, SignalMade
from app.domain.failures import Code
from app.domain.ids import DeviceId, LinkId, VisitId, new_id
from app.domain.server_words import RefusalHeard, SeatState, SignalHeard
from app.services.warm_link import PAUSES_S
from tests.fakes.channel import room, seat
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes
from tests.unit.services.test_call import (
    VISIT,
    call,
    connected,
    far_seat,
    live,
    phase,
    setup_of,
    waiting,
)

ANSWER = {"type": "answer", "sdp": "v=0\r\na=fingerprint:sha-256 AA:01\r\n"}
OFFER = ANSWER | {"type": "offer"}
VOUCHED = ("sha-256 AA:01",)
ONLOOKER = DeviceId(new_id())


def offered(desk: DeskOnFakes) -> list[LinkId]:
    return [asked[1] for asked in desk.engine.asked if asked[0] == "warm up"]  # type: ignore[misc]  # a link


def filled(desk: DeskOnFakes) -> list[object]:
    return [asked[1] for asked in desk.engine.asked if asked[0] == "fill"]


async def told(desk: DeskOnFakes, link: LinkId, link_phase: LinkPhase) -> None:
    desk.engine.tells(LinkChanged(link, link_phase))
    await settled()


async def waits_there(desk: DeskOnFakes, cart: SeatState | None = None) -> SeatState:
    """The chart is open, and a cart sits in the room."""
    cart = cart or far_seat(desk)
    desk.channel.hears(room(VISIT, cart))
    await settled()
    return cart


async def chart_open(doctor: DeskOnFakes) -> None:
    await connected(doctor)
    await doctor.call.prepare(setup_of(doctor))
    await settled()


async def warm(doctor: DeskOnFakes) -> tuple[LinkId, SeatState]:
    await chart_open(doctor)
    cart = await waits_there(doctor)
    [link] = offered(doctor)
    await told(doctor, link, LinkPhase.WARM)
    return link, cart


async def joined(doctor: DeskOnFakes, cart: SeatState) -> None:
    await doctor.call.join(setup_of(doctor))
    own = seat(Role.CLINICIAN, doctor.clock, device=doctor.acts.device)
    doctor.channel.hears(room(VISIT, own, cart))
    await settled()


async def offer_comes(cart: DeskOnFakes, vouched: tuple[str, ...] = VOUCHED) -> LinkId:
    link = LinkId(new_id())
    cart.channel.hears(SignalHeard(VISIT, link, dict(OFFER), vouched, ONLOOKER))
    await settled()
    return link


# --- the clinician's desk ----------------------------------------------------------------------


async def test_an_open_chart_is_met_by_a_waiting_cart_and_nobody_is_in_a_call(
    doctor: DeskOnFakes,
) -> None:
    link, _ = await warm(doctor)
    assert doctor.channel.said == [("look", VISIT)]
    assert (phase(doctor), call(doctor).far, call(doctor).visit) == (Phase.IDLE, None, None)
    doctor.engine.tells(SignalMade(link, dict(OFFER)))
    doctor.channel.hears(SignalHeard(VISIT, link, dict(ANSWER), VOUCHED))
    await settled()
    assert doctor.channel.said_of("signal") == [("signal", VISIT, link, OFFER)]
    assert doctor.engine.asked[-1] == ("heard signal", link, ANSWER)
    assert Act.VISIT_JOINED not in await doctor.acts_audited()


async def test_joining_fills_what_is_warm_and_makes_no_other(doctor: DeskOnFakes) -> None:
    link, cart = await warm(doctor)
    await doctor.call.join(setup_of(doctor))
    await settled()
    assert filled(doctor) == []  # not before there is a seat
    own = seat(Role.CLINICIAN, doctor.clock, device=doctor.acts.device)
    doctor.channel.hears(room(VISIT, own, cart))
    await settled()
    assert (filled(doctor), doctor.engine.count_of("connect")) == ([link], 0)
    assert (phase(doctor), call(doctor).link) == (Phase.CONNECTING, link)
    await told(doctor, link, LinkPhase.LIVE)
    assert phase(doctor) is Phase.LIVE


async def test_one_that_is_not_up_is_no_use_and_the_join_is_as_ever(doctor: DeskOnFakes) -> None:
    await chart_open(doctor)
    cart = await waits_there(doctor)
    await joined(doctor, cart)
    assert filled(doctor) == []
    assert doctor.engine.asked[-1] == ("connect", call(doctor).link, True)


async def test_a_refused_seat_fills_nothing(doctor: DeskOnFakes) -> None:
    link, _ = await warm(doctor)
    await doctor.call.join(setup_of(doctor))
    doctor.channel.hears(RefusalHeard(VISIT, Code.NO_VISIT_OPEN))
    await settled()
    assert (phase(doctor), filled(doctor)) == (Phase.ENDED, [])
    assert doctor.engine.asked[-1] == ("release",)
    await told(doctor, link, LinkPhase.FAILED)
    await doctor.clock.passes(100)
    assert offered(doctor) == [link]


async def test_another_device_at_the_cart_gets_a_link_of_its_own(doctor: DeskOnFakes) -> None:
    await warm(doctor)
    await joined(doctor, far_seat(doctor))
    assert filled(doctor) == []
    assert doctor.engine.count_of("connect") == 1


async def test_one_that_dies_at_the_click_is_followed_by_a_new_one_at_once(
    doctor: DeskOnFakes,
) -> None:
    link, cart = await warm(doctor)
    await joined(doctor, cart)
    await told(doctor, link, LinkPhase.FAILED)
    assert (phase(doctor), doctor.engine.count_of("connect")) == (Phase.CONNECTING, 1)


async def test_one_that_failed_is_offered_again_ever_more_patiently(doctor: DeskOnFakes) -> None:
    await chart_open(doctor)
    await waits_there(doctor)
    for count, pause_s in enumerate((*PAUSES_S, PAUSES_S[-1]), start=1):
        await told(doctor, offered(doctor)[-1], LinkPhase.FAILED)
        await doctor.clock.passes(pause_s - 0.5)
        assert len(offered(doctor)) == count
        await doctor.clock.passes(1.0)
        assert len(offered(doctor)) == count + 1


async def test_it_ends_when_somebody_else_takes_the_seat(doctor: DeskOnFakes) -> None:
    _, cart = await warm(doctor)
    doctor.channel.hears(room(VISIT, cart, seat(Role.CLINICIAN, doctor.clock)))
    await settled()
    assert doctor.engine.asked[-1] == ("close link",)
    doctor.channel.hears(RefusalHeard(VISIT, Code.SEAT_TAKEN))
    doctor.channel.hears(room(VISIT, cart))
    await doctor.clock.passes(100)
    assert len(offered(doctor)) == 1
    assert call(doctor).code is None  # nothing was asked for that could be refused


async def test_it_ends_when_the_cart_leaves_and_begins_anew_when_it_is_back(
    doctor: DeskOnFakes,
) -> None:
    _, cart = await warm(doctor)
    doctor.channel.hears(room(VISIT))
    await settled()
    assert doctor.engine.asked[-1] == ("close link",)
    await waits_there(doctor, cart)
    assert len(offered(doctor)) == 2


async def test_it_ends_with_the_chart(doctor: DeskOnFakes) -> None:
    await warm(doctor)
    await doctor.call.put_away()
    assert doctor.engine.asked[-2:] == [("close link",), ("release",)]
    assert doctor.channel.said[-1] == ("leave", VISIT)


async def test_it_ends_with_the_lock_and_is_back_after_it(doctor: DeskOnFakes) -> None:
    _, cart = await warm(doctor)
    doctor.call.screen_locked()
    await settled()
    assert doctor.engine.asked[-1] == ("close link",)
    assert doctor.channel.said[-1] == ("leave", VISIT)
    await doctor.call.attend()
    assert doctor.channel.said[-1] == ("look", VISIT)
    await waits_there(doctor, cart)
    assert len(offered(doctor)) == 2


async def test_a_lock_takes_no_seat_away(doctor: DeskOnFakes) -> None:
    _, cart = await warm(doctor)
    await doctor.call.join(setup_of(doctor))
    doctor.call.screen_locked()
    await settled()
    assert doctor.channel.said_of("leave") == []
    await joined(doctor, cart)
    assert len(filled(doctor)) == 1


async def test_a_new_socket_looks_on_again_and_a_new_media_process_offers_again(
    doctor: DeskOnFakes,
) -> None:
    await warm(doctor)
    doctor.channel.goes_down()
    doctor.channel.goes_up()
    await settled()
    assert doctor.channel.said == [("look", VISIT)] * 2
    doctor.engine.dies()
    await doctor.clock.passes(0.5)
    doctor.engine.attaches()
    await doctor.clock.passes(1.0)
    assert len(offered(doctor)) == 2


async def test_an_answer_that_the_server_did_not_vouch_for_is_refused_and_audited(
    doctor: DeskOnFakes,
) -> None:
    await chart_open(doctor)
    await waits_there(doctor)
    [link] = offered(doctor)
    doctor.channel.hears(SignalHeard(VISIT, link, dict(ANSWER), ("sha-256 BB:02",)))
    await settled()
    assert doctor.engine.count_of("heard signal") == 0
    refused = [event for event in await doctor.audited() if event.act is Act.PEER_REFUSED]
    assert [(event.visit, event.subject) for event in refused] == [(VISIT, link)]


# --- the cart ----------------------------------------------------------------------------------


async def test_a_waiting_cart_answers_and_still_waits(cart: DeskOnFakes) -> None:
    await waiting(cart)
    link = await offer_comes(cart)
    assert cart.engine.asked[-2:] == [("warm up", link, False), ("heard signal", link, OFFER)]
    await told(cart, link, LinkPhase.WARM)
    cart.engine.tells(SignalMade(link, dict(ANSWER)))
    await settled()
    assert cart.channel.said_of("signal") == [("signal", VISIT, link, ANSWER)]
    state = call(cart)
    assert (state.phase, state.far, state.link) == (Phase.WAITING, None, None)


async def test_the_cart_fills_it_when_that_desk_has_the_seat(cart: DeskOnFakes) -> None:
    await waiting(cart)
    link = await offer_comes(cart)
    own = seat(Role.PRESENTER, cart.clock, device=cart.acts.device)
    far = seat(Role.CLINICIAN, cart.clock, device=ONLOOKER)
    cart.channel.hears(room(VISIT, own))
    await settled()
    assert filled(cart) == []
    cart.channel.hears(room(VISIT, own, far))
    await settled()
    assert (filled(cart), phase(cart), call(cart).link) == ([link], Phase.CONNECTING, link)
    await told(cart, link, LinkPhase.LIVE)
    assert phase(cart) is Phase.LIVE


async def test_an_onlooker_is_nobody_when_another_desk_joins(cart: DeskOnFakes) -> None:
    await waiting(cart)
    await offer_comes(cart)
    own = seat(Role.PRESENTER, cart.clock, device=cart.acts.device)
    cart.channel.hears(room(VISIT, own, far_seat(cart)))
    await settled()
    assert filled(cart) == []
    link = LinkId(new_id())
    cart.channel.hears(SignalHeard(VISIT, link, dict(OFFER), VOUCHED))
    await settled()
    assert (call(cart).link, cart.engine.count_of("connect")) == (link, 1)


async def test_who_joined_may_go_another_way(cart: DeskOnFakes) -> None:
    """The clinician's end of it was gone: a new offer comes, and is answered as ever."""
    await waiting(cart)
    await offer_comes(cart)
    own = seat(Role.PRESENTER, cart.clock, device=cart.acts.device)
    far = seat(Role.CLINICIAN, cart.clock, device=ONLOOKER)
    cart.channel.hears(room(VISIT, own, far))
    link = LinkId(new_id())
    cart.channel.hears(SignalHeard(VISIT, link, dict(OFFER), VOUCHED))
    await settled()
    assert cart.engine.asked[-2:] == [("connect", link, False), ("heard signal", link, OFFER)]


async def test_an_onlooker_says_nothing_in_a_call(cart: DeskOnFakes) -> None:
    await live(cart)
    before = list(cart.engine.asked)
    await offer_comes(cart)
    assert (cart.engine.asked, phase(cart)) == (before, Phase.LIVE)


async def test_an_onlooker_of_another_visit_is_passed_over(cart: DeskOnFakes) -> None:
    await waiting(cart)
    other = VisitId(new_id())
    cart.channel.hears(SignalHeard(other, LinkId(new_id()), dict(OFFER), VOUCHED, ONLOOKER))
    await settled()
    assert offered(cart) == []


async def test_an_onlooker_is_no_man_in_the_middle(
    cart: DeskOnFakes, caplog: pytest.LogCaptureFixture
) -> None:
    await waiting(cart)
    for _ in range(2):
        await offer_comes(cart, ("sha-256 BB:02",))
    assert offered(cart) == []
    assert [event.act for event in await cart.audited()].count(Act.PEER_REFUSED) == 1
    caplog.clear()
