"""A visit's call by the server's socket, and by desks on the site where that is missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.failures import Unavailable
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId, new_id
from app.domain.near_words import NearFound, NearLive, NearLost, NearSignal
from app.domain.people import Person
from app.domain.server_words import Heard, LiveHeard, RoomHeard, SignalHeard, SocketDown
from app.services.signalling_ways import NEAR_AFTER_S, OPEN_AGAIN_S, SignallingWays
from tests.fakes.channel import FakeChannel, room, seat
from tests.fakes.near_desks import FakeNearDesks
from tests.fakes.time_loop import LoopClock, settled

VISIT, OTHER_VISIT = VisitId(new_id()), VisitId(new_id())
US = DeviceId(new_id())
LIN = Person(PersonId(new_id()), "Dr Lin", Role.CLINICIAN)
CART = NearFound(DeviceId(new_id()), PersonId(new_id()), "Nurse Kim", Role.PRESENTER, VISIT)
LINK = LinkId(new_id())
OFFER: dict[str, Json] = {"type": "offer", "sdp": "v=0\r\na=fingerprint:sha-256 AB:CD\r\n"}


@dataclass
class Site:
    channel: FakeChannel
    near: FakeNearDesks
    clock: LoopClock
    ways: SignallingWays
    heard: list[Heard] = field(default_factory=list)

    async def line_goes(self) -> None:
        """And the desk has opened to those on its site."""
        self.channel.goes_down()
        await self.clock.passes(NEAR_AFTER_S + 0.1)

    async def joins_without_a_line(self) -> None:
        await self.line_goes()
        with pytest.raises(Unavailable):
            await self.ways.join(VISIT)

    def rooms(self) -> list[dict[DeviceId, bool]]:
        """Who sat in the visit's room, and whether connected."""
        told = [word for word in self.heard if isinstance(word, RoomHeard)]
        return [{seat.device: seat.is_connected for seat in word.seats} for word in told]


@asynccontextmanager
async def opened() -> AsyncIterator[Site]:
    clock = LoopClock(asyncio.get_running_loop())
    channel, near = FakeChannel(), FakeNearDesks()
    ways = SignallingWays(channel, near, clock, device=US, role=Role.CLINICIAN, open_near=near.open)
    site = Site(channel, near, clock, ways)

    async def listen() -> None:
        async with aclosing(ways.events()) as events:
            async for word in events:
                site.heard.append(word)

    listening = asyncio.get_running_loop().create_task(listen())
    ways.person_is(LIN)
    channel.goes_up()
    await settled()
    try:
        yield site
    finally:
        listening.cancel()
        await asyncio.wait([listening])
        assert not near.is_open, "nobody listens, and the site is told of this desk all the same"


async def test_nobody_on_the_site_is_told_of_us_while_the_server_answers() -> None:
    async with opened() as site:
        await site.ways.join(VISIT)
        await site.clock.passes(600)
        site.channel.goes_down()
        await site.clock.passes(0.5)
        site.channel.goes_up()  # a socket that was opened anew is no line that is gone
        await site.clock.passes(60)
        assert site.near.opened == 0


async def test_without_the_line_the_cart_on_the_site_is_seated_and_reached() -> None:
    async with opened() as site:
        await site.joins_without_a_line()
        assert site.near.presented[-1] == (LIN.id, VISIT)
        assert not site.ways.reaches(VISIT)
        site.near.hears(CART)
        await settled()
        assert site.rooms() == [{US: True, CART.device: True}]
        assert site.ways.reaches(VISIT) and not site.ways.reaches(OTHER_VISIT)
        await site.ways.signal(VISIT, LINK, OFFER)
        await site.ways.live(VISIT, {"mmHg": 90})
        assert [words[:3] for words in site.near.said] == [
            (CART.device, "signal", VISIT),
            (CART.device, "live", VISIT),
        ]
        assert site.channel.said == []


async def test_whoever_was_found_before_the_join_is_seated_at_it() -> None:
    async with opened() as site:
        await site.line_goes()
        site.near.hears(CART)
        await settled()
        assert site.rooms() == []
        with pytest.raises(Unavailable):
            await site.ways.join(VISIT)
        await settled()
        assert site.rooms() == [{US: True, CART.device: True}]


async def test_what_comes_by_a_proven_way_is_vouched_for() -> None:
    async with opened() as site:
        await site.joins_without_a_line()
        site.near.hears(CART)
        site.near.hears(NearSignal(CART.device, VISIT, LINK, OFFER))
        site.near.hears(NearLive(CART.device, VISIT, {"mmHg": 90}))
        await settled()
        assert SignalHeard(VISIT, LINK, OFFER, ("sha-256 AB:CD",)) in site.heard
        assert LiveHeard(VISIT, {"mmHg": 90}) in site.heard


@pytest.mark.parametrize(
    "who",
    [
        replace(CART, visit=OTHER_VISIT),
        replace(CART, visit=None),
        replace(CART, role=Role.CLINICIAN),
    ],
)
async def test_who_is_not_the_other_side_of_this_visit_says_nothing_in_it(who: NearFound) -> None:
    async with opened() as site:
        await site.joins_without_a_line()
        site.near.hears(who)
        site.near.hears(NearSignal(who.device, VISIT, LINK, OFFER))
        site.near.hears(NearLive(who.device, VISIT, {"mmHg": 90}))
        site.near.hears(NearSignal(DeviceId(new_id()), VISIT, LINK, OFFER))
        await settled()
        assert not [word for word in site.heard if isinstance(word, SignalHeard | LiveHeard)]
        assert not site.ways.reaches(VISIT)


