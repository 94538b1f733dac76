"""Each cell of the table can be chosen, and each of its goals can be checked."""

import pytest

from bench.call.cells import Aim, Cell, by_hand, chosen, table
from bench.call.facts import nothing_came
from bench.call.results import name_of
from bench.call.situations import Kind, quicker
from bench.goals import holds


@pytest.mark.parametrize("cell", table().values(), ids=list(table()))
def test_each_goal_is_one_that_a_machine_can_check(cell: Cell) -> None:
    assert bool(cell.aims) == (cell.made_by is None)
    for aim in cell.aims:
        assert holds(1.0, aim.goal_with(1.0)) in (None, True, False)
        assert aim.goal is None or aim.goal_with(1.0) is not None
    names = [name_of(cell, aim) for aim in cell.aims]
    assert len(set(names)) == len(names)
    assert (cell.situation is None and cell.made_by is None) == bool(cell.reason)


def test_a_goal_against_the_peer_is_made_of_its_figure() -> None:
    assert Aim("a", "ms", "<= peer + 30").goal_with(110.0) == "<= 140"
    assert Aim("a", "s", "<= peer * 0.5").goal_with(3.0) == "<= 1.5"
    assert Aim("a", "s", "< peer").goal_with(0.75) == "< 0.75"
    assert Aim("a", "s", "< peer").goal_with(None) is None
    assert Aim("a", "s", "<= 2").goal_with(None) == "<= 2"


def test_cells_are_chosen_by_name_or_made_by_hand() -> None:
    assert [cell.name for cell in chosen("join-10 speech-5")] == ["join-10", "speech-5"]
    assert len(chosen("")) == len(table())
    [cell] = chosen("loss=7 rtt=180 rate=400k")
    assert cell.situation is not None
    shape = cell.situation.shape
    assert (shape.loss, shape.delay_ms, shape.rate_bit_s) == (0.07, 90, 400_000)
    assert not any(aim.goal for aim in cell.aims)


@pytest.mark.parametrize("words", ["no-such-cell", "loss=much", "speed=7"])
def test_what_is_not_understood_is_said(words: str) -> None:
    with pytest.raises(ValueError, match=r"no such cell|not understood"):
        chosen(words)


def test_a_quick_run_fits_into_25_minutes() -> None:
    total, known = 0.0, set()
    for cell in table().values():
        if cell.situation is None or cell.why_not_quick:
            continue
        situation = quicker(cell.situation)
        if (situation, cell.needs_peer) in known:
            continue
        known.add((situation, cell.needs_peer))
        runs = len(cell.seeds_in(is_quick=True)) * (2 if cell.needs_peer else 1)
        total += runs * situation.expected_s
    assert total <= 25 * 60


def test_a_call_that_never_came_fails_each_goal_of_its_cell() -> None:
    of_the_machine = ("queue_p95_ms", "growth_mb_h", "cpu")
    for cell in table().values():
        if cell.situation is None or cell.situation.kind is not Kind.CALL:
            continue
        facts = nothing_came(cell.situation.watch_s)
        for aim in cell.aims:
            goal = aim.goal_with(1.0 if aim.unit in ("s", "SSIM") else 4.0)
            if goal is not None and aim.fact not in of_the_machine:
                assert holds(facts[aim.fact], goal) is False, (cell.name, aim.fact)


def test_two_cells_on_one_line_share_their_situation() -> None:
    cells = table()
    assert cells["speech-5"].situation == cells["picture-5"].situation
    assert by_hand(["loss=5"]).situation == cells["picture-5"].situation
