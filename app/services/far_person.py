"""Who sits at the far end of a live link: also for a screen that was started anew in an outage.

Only the server tells who it is; on the same link it is still whom the server told last.
"""

import json
import logging
from dataclasses import dataclass
from uuid import UUID

from app.domain.access import Role
from app.domain.call import Phase
from app.domain.failures import Failure
from app.domain.ids import LinkId, PersonId
from app.domain.people import Person
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import Call, CallState
from app.services.ports import UnitOfWork

log = logging.getLogger(__name__)

KEPT_NAME = "far-person"


@dataclass(frozen=True, slots=True)
class _Seat:
    link: LinkId
    person: Person


class FarPerson:
    def __init__(self, acts: Acts, call: Call) -> None:
        self._acts = acts
        self._kept: _Seat | None = None
        self._tasks = TaskOwner("far person")
        self._stop_listening = call.state.listen(self._call_changed)

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    def _call_changed(self, state: CallState) -> None:
        if state.phase is not Phase.LIVE or state.far is None or state.link is None:
            return
        far = state.far
        seat = _Seat(state.link, Person(far.person, far.name, far.role))
        if seat != self._kept:
            self._kept = seat
            self._tasks.start(self._keep(seat), "remember who sits there")

    async def _keep(self, seat: _Seat) -> None:
        text = json.dumps(
            {
                "link": str(seat.link),
                "person": str(seat.person.id),
                "name": seat.person.name,
                "role": str(seat.person.role),
            }
        )
        try:
            await self._acts.read(lambda unit: unit.kept.keep_text(KEPT_NAME, text))
        except Failure as failure:
            log.info("who sits at the far end was not written down: %s", failure.code)

    def of(self, unit: UnitOfWork, link: LinkId | None) -> Person | None:
        """None: on this link nobody was seen."""
        text = unit.kept.text(KEPT_NAME)
        if text is None or link is None:
            return None
        said = json.loads(text)
        if said["link"] != str(link):
            return None
        return Person(PersonId(UUID(said["person"])), said["name"], Role(said["role"]))
