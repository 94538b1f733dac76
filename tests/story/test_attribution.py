"""Random days on the real code: nobody gets another's measurement, and none is lost without trace.

Each of the mutants is the code with one of its guards taken out; a simulation that did not
catch them would prove nothing. `make test-long` lives ten thousand days.
"""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from tests.story.attribution.mutants import MUTANTS, Patch, no_tray
from tests.story.attribution.simulated import day_of, is_missed

DAYS = 60
LONG_DAYS = 10_000
MOST_DAYS_OF_A_MUTANT = 60


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What a full disk and a pulled wire make the code say, it says as it should."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_nobody_gets_anothers_measurement_and_none_is_lost() -> None:
    wrong = {seed: said for seed in range(DAYS) if (said := day_of(seed))}
    assert not wrong, "\n".join(f"seed {seed}: {said}" for seed, said in wrong.items())


def test_the_same_seed_is_the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    no_tray(monkeypatch)
    seed = next(seed for seed in range(MOST_DAYS_OF_A_MUTANT) if day_of(seed))
    assert day_of(seed) == day_of(seed)


@pytest.mark.long
@pytest.mark.timeout(3600)  # a quarter of an hour on a free machine
def test_ten_thousand_days() -> None:
    quiet_too = partial(logging.disable, logging.CRITICAL)
    with ProcessPoolExecutor(os.cpu_count(), initializer=quiet_too) as pool:
        said = list(pool.map(day_of, range(LONG_DAYS), chunksize=50))
    wrong = {seed: one for seed, one in enumerate(said) if one}
    assert not wrong, "\n".join(f"seed {seed}: {one}" for seed, one in list(wrong.items())[:5])


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_each_guard_that_is_taken_out_is_missed(
    mutant: Patch, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    assert any(is_missed(day_of(seed)) for seed in range(MOST_DAYS_OF_A_MUTANT))
