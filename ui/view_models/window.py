"""Which page stands in the window. The page is chosen by what is signed in, locked and open."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.access import Role
from app.runtime.tasks import TaskOwner
from app.services.desk import Desk
from app.services.leaving import Leaving, Loss
from app.services.sign_in import SignIn, SignInPhase, SignInState
from ui import wording
from ui.view_models.base import ViewModel


class Page(StrEnum):
    SIGN_IN = "sign-in"
    LOCK = "lock"
    TODAY = "today"
    CART_HOME = "cart-home"
    VISIT = "visit"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class WindowScreen:
    page: Page
    leave_question: str = ""  # what would be lost by closing; asked while it stands here


class WindowIntents(Protocol):
    """What the main window needs of its model."""

    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> WindowScreen: ...
    def leave(self) -> None:
        """The window's close is an intent: hang up, flush, close the store, then quit.

        Asked first while something would be lost with it.
        """
        ...

    def leave_anyway(self) -> None: ...
    def stay(self) -> None: ...


class WindowViewModel(ViewModel[WindowScreen]):
    """`wants_to_leave` is the closed window: the program hangs up, flushes and ends."""

    wants_to_leave = Signal()

    def __init__(
        self, tasks: TaskOwner, sign_in: SignIn, desk: Desk, leaving: Leaving, role: Role
    ) -> None:
        super().__init__(tasks)
        self._sign_in = sign_in
        self._desk = desk
        self._leaving = leaving
        self._role = role
        self._shows_unsent = False
        self._asks_to_leave = False
        self._stops.append(sign_in.state.listen(self._person_changed))
        self._stops.append(leaving.losses.listen(self._losses_changed))
        self.listen_to(sign_in.state, desk.state, leaving.losses)

    def _person_changed(self, state: SignInState) -> None:
        """Whoever signs in begins at their own first page."""
        if state.phase is SignInPhase.SIGNED_OUT:
            self._shows_unsent = False

    def _losses_changed(self, losses: frozenset[Loss]) -> None:
        """A question that nothing speaks for any more is withdrawn; nobody has said yes to it."""
        if not losses:
            self._asks_to_leave = False

    def compose(self) -> WindowScreen:
        return WindowScreen(self._page(), self._question() if self._asks_to_leave else "")

    def _page(self) -> Page:
        phase = self._sign_in.state.value.phase
        if phase is SignInPhase.LOCKED:
            return Page.LOCK
        if phase is not SignInPhase.SIGNED_IN:
            return Page.SIGN_IN
        if self._shows_unsent:
            return Page.UNSENT
        if self._desk.state.value.is_chart_shown:
            return Page.VISIT
        return Page.TODAY if self._role is Role.CLINICIAN else Page.CART_HOME

    def _question(self) -> str:
        losses = self._leaving.losses.value
        said = [wording.text(f"leave.loses.{loss}") for loss in Loss if loss in losses]
        return " ".join([*said, wording.text("leave.question")])

    def show_unsent(self, is_shown: bool) -> None:
        self._shows_unsent = is_shown
        self.refresh()

    def leave(self) -> None:
        if not self._leaving.losses.value:
            self.wants_to_leave.emit()
            return
        self._asks_to_leave = True
        self.refresh()

    def leave_anyway(self) -> None:
        self.wants_to_leave.emit()

    def stay(self) -> None:
        self._asks_to_leave = False
        self.refresh()
