"""Which page stands in the window. The page is chosen by what is signed in, locked and open."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.access import Role
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.desk import Desk
from app.services.sign_in import SignIn, SignInPhase, SignInState
from app.services.worklist import Worklist
from ui.view_models.base import ViewModel

log = logging.getLogger(__name__)


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


class WindowIntents(Protocol):
    """What the main window needs of its model."""

    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> WindowScreen: ...
    def leave(self) -> None:
        """The window's close is an intent: hang up, flush, close the store, then quit."""
        ...


class WindowViewModel(ViewModel[WindowScreen]):
    """`wants_to_leave` is the closed window: the program hangs up, flushes and ends."""

    wants_to_leave = Signal()

    def __init__(
        self, tasks: TaskOwner, sign_in: SignIn, desk: Desk, worklist: Worklist, role: Role
    ) -> None:
        super().__init__(tasks)
        self._sign_in = sign_in
        self._desk = desk
        self._worklist = worklist
        self._role = role
        self._shows_unsent = False
        self._stops.append(sign_in.state.listen(self._person_changed))
        self.changed.connect(self._page_changed)
        self.listen_to(sign_in.state, desk.state)

    def _person_changed(self, state: SignInState) -> None:
        """Whoever signs in begins at their own first page."""
        if state.phase is SignInPhase.SIGNED_OUT:
            self._shows_unsent = False

    def _page_changed(self, screen: WindowScreen) -> None:
        """Both first pages show today's list."""
        if screen.page in (Page.TODAY, Page.CART_HOME):
            self.act_once(self._worklist.see(), "see today's list", self._not_noted)

    def _not_noted(self, code: Code) -> None:
        log.error("that today's list was seen is not in the audit: %s", code)

    def compose(self) -> WindowScreen:
        phase = self._sign_in.state.value.phase
        if phase is SignInPhase.LOCKED:
            return WindowScreen(Page.LOCK)
        if phase is not SignInPhase.SIGNED_IN:
            return WindowScreen(Page.SIGN_IN)
        if self._shows_unsent:
            return WindowScreen(Page.UNSENT)
        if self._desk.state.value.is_chart_shown:
            return WindowScreen(Page.VISIT)
        return WindowScreen(Page.TODAY if self._role is Role.CLINICIAN else Page.CART_HOME)

    def show_unsent(self, is_shown: bool) -> None:
        self._shows_unsent = is_shown
        self.refresh()

    def leave(self) -> None:
        self.wants_to_leave.emit()
