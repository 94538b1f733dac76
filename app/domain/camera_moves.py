"""Steps by which a person moves an exam camera: each is one small act that ends by itself.

No move goes on until it is stopped: a line that breaks must not leave a camera turning.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.exam_camera import Control, ControlState

STEPS_ACROSS = 20  # of the whole range in one move


class Move(StrEnum):
    ZOOM_IN = "zoom-in"
    ZOOM_OUT = "zoom-out"
    FOCUS_NEARER = "focus-nearer"
    FOCUS_FARTHER = "focus-farther"
    FOCUS_BY_ITSELF = "focus-by-itself"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a move comes to: one control, one value."""

    control: Control
    value: int


# UVC counts up for a longer lens, a nearer focus, and for pan and tilt to the right and up.
DIRECTIONS: dict[Move, tuple[Control, int]] = {
    Move.ZOOM_IN: (Control.ZOOM, 1),
    Move.ZOOM_OUT: (Control.ZOOM, -1),
    Move.FOCUS_NEARER: (Control.FOCUS, 1),
    Move.FOCUS_FARTHER: (Control.FOCUS, -1),
    Move.LEFT: (Control.PAN, -1),
    Move.RIGHT: (Control.PAN, 1),
    Move.UP: (Control.TILT, 1),
    Move.DOWN: (Control.TILT, -1),
}


def moves_of(controls: Iterable[ControlState]) -> frozenset[Move]:
    """The moves that a camera with these controls can make."""
    there = {state.control for state in controls}
    possible = {move for move, (control, _) in DIRECTIONS.items() if control in there}
    if Control.AUTO_FOCUS in there:
        possible.add(Move.FOCUS_BY_ITSELF)
    return frozenset(possible)


def settings_of(move: Move, controls: Iterable[ControlState]) -> tuple[Setting, ...]:
    """What is to be set, in order; empty: the camera cannot, or stands at its end already."""
    by_name = {state.control: state for state in controls}
    if move is Move.FOCUS_BY_ITSELF:
        there = Control.AUTO_FOCUS in by_name
        return (Setting(Control.AUTO_FOCUS, 1),) if there else ()
    control, sign = DIRECTIONS[move]
    state = by_name.get(control)
    if state is None:
        return ()
    value = stepped(state, sign)
    if value == state.value:
        return ()
    by_hand = _by_hand(control, by_name)
    return (*by_hand, Setting(control, value))


def _by_hand(control: Control, by_name: dict[Control, ControlState]) -> tuple[Setting, ...]:
    """A focus that is held by the camera itself is let go first."""
    automatic = by_name.get(Control.AUTO_FOCUS)
    if control is Control.FOCUS and automatic is not None and automatic.value:
        return (Setting(Control.AUTO_FOCUS, 0),)
    return ()


def stepped(state: ControlState, sign: int) -> int:
    """One move further, in whole steps of the driver, never beyond the ends."""
    step = max(1, state.step)
    count = max(1, round((state.most - state.least) / STEPS_ACROSS / step))
    return min(state.most, max(state.least, state.value + sign * count * step))
