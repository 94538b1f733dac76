"""Moves of an exam camera: what its controls allow, and that each is one bounded step."""

from dataclasses import replace

import pytest

from app.domain.camera_moves import DIRECTIONS, Move, Setting, moves_of, settings_of, stepped
from app.domain.exam_camera import Control, ControlState

ZOOM = ControlState(Control.ZOOM, 100, 500, 1, 100)
PAN = ControlState(Control.PAN, -36_000, 36_000, 3600, 0)
FOCUS = ControlState(Control.FOCUS, 0, 255, 5, 20, is_settable=False)
AUTO_FOCUS = ControlState(Control.AUTO_FOCUS, 0, 1, 1, 1)


def test_only_what_the_camera_offers_can_be_asked() -> None:
    assert moves_of(()) == frozenset()
    assert moves_of((ZOOM,)) == {Move.ZOOM_IN, Move.ZOOM_OUT}
    assert moves_of((FOCUS, AUTO_FOCUS)) == {
        Move.FOCUS_NEARER,
        Move.FOCUS_FARTHER,
        Move.FOCUS_BY_ITSELF,
    }
    for move in Move:
        assert bool(settings_of(move, (ZOOM, PAN, FOCUS, AUTO_FOCUS))) <= (
            move in moves_of((ZOOM, PAN, FOCUS, AUTO_FOCUS))
        )


def test_a_step_is_a_twentieth_in_whole_steps_of_the_driver() -> None:
    assert settings_of(Move.ZOOM_IN, (ZOOM,)) == (Setting(Control.ZOOM, 120),)
    assert settings_of(Move.LEFT, (PAN,)) == (Setting(Control.PAN, -3600),)
    two_steps = ControlState(Control.TILT, 0, 1, 1, 0)
    assert settings_of(Move.UP, (two_steps,)) == (Setting(Control.TILT, 1),)


@pytest.mark.parametrize(("move", "place"), [(Move.ZOOM_IN, 500), (Move.ZOOM_OUT, 100)])
def test_at_its_end_nothing_is_set(move: Move, place: int) -> None:
    assert settings_of(move, (replace(ZOOM, value=place),)) == ()


def test_every_way_through_a_range_ends_at_its_end() -> None:
    for sign, end in ((1, 500), (-1, 100)):
        state, steps = replace(ZOOM, value=303), 0
        while (value := stepped(state, sign)) != state.value:
            assert 100 <= value <= 500
            state, steps = replace(state, value=value), steps + 1
        assert state.value == end and steps <= 21


def test_a_driver_that_tells_no_step_is_moved_all_the_same() -> None:
    assert stepped(ControlState(Control.ZOOM, 0, 10, 0, 5), 1) == 6


def test_a_focus_that_the_camera_holds_is_let_go_first() -> None:
    assert settings_of(Move.FOCUS_NEARER, (FOCUS, AUTO_FOCUS)) == (
        Setting(Control.AUTO_FOCUS, 0),
        Setting(Control.FOCUS, 35),
    )
    by_hand = replace(AUTO_FOCUS, value=0)
    assert settings_of(Move.FOCUS_FARTHER, (FOCUS, by_hand)) == (Setting(Control.FOCUS, 5),)
    assert settings_of(Move.FOCUS_BY_ITSELF, (by_hand,)) == (Setting(Control.AUTO_FOCUS, 1),)


def test_opposite_moves_are_opposite() -> None:
    pairs = (
        (Move.ZOOM_IN, Move.ZOOM_OUT),
        (Move.FOCUS_NEARER, Move.FOCUS_FARTHER),
        (Move.RIGHT, Move.LEFT),
        (Move.UP, Move.DOWN),
    )
    for there, back in pairs:
        control, sign = DIRECTIONS[there]
        assert DIRECTIONS[back] == (control, -sign)
