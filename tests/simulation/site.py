"""Two desks of one site in a call, with or without the server: what one keeps it tells the other.

The real words and the real keeping of them, over a channel that is worse than any: it loses,
doubles and delays words, and brings old ones. Dice of its own, so that a seed's other fates stay.
"""

import asyncio
import random
from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.domain.changes import Json
from app.domain.failures import Code, Unavailable
from app.domain.ids import LinkId, VisitId
from tests.simulation.desk_end import DeskEnd
from tests.simulation.ground import KIM, SITS_AT, Ground

BEGINS, ENDS = 0.2, 0.12  # at each step
SLOWEST_S, LATE_MOST_S = 0.3, 12.0
OLD_WORDS = 8


class WordFate(StrEnum):
    WELL = "word-well"
    LOST = "word-lost"
    DOUBLED = "word-doubled"
    LATE = "word-late"
    OLD_WORD = "old-word"


ODDS = {
    WordFate.WELL: 60,
    WordFate.LOST: 12,
    WordFate.DOUBLED: 14,
    WordFate.LATE: 8,
    WordFate.OLD_WORD: 6,
}


@dataclass(frozen=True, slots=True)
class _Call:
    """`lives`: which life of each desk it is with; a desk that died is not in it any more."""

    desks: tuple[DeskEnd, DeskEnd]
    lives: tuple[int, int]
    visit: VisitId

    @property
    def is_on(self) -> bool:
        return all(
            desk.is_running and not desk.fuse.is_dead and desk.life == life
            for desk, life in zip(self.desks, self.lives, strict=True)
        )


class Site:
    def __init__(self, ground: Ground, desks: list[DeskEnd], dice: random.Random) -> None:
        self._ground = ground
        self._desks = desks
        self._dice = dice
        self._call: _Call | None = None
        self._old: deque[tuple[VisitId, dict[str, Json]]] = deque(maxlen=OLD_WORDS)
        self.met: Counter[str] = Counter()
        for desk in desks:
            desk.say = lambda word, desk=desk: self._says(desk, word)  # type: ignore[misc]

    def step(self) -> None:
        """A call may begin or end."""
        if self._call is None:
            if self._dice.random() < BEGINS:
                self._begin()
        elif not self._call.is_on or self._dice.random() < ENDS:
            self.end()

    def end(self) -> None:
        if self._call is not None:
            for desk in self._call.desks:
                desk.hangs_up()
        self._call = None

    def _begin(self) -> None:
        nurses = SITS_AT.index(KIM)
        doctors = self._dice.choice([n for n in range(len(SITS_AT)) if n != nurses])
        pair = (self._desks[doctors], self._desks[nurses])
        if any(not desk.is_running or desk.fuse.is_dead for desk in pair):
            return
        visit = self._dice.choice(self._ground.visits)
        link = LinkId(UUID(int=self._dice.getrandbits(128)))
        self._call = _Call(pair, (pair[0].life, pair[1].life), visit)
        pair[0].is_called(visit, link, pair[1])
        pair[1].is_called(visit, link, pair[0])
        self.met["calls"] += 1

    def _says(self, desk: DeskEnd, word: dict[str, Json]) -> None:
        call = self._call
        if call is None or not call.is_on or desk not in call.desks:
            raise Unavailable(Code.CALL_NOT_OPEN)
        [fate] = self._dice.choices(list(ODDS), list(ODDS.values()))
        self.met[fate] += 1
        [far] = [one for one in call.desks if one is not desk]
        said = (call.visit, word)
        if fate is WordFate.OLD_WORD and self._old:
            self._arrives(far, *self._dice.choice(self._old), within_s=SLOWEST_S)
        if fate is WordFate.DOUBLED:
            self._arrives(far, *said, within_s=SLOWEST_S)
        if fate is not WordFate.LOST:
            within_s = LATE_MOST_S if fate is WordFate.LATE else SLOWEST_S
            self._arrives(far, *said, within_s=within_s)
        self._old.append(said)

    def _arrives(
        self, far: DeskEnd, visit: VisitId, word: dict[str, Json], *, within_s: float
    ) -> None:
        def come() -> None:
            if far.is_running and not far.fuse.is_dead:
                far.direct_line.heard(visit, word)

        asyncio.get_running_loop().call_later(self._dice.uniform(0.0, within_s), come)
