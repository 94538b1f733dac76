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
from app.services.leaving import Leaving, Loss
from app.services.sign_in import SignIn, SignInPhase, SignInState
from app.services.sync import Sync
from app.services.worklist import Worklist
from ui import wording
from ui.view_models.base import ViewModel

log = logging.getLogger(__name__)

SEND_LIMIT_S = 3.0


class Page(StrEnum):
    SIGN_IN = "sign-in"
    LOCK = "lock"
    TODAY = "today"
    CART_HOME = "cart-home"
    VISIT = "visit"
    UNSENT = "unsent"
    CONFLICTS = "conflicts"
    DEVICES = "devices"


@dataclass(frozen=True, slots=True)
class WindowScreen:
    page: Page
    question: str = ""  # asked before the window is left; empty: nothing is asked


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

    def restart(self) -> None:
        """The same, and then the program starts again."""
        ...

    def leave_all_the_same(self) -> None: ...
    def stay(self) -> None: ...


class WindowViewModel(ViewModel[WindowScreen]):
    """`wants_to_leave` is the closed window: the program hangs up, flushes and ends.

    Where nothing is kept here, what is unsent is sent first. A person is asked when something would
    be lost all the same.
    """

    wants_to_leave = Signal()
    wants_to_restart = Signal()

    def __init__(
        self,
        tasks: TaskOwner,
        sign_in: SignIn,
        desk: Desk,
        worklist: Worklist,
        sync: Sync,
        leaving: Leaving,
        role: Role,
    ) -> None:
        super().__init__(tasks)
        self._sync = sync
        self._leaving = leaving
        self._unsent = 0
        self._asks = False
        self._end = self.wants_to_leave
        self._sign_in = sign_in
        self._desk = desk
        self._worklist = worklist
        self._role = role
        self._aside: Page | None = None  # shown instead of the first page or the visit
        self._stops.append(sign_in.state.listen(self._person_changed))
        self._stops.append(leaving.losses.listen(self._losses_changed))
        self.changed.connect(self._page_changed)
        self.listen_to(sign_in.state, desk.state, leaving.losses)

    def _person_changed(self, state: SignInState) -> None:
        """Whoever signs in begins at their own first page."""
        if state.phase is SignInPhase.SIGNED_OUT:
            self._aside = None

    def _page_changed(self, screen: WindowScreen) -> None:
        """Both first pages show today's list."""
        if screen.page in (Page.TODAY, Page.CART_HOME):
            self.act_once(self._worklist.see(), "see today's list", self._not_noted)

    def _not_noted(self, code: Code) -> None:
        log.error("that today's list was seen is not in the audit: %s", code)

    def _losses_changed(self, losses: frozenset[Loss]) -> None:
        """A question that nothing speaks for any more is withdrawn; nobody has said yes to it."""
        if not losses:
            self._asks = False

    def compose(self) -> WindowScreen:
        return WindowScreen(self._page(), self._question() if self._asks else "")

    def _question(self) -> str:
        losses = self._leaving.losses.value
        said = [
            wording.text(f"leave.loses.{loss}", count=self._unsent)
            for loss in Loss
            if loss in losses
        ]
        return " ".join([*said, wording.text("leave.question")])

    def _page(self) -> Page:
        phase = self._sign_in.state.value.phase
        if phase is SignInPhase.LOCKED:
            return Page.LOCK
        if phase is not SignInPhase.SIGNED_IN:
            return Page.SIGN_IN
        if self._aside is not None:
            return self._aside
        if self._desk.state.value.is_chart_shown:
            return Page.VISIT
        return Page.TODAY if self._role is Role.CLINICIAN else Page.CART_HOME

    def show_unsent(self, is_shown: bool) -> None:
        self._show_aside(Page.UNSENT, is_shown)

    def show_conflicts(self, is_shown: bool) -> None:
        self._show_aside(Page.CONFLICTS, is_shown)

    def show_devices(self, is_shown: bool) -> None:
        self._show_aside(Page.DEVICES, is_shown)

    def _show_aside(self, page: Page, is_shown: bool) -> None:
        self._aside = page if is_shown else None
        self.refresh()

    def leave(self) -> None:
        self._leave(self.wants_to_leave)

    def restart(self) -> None:
        self._leave(self.wants_to_restart)

    def _leave(self, end: SignalInstance) -> None:
        self._end = end
        if self._sign_in.state.value.is_kept:
            self._ask_or_end()
        else:
            self.act_once(self._send_and_leave(), "leave", lambda _: self._ask_or_end())

    async def _send_and_leave(self) -> None:
        self._unsent = await self._sync.send_now(SEND_LIMIT_S)
        self._leaving.would_lose(Loss.UNSENT, self._unsent > 0)
        self._ask_or_end()

    def _ask_or_end(self) -> None:
        if not self._leaving.losses.value:
            self._end.emit()
            return
        self._asks = True
        self.refresh()

    def leave_all_the_same(self) -> None:
        self._end.emit()

    def stay(self) -> None:
        self._asks = False
        self._leaving.would_lose(Loss.UNSENT, False)  # looked at anew when somebody closes
        self.refresh()
