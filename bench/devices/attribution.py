"""Whose measurement it is: random days on the real code, and days with one of its guards taken out.

A day is patients, wires, a disk and a person, all from one number: tests/story/attribution.
"""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from bench.devices.amount import Amount
from bench.rows import Row
from tests.story.attribution.mutants import MUTANTS, Patch
from tests.story.attribution.simulated import day_of, is_missed

DAYS_OF_A_MUTANT = 60
QUIET = partial(logging.disable, logging.CRITICAL)
WHAT_A_DAY_IS = (
    "patients changed, results late, doubled and unasked, wires pulled, slow and full disks, "
    "restarts, kills, STOP and series, at random, in virtual time; real services, store, monitor "
    "and conversations, emulated SunTech cuff, HBP-9030 with its own key and Microlife memory; "
    "no streaming oximeter, thermometer or scale is among them"
)
# What a day says is wrong, by its words; what is neither still counts, as the third.
ANOTHERS, LOST, ELSE = "another", "lost", "else"
WORDS = {ANOTHERS: ("another",), LOST: ("without a trace", "no trace", "no screen and in no tray")}


def rows(amount: Amount) -> Iterator[Row]:
    days = amount.attribution_days
    with ProcessPoolExecutor(os.cpu_count(), initializer=QUIET) as pool:
        said = list(pool.map(day_of, range(days), chunksize=50))
    wrong = [kinds_of(one) for one in said if one]
    for kind, measure, note in (
        (ANOTHERS, "days on which one got another's measurement", WHAT_A_DAY_IS),
        (LOST, "days on which a measurement was lost without a trace", "neither kept, nor in the "
         "tray, nor discarded by a person, nor refused with an event; the same days"),
        (ELSE, "days with anything else wrong", "a cuff that goes on, a STOP that is missing, an "
         "unforeseen exception; the same days"),
    ):  # fmt: skip
        found = sum(kind in kinds for kinds in wrong)
        yield Row(f"attribution: {measure}", "days", found, days, {}, note, "== 0")
    yield _unnoticed(amount.attribution_mutants)


def kinds_of(said: str) -> set[str]:
    wrong: list[str] = json.loads(said)["wrong"]
    return {
        next((kind for kind, words in WORDS.items() if any(w in one for w in words)), ELSE)
        for one in wrong
    }


def _unnoticed(most: int) -> Row:
    chosen: Sequence[Patch] = MUTANTS[:most]
    with ProcessPoolExecutor(os.cpu_count(), initializer=QUIET) as pool:
        first = list(pool.map(first_noticed, chosen))
    unnoticed = [one.__name__ for one, day in zip(chosen, first, strict=True) if day is None]
    days = [day for day in first if day is not None]
    return Row(
        "attribution: guards whose absence went unnoticed",
        "guards",
        len(unnoticed),
        len(chosen),
        {"most_days_until_noticed": max(days, default=0)},
        f"each guard taken out of the real code, at most {DAYS_OF_A_MUTANT} days"
        + (f"; unnoticed: {', '.join(unnoticed)}" if unnoticed else ""),
        "== 0",
    )


def first_noticed(mutant: Patch) -> int | None:
    """After how many days something became untrue; a defect alone does not count."""
    with pytest.MonkeyPatch.context() as patch:
        mutant(patch)
        return next((d + 1 for d in range(DAYS_OF_A_MUTANT) if is_missed(day_of(d))), None)
