"""A link to the other side before anybody has joined: made while a chart is open, at most one.

It carries no sound and no picture. The clinician's desk looks on at the visit's room and offers it
to a cart that waits there; the cart answers. Who joins takes it over, or does without.
"""

import logging

from app.domain.access import Role
from app.domain.failures import Unavailable
from app.domain.ids import DeviceId, LinkId, VisitId, new_id
from app.domain.server_words import far_of
from app.services.acts import Acts
from app.services.ports import CallEngine, LinkPhase, RoomHeard, SignalHeard, SignalMade
from app.services.switchboard import Switchboard

log = logging.getLogger(__name__)

PAUSES_S = (1.0, 5.0, 15.0, 60.0)  # after a link that failed; one that was up begins anew


class WarmLink:
    """`link` is the one in hand: its signals and changes belong here until it is taken."""

    def __init__(self, engine: CallEngine, switchboard: Switchboard, acts: Acts) -> None:
        self._engine = engine
        self._switchboard = switchboard
        self._acts = acts
        self._looks_on: VisitId | None = None  # a chart is open here; never so at the cart
        self._visit: VisitId | None = None  # of `link`
        self._is_up = False
        self._is_offered = False  # by us
        self._far: DeviceId | None = None
        self._failures = 0
        self._again_at: float | None = None  # monotonic
        self.link: LinkId | None = None

    # --- the clinician's desk --------------------------------------------------------------

    async def look_on(self, visit: VisitId) -> None:
        """From now on, until `close`; offline as soon as the socket is up."""
        if self._looks_on not in (None, visit):
            await self.close()
        self._looks_on, self._failures = visit, 0
        await self.socket_is_up()

    async def socket_is_up(self) -> None:
        if self._looks_on is None:
            return
        try:
            await self._switchboard.channel.look(self._looks_on)
        except Unavailable:
            log.info("no room is looked into while the server is away")

    async def close(self) -> None:
        """The chart is closed, or the screen locked."""
        visit, self._looks_on = self._looks_on, None
        if visit is None:
            return
        await self._end()
        try:
            await self._switchboard.channel.leave(visit)
        except Unavailable:
            pass  # the place went with the socket

    def joins(self) -> None:
        """The place goes with the seat that is asked for now; the link waits to be taken."""
        self._looks_on = None

    async def refused(self, visit: VisitId) -> None:
        """Somebody else looks on now, or joined; the place is gone already."""
        if visit == self._looks_on:
            self._looks_on = None
            await self._end()

    async def heard_room(self, room: RoomHeard) -> None:
        if room.visit != self._looks_on:
            return
        far = far_of(room.seats, Role.CLINICIAN, self._acts.device)
        is_seat_free = all(
            seat.role is not Role.CLINICIAN or not seat.is_connected for seat in room.seats
        )
        if far is None or not far.is_connected or not is_seat_free:
            await self._end()
        elif far.device != self._far:
            self._far, self._failures = far.device, 0
            await self._offer()

    async def look_again(self) -> None:
        """To be called some times a second."""
        if self._again_at is not None and self._acts.clock.monotonic() >= self._again_at:
            await self._offer()

    async def _offer(self) -> None:
        self._again_at = None
        if self._looks_on is None or self._far is None:
            return
        self.link, self._visit = LinkId(new_id()), self._looks_on
        self._is_up, self._is_offered = False, True
        try:
            await self._engine.warm_up(self.link, is_offerer=True)
        except Unavailable:
            self.lost()

    # --- the cart --------------------------------------------------------------------------

    async def answer(self, word: SignalHeard) -> None:
        """An onlooker's offer, its certificate vouched for; a newer one takes the older's place."""
        if word.link != self.link:
            self.link, self._visit, self._far = word.link, word.visit, word.onlooker
            self._is_up, self._is_offered = False, False
            await self._engine.warm_up(word.link, is_offerer=False)
        await self._engine.heard_signal(word.link, word.payload)

    # --- both ------------------------------------------------------------------------------

    @property
    def visit(self) -> VisitId | None:
        return self._visit

    async def send(self, word: SignalMade) -> None:
        if self._visit is not None:
            await self._switchboard.channel.signal(self._visit, word.link, word.payload)

    def changed(self, phase: LinkPhase) -> None:
        if phase is LinkPhase.WARM:
            self._is_up, self._failures = True, 0
        elif phase in (LinkPhase.LOST, LinkPhase.FAILED):
            self.lost()

    def lost(self) -> None:
        """With its media process, or by itself; the clinician's desk offers another one."""
        self.link, self._is_up = None, False
        if self._looks_on is not None and self._far is not None:
            pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
            self._again_at = self._acts.clock.monotonic() + pause_s
            self._failures += 1

    def take(self, far: DeviceId) -> LinkId | None:
        """For the call with that device; None: there is nothing to build on. Ours no more.

        The cart takes one that is not up yet, too: a clinician who goes another way offers that.
        """
        is_good = self._far == far and (self._is_up or not self._is_offered)
        link = self.link if is_good else None
        self.forget()
        return link

    def forget(self) -> None:
        """What the media process still has of it gives way to the next link, or is closed."""
        self._looks_on = self.link = self._visit = self._far = self._again_at = None
        self._is_up = False

    async def _end(self) -> None:
        had_link, self.link = self.link is not None, None
        self._far, self._again_at, self._is_up = None, None, False
        if had_link:
            await self._engine.close_link()