async def test_a_description_that_is_none_is_not_passed_on() -> None:
    async with opened() as site:
        await site.joins_without_a_line()
        site.near.hears(CART)
        site.near.hears(NearSignal(CART.device, VISIT, LINK, {"sdp": ["a", "list"]}))
        many = "".join(f"a=fingerprint:sha-256 {number:02X}\r\n" for number in range(40))
        site.near.hears(NearSignal(CART.device, VISIT, LINK, {"sdp": many}))
        await settled()
        assert not [word for word in site.heard if isinstance(word, SignalHeard)]


async def test_a_cart_that_is_gone_keeps_its_seat_and_one_that_hung_up_does_not() -> None:
    async with opened() as site:
        await site.joins_without_a_line()
        site.near.hears(CART)
        site.near.hears(NearLost(CART.device))
        site.near.hears(CART)
        site.near.hears(replace(CART, visit=None))
        await settled()
        cart = CART.device
        assert site.rooms() == [
            {US: True, cart: True},
            {US: True, cart: False},
            {US: True, cart: True},
            {US: True},
        ]


async def test_a_cart_whose_own_line_is_gone_is_seen_though_the_server_misses_it() -> None:
    """The cart's line only: our server says it is away, and it stands in the same building."""
    async with opened() as site:
        await site.ways.join(VISIT)
        away = seat(Role.PRESENTER, site.clock, device=CART.device, is_connected=False)
        us = seat(Role.CLINICIAN, site.clock, device=US)
        site.channel.hears(room(VISIT, us, away))
        await site.clock.passes(NEAR_AFTER_S + 0.1)
        assert site.near.is_open
        site.near.hears(CART)
        await settled()
        assert site.rooms() == [{US: True, CART.device: False}, {US: True, CART.device: True}]
        await site.ways.signal(VISIT, LINK, OFFER)
        assert [words[0] for words in site.near.said] == [CART.device]
        site.channel.hears(room(VISIT, us, replace(away, is_connected=True)))
        await settled()
        assert not site.near.is_open  # the server sees both again


async def test_when_the_server_is_back_the_site_is_told_of_us_no_more() -> None:
    async with opened() as site:
        await site.line_goes()
        site.near.hears(CART)
        await settled()
        site.channel.goes_up()
        await settled()
        assert not site.near.is_open
        await site.ways.join(VISIT)
        await site.ways.signal(VISIT, LINK, OFFER)
        assert [words[0] for words in site.channel.said] == ["join", "signal"]


async def test_who_left_while_the_server_was_away_has_no_seat_when_it_is_back() -> None:
    async with opened() as site:
        await site.joins_without_a_line()
        site.near.hears(CART)
        site.near.hears(NearLost(CART.device))
        await settled()
        assert site.rooms()[-1] == {US: True, CART.device: False}
        site.channel.goes_up()
        site.channel.hears(room(VISIT, seat(Role.CLINICIAN, site.clock, device=US)))
        await settled()
        assert site.rooms()[-1] == {US: True}


async def test_one_that_does_not_answer_is_asked_by_the_server_where_that_is_up() -> None:
    async with opened() as site:
        await site.ways.join(VISIT)
        away = seat(Role.PRESENTER, site.clock, device=CART.device, is_connected=False)
        site.channel.hears(room(VISIT, away))
        await site.clock.passes(NEAR_AFTER_S + 0.1)
        site.near.hears(CART)
        await settled()
        site.near.away.add(CART.device)
        await site.ways.signal(VISIT, LINK, OFFER)
        assert site.channel.said_of("signal")


async def test_a_device_without_a_lease_tries_again_and_tells_nobody() -> None:
    async with opened() as site:
        site.near.can_prove = False
        await site.line_goes()
        await site.clock.passes(3 * OPEN_AGAIN_S)
        assert site.near.opened >= 3 and not site.near.is_open


async def test_whoever_comes_back_to_the_site_says_again_who_they_are() -> None:
    async with opened() as site:
        await site.joins_without_a_line()
        site.channel.goes_up()
        await settled()
        told = len(site.near.presented)
        await site.line_goes()
        assert site.near.opened == 2
        assert site.near.presented[told:] == [(LIN.id, VISIT)]


async def test_where_nobody_works_no_desk_is_told() -> None:
    async with opened() as site:
        await site.line_goes()
        assert site.near.is_open
        site.ways.person_is(None)
        await settled()
        assert [site.near.is_open] == [False]
        assert any(isinstance(word, SocketDown) for word in site.heard)


async def test_who_leaves_while_it_is_being_opened_leaves_nothing_open() -> None:
    async with opened() as site:
        begun = asyncio.Event()
        open_now = site.near.open

        async def slowly() -> bool:
            await open_now()
            begun.set()
            await asyncio.sleep(60)
            return True

        site.ways._open_near = slowly
        site.channel.goes_down()
        await begun.wait()
        assert site.near.is_open  # and closed by the end of `opened`
