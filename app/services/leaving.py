"""Why leaving now would lose something: one place for all reasons, asked before the window closes.

It knows no service: whoever holds what lies in memory only says so here (main.py ties them).
"""

from enum import StrEnum

from app.runtime.broadcast import Broadcast


class Loss(StrEnum):
    """What would be gone; in the order in which it is said."""

    RECORDING = "recording"  # made here, not in the store yet
    SET_ASIDE = "set-aside"  # nobody has said yet whose it is, and the store goes with the window
    STILL = "still"  # likewise
    UNSENT = "unsent"  # where the store itself goes with the window


class Leaving:
    def __init__(self) -> None:
        self.losses: Broadcast[frozenset[Loss]] = Broadcast(frozenset())

    def would_lose(self, loss: Loss, is_so: bool) -> None:
        """Said whenever it changes, not when somebody leaves: a question can be withdrawn."""
        losses = self.losses.value
        self.losses.tell(losses | {loss} if is_so else losses - {loss})
