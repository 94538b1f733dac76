"""The locked screen: nothing of the chart, but a running call with Hang up and Mute."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.call import Phase
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.call import Call
from app.services.desk import Desk
from app.services.sign_in import SignIn, SignInPhase
from ui import wording
from ui.tone import Tone
from ui.view_models.base import ViewModel


@dataclass(frozen=True, slots=True)
class LockScreen:
    """Neither patient nor picture is named here."""

    person: str  # who is asked for the password
    explanation: str  # why it is locked
    has_call: bool = False
    call_state: str = ""  # "Call running since 13:58"
    call_tone: Tone = Tone.PLAIN
    is_muted: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    is_busy: bool = False


class LockIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> LockScreen: ...
    def hang_up(self) -> None: ...
    def toggle_mute(self) -> None: ...
    def unlock(self, password: str) -> None: ...
    def sign_out(self) -> None:
        """Somebody else takes this machine; offered only without a running call."""
        ...


class LockViewModel(ViewModel[LockScreen]):
    def __init__(self, tasks: TaskOwner, sign_in: SignIn, call: Call, desk: Desk) -> None:
        super().__init__(tasks)
        self._sign_in = sign_in
        self._call = call
        self._desk = desk
        self._is_busy = False
        self.listen_to(sign_in.state, call.state, desk.state)

    def compose(self) -> LockScreen:
        state, call = self._sign_in.state.value, self._call.state.value
        has_call = call.phase not in (Phase.IDLE, Phase.ENDED)
        was_restarted = self._desk.state.value.visit is not None and not (
            self._desk.state.value.is_chart_shown
        )
        explanation = "lock.after-restart" if was_restarted else "lock.by-person"
        if state.was_idle:
            explanation = "lock.by-itself"
        return LockScreen(
            person="" if state.person is None else state.person.name,
            explanation=wording.text(explanation),
            has_call=has_call,
            call_state=self._call_words() if has_call else "",
            call_tone=Tone.GOOD if call.phase is Phase.LIVE else Tone.ATTENTION,
            is_muted=call.is_muted,
            message="" if state.code is None else wording.failure(state.code),
            message_tone=Tone.BAD,
            is_busy=self._is_busy,
        )

    def _call_words(self) -> str:
        call = self._call.state.value
        if call.phase is Phase.LIVE and call.phase_since is not None:
            return wording.text("lock.call-since", time=wording.time_of_day(call.phase_since))
        if call.phase is Phase.WAITING:
            return wording.text("lock.call-waiting")
        if call.phase is Phase.REJOINING and call.phase_since is not None:
            time = wording.time_of_day(call.phase_since)
            return wording.text("call.state.rejoining", time=time)
        return wording.text(f"call.state.{call.phase}")

    def hang_up(self) -> None:
        self.act(self._desk.hang_up(), "hang up", self._failed)

    def toggle_mute(self) -> None:
        self.act(self._call.mute(not self._call.state.value.is_muted), "mute", self._failed)

    def unlock(self, password: str) -> None:
        self.act(self._unlock(password), "unlock", self._failed)

    def sign_out(self) -> None:
        self.act(self._sign_out(), "sign out", self._failed)

    async def _unlock(self, password: str) -> None:
        self._is_busy = True
        self.refresh()
        try:
            await self._sign_in.unlock(password)
        finally:
            self._is_busy = False
            self.refresh()
        if self._sign_in.state.value.phase is SignInPhase.SIGNED_IN:
            await self._desk.show_chart()

    async def _sign_out(self) -> None:
        await self._desk.leave()
        await self._sign_in.sign_out()

    def _failed(self, _: Code) -> None:
        self.refresh()
