"""Any program may die at any moment: the visit goes on and nothing acknowledged is lost."""

import random

import pytest

from demo.visit import Visit
from tests.whole.recovering import Kills

TARGETS = ("workstation", "cart", "media", "camera", "server")


@pytest.mark.parametrize("target", TARGETS)
def test_the_visit_survives_two_kills(visit: Visit, chance: random.Random, target: str) -> None:
    _kill_again_and_again(visit, chance, target, 2)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("target", TARGETS)
def test_the_visit_survives_twenty_kills(visit: Visit, chance: random.Random, target: str) -> None:
    _kill_again_and_again(visit, chance, target, 20)


def _kill_again_and_again(visit: Visit, chance: random.Random, target: str, times: int) -> None:
    kills = Kills(visit, chance)
    for _ in range(times):
        kills.round(target)
    kills.nothing_is_lost()
