"""Who looks on at a visit's room: told, heard, seen by nobody, and first to give way."""

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.ids import DeviceId, LinkId, VisitId, new_id
from server.signalling.onlookers import Onlookers
from tests.server.given import Clinic
from tests.server.test_signalling import Socket

VISIT, OTHER = VisitId(new_id()), VisitId(new_id())
FIRST, SECOND = DeviceId(new_id()), DeviceId(new_id())
LINK = LinkId(new_id())


def test_the_place_goes_to_the_newest() -> None:
    onlookers = Onlookers()
    assert onlookers.look(VISIT, FIRST) is None
    assert onlookers.look(VISIT, FIRST) is None
    assert onlookers.look(VISIT, SECOND) == FIRST
    assert not onlookers.signals(VISIT, FIRST, LINK)
    assert onlookers.at(VISIT) == SECOND


def test_a_device_looks_on_at_one_visit_only() -> None:
    onlookers = Onlookers()
    onlookers.look(VISIT, FIRST)
    onlookers.look(OTHER, FIRST)
    assert (onlookers.at(VISIT), onlookers.at(OTHER)) == (None, FIRST)
    onlookers.leave(FIRST)
    assert onlookers.at(OTHER) is None


def test_it_gives_way_to_whoever_takes_the_seat_and_not_to_the_cart() -> None:
    onlookers = Onlookers()
    onlookers.look(VISIT, FIRST)
    assert onlookers.give_way(VISIT, Role.PRESENTER) is None
    assert onlookers.at(VISIT) == FIRST
    assert onlookers.give_way(VISIT, Role.CLINICIAN) == FIRST
    assert onlookers.at(VISIT) is None


def test_an_answer_is_for_the_onlooker_of_its_link_alone() -> None:
    onlookers = Onlookers()
    onlookers.look(VISIT, FIRST)
    assert onlookers.whose(VISIT, LINK) is None
    assert onlookers.signals(VISIT, FIRST, LINK)
    assert onlookers.whose(VISIT, LINK) == FIRST
    assert onlookers.whose(OTHER, LINK) is None


async def _waits(cart: Socket, visit: VisitId) -> None:
    await cart.say("join", visit=str(visit))
    await cart.room_with(1, 1)


async def test_an_onlooker_signals_with_the_cart_and_is_present_to_nobody(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        await _waits(nurse, VisitId(visit))
        await doctor.say("look", visit=str(visit))
        [seat] = (await doctor.room_with(1, 1))["seats"]
        assert seat["role"] == "presenter"
        link, sdp = str(new_id()), "v=0\r\na=fingerprint:sha-256 AB:CD\r\n"
        offer = {"type": "offer", "sdp": sdp}
        claimed = {"fingerprints": ["sha-256 EE:EE"], "onlooker": None}
        await doctor.say("signal", visit=str(visit), link=link, payload=offer, **claimed)
        heard = await nurse.hear("signal")
        assert (heard["onlooker"], heard["fingerprints"]) == (str(desk.id), ["sha-256 AB:CD"])
        await nurse.say("signal", visit=str(visit), link=link, payload={"type": "answer"})
        assert "onlooker" not in await doctor.hear("signal")

        await doctor.say("live", visit=str(visit), payload={"kind": "cuff-pressure"})
        assert (await doctor.hear("refusal"))["code"] == "not-allowed"
        await nurse.say("live", visit=str(visit), payload={"kind": "cuff-pressure"})
        await nurse.pong()
        await doctor.say("join", visit=str(visit))
        for socket in (doctor, nurse):  # the first word of a room with two: nobody was told before
            assert len((await socket.hear("room"))["seats"]) == 2
        later = {"type": "offer", "sdp": "v=0"}
        await doctor.say("signal", visit=str(visit), link=link, payload=later)
        assert "onlooker" not in await nurse.hear("signal")
    joined = [event["device"] for event in clinic.audited(Act.VISIT_JOINED)]
    assert joined == [str(cart.id), str(desk.id)]
    assert clinic.audited(Act.VISIT_LEFT) == []


async def test_somebody_else_who_joins_ends_the_looking_on(clinic: Clinic) -> None:
    first, cart = await clinic.doctor(), await clinic.nurse()
    clinic.add_person("dr-ito", "Dr Ito", Role.CLINICIAN)
    second = await clinic.sign_in("dr-ito", Role.CLINICIAN)
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(first, address) as doctor,
        Socket.of(second, address) as colleague,
        Socket.of(cart, address) as nurse,
    ):
        await _waits(nurse, VisitId(visit))
        await doctor.say("look", visit=str(visit))
        await doctor.room_with(1, 1)
        await colleague.say("join", visit=str(visit))
        await colleague.room_with(2, 2)
        refusal = await doctor.hear("refusal")
        assert (refusal["code"], refusal["visit"]) == ("seat-taken", str(visit))
        await doctor.say("signal", visit=str(visit), link=str(new_id()), payload={})
        assert (await doctor.hear("refusal"))["code"] == "not-allowed"
        await doctor.say("look", visit=str(visit))
        assert (await doctor.hear("refusal"))["visit"] == str(visit)


async def test_the_last_seat_that_is_left_is_told_to_who_looks_on(clinic: Clinic) -> None:
    desk, cart = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    async with (
        clinic.on_a_socket() as address,
        Socket.of(desk, address) as doctor,
        Socket.of(cart, address) as nurse,
    ):
        await doctor.say("look", visit=str(visit))
        await doctor.room_with(0, 0)
        await nurse.say("look", visit=str(visit))  # at the cart nobody looks on
        assert (await nurse.hear("refusal"))["code"] == "not-allowed"
        await nurse.say("join", visit=str(visit))
        await doctor.room_with(1, 1)
        await nurse.say("leave", visit=str(visit))
        await doctor.room_with(0, 0)
        await doctor.say("leave", visit=str(visit))
        await doctor.pong()
        await doctor.say("signal", visit=str(visit), link=str(new_id()), payload={})
        assert (await doctor.hear("refusal"))["code"] == "not-allowed"
