"""The simulated blood-pressure cuff: a process of its own on a pty, told what to measure."""

import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.programs import Programs

ANSWER_LIMIT_S = 15.0
CYCLE_S = 4.0


@dataclass(frozen=True, slots=True)
class Pressure:
    systolic: int
    diastolic: int
    pulse: int

    @property
    def spoken(self) -> str:
        """As a pattern for what a screen says of it."""
        return rf"\b{self.systolic} over {self.diastolic}, pulse {self.pulse}\b"

    def __str__(self) -> str:
        return f"{self.systolic}/{self.diastolic}, pulse {self.pulse}"


def new_pressure(chance: random.Random) -> Pressure:
    """What a person may well have, another one in each run."""
    diastolic = chance.randint(58, 94)
    return Pressure(diastolic + chance.randint(32, 58), diastolic, chance.randint(55, 98))


class Cuff:
    """`port` is what the cart's program is given."""

    def __init__(
        self,
        programs: Programs,
        folder: Path,
        environment: Mapping[str, str],
        cycle_s: float = CYCLE_S,
    ) -> None:
        self.port = str(folder / "cuff")
        self._answers = 0
        self._program = programs.start(
            "cuff",
            [
                *(sys.executable, "-m", "peripherals.emulate", "suntech", "--link", self.port),
                *("--seconds", str(cycle_s), "--log", str(folder / "cuff-commands.log")),
            ],
            environment,
            keeps_stdin=True,
        )
        self._program.line_starting("port", ANSWER_LIMIT_S)

    def will_measure(self, pressure: Pressure) -> None:
        self._program.order(f"result {pressure.systolic}/{pressure.diastolic}/{pressure.pulse}")
        self._answers += 1
        self._program.nth_line("ok", self._answers, ANSWER_LIMIT_S)
