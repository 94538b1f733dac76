"""Where it is measured: the demonstration's stage, with eyes and a pointer at each display."""

import random
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.eyes import Eyes
from bench.pointer import Pointer
from demo.network import Network
from demo.side import Side
from demo.stage import Given, Stage

CUFF_CYCLE_S = 1.5  # how long inflating takes is not what is measured


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured; the quick form only proves that the measuring itself works."""

    sign_ins: int = 20
    joins: int = 60
    readings: int = 20
    starts: int = 10
    turns: int = 3  # of a blocked and an unblocked screen
    turn_s: float = 30.0
    memory_looks: int = 10


QUICK = Amount(sign_ins=2, joins=2, readings=2, starts=1, turns=1, turn_s=4.0, memory_looks=2)


class Floor:
    """Private displays always: what a person's display paints cannot be looked at so often."""

    def __init__(
        self,
        network: Network,
        chance: random.Random,
        amount: Amount,
        exam_camera: Path | None = None,
    ) -> None:
        self.amount = amount
        self.chance = chance
        given = Given(cuff_cycle_s=CUFF_CYCLE_S, exam_camera=exam_camera)
        self.stage = Stage(network, chance, given, always_private=True)
        self._house = ExitStack()
        self._eyes: dict[str, Eyes] = {}
        self._pointers: dict[str, Pointer] = {}

    def __enter__(self) -> Self:
        try:
            self._house.enter_context(self.stage)
            for side in self.stage.sides:
                display = self.stage.desk.displays[side.name]
                self._eyes[side.name] = Eyes(side.screen)
                self._pointers[side.name] = Pointer(display.name)
                self._house.callback(self._pointers[side.name].close)
        except BaseException:
            self._house.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._house.close()

    def eyes_at(self, side: Side) -> Eyes:
        return self._eyes[side.name]

    def pointer_at(self, side: Side) -> Pointer:
        return self._pointers[side.name]
