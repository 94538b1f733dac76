"""A cuff that runs, or may start by itself, and no panel shows it: STOP stands all the same."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.bp_protocol import BpProtocol
from app.services.vitals import Vitals
from app.services.vitals_state import CUFF, VitalsState
from ui import wording
from ui.view_models.base import ViewModel
from ui.view_models.window import Page, WindowViewModel


@dataclass(frozen=True, slots=True)
class RunningCuffScreen:
    """Names no patient and no pressure: it stands on the locked screen too."""

    is_shown: bool = False
    state: str = ""  # "Cuff running"
    message: str = ""  # why STOP did not reach the cuff


class RunningCuffIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> RunningCuffScreen: ...
    def stop(self) -> None:
        """Needs no sign-in and no unlocking: whoever stands there may stop a cuff."""
        ...


class RunningCuffViewModel(ViewModel[RunningCuffScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        vitals: Vitals,
        bp_protocol: BpProtocol,
        window: WindowViewModel,
    ) -> None:
        super().__init__(tasks)
        self._vitals = vitals
        self._series = bp_protocol
        self._window = window
        self._code: Code | None = None
        window.changed.connect(self.refresh)
        self._stops.append(vitals.state.listen(self._vitals_changed))
        self.listen_to(vitals.state, bp_protocol.state)

    def _vitals_changed(self, state: VitalsState) -> None:
        if not _is_running(state):
            self._code = None

    def compose(self) -> RunningCuffScreen:
        is_running = _is_running(self._vitals.state.value)
        may_start = self._series.state.value.is_active
        if not (is_running or may_start) or self._window.screen.page is Page.VISIT:
            return RunningCuffScreen()
        message = "" if self._code is None else wording.failure(self._code)
        state = wording.text("vitals.running" if is_running else "vitals.starts-by-itself")
        return RunningCuffScreen(is_shown=True, state=state, message=message)

    def stop(self) -> None:
        self.act(self._stop(), "stop cuff")

    async def _stop(self) -> None:
        await self._series.stop()
        state = self._vitals.state.value
        self._code = state.of(CUFF).code if _is_running(state) else None
        self.refresh()


def _is_running(state: VitalsState) -> bool:
    return state.of(CUFF).is_running
