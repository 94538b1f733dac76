"""Who has a visit's chart open and has not joined: pure rules, one onlooker for each visit.

An onlooker may signal to the seats of the room and is told who sits there. Nobody there sees one,
no seat is held by one, and everybody goes first: the next onlooker, and whoever takes the seat.
"""

from dataclasses import dataclass

from app.domain.access import Role
from app.domain.ids import DeviceId, LinkId, VisitId


@dataclass(slots=True)
class _Onlooker:
    device: DeviceId
    link: LinkId | None = None  # of its newest signal: answers to it are for it alone


class Onlookers:
    """A device looks on at one visit only, as one chart is open at a desk."""

    def __init__(self) -> None:
        self._of: dict[VisitId, _Onlooker] = {}

    def look(self, visit: VisitId, device: DeviceId) -> DeviceId | None:
        """Take the place; who had to give it up for that."""
        held = self._of.get(visit)
        if held is not None and held.device == device:
            return None
        self.leave(device)
        self._of[visit] = _Onlooker(device)
        return None if held is None else held.device

    def leave(self, device: DeviceId) -> None:
        """The chart was closed, the socket is gone, or this device has taken the seat."""
        self._of = {visit: one for visit, one in self._of.items() if one.device != device}

    def give_way(self, visit: VisitId, role: Role) -> DeviceId | None:
        """Somebody took that role's seat: the place of who looked on for it is gone."""
        if role is not Role.CLINICIAN:
            return None  # the cart is whom an onlooker waits for
        gone = self._of.pop(visit, None)
        return None if gone is None else gone.device

    def at(self, visit: VisitId) -> DeviceId | None:
        held = self._of.get(visit)
        return None if held is None else held.device

    def signals(self, visit: VisitId, device: DeviceId, link: LinkId) -> bool:
        """Whether this device looks on there, and so may signal; its link is remembered."""
        held = self._of.get(visit)
        if held is None or held.device != device:
            return False
        held.link = link
        return True

    def whose(self, visit: VisitId, link: LinkId) -> DeviceId | None:
        """The onlooker for whom a seat's signal of that link is."""
        held = self._of.get(visit)
        return None if held is None or held.link != link else held.device
