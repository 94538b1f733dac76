"""Sign-in: who is asked for what, by which server, and what was wrong last time."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.sign_in import SignIn, SignInPhase
from ui import wording
from ui.tone import Tone
from ui.view_models.base import ViewModel


@dataclass(frozen=True, slots=True)
class SignInScreen:
    """The password is emptied by the view whenever `is_busy` ends."""

    title: str  # "Clinician workstation", "Telehealth cart"
    server: str
    username: str = ""  # who signed in here last; set when the page is shown
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    store_warning: str = ""  # "Nothing is kept when this window closes."
    demonstration: str = ""  # the mark of a demonstration, else empty
    is_busy: bool = False


class SignInIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> SignInScreen: ...
    def sign_in(self, username: str, password: str) -> None: ...


class SignInViewModel(ViewModel[SignInScreen]):
    """`store_code` says why nothing is kept; a store that cannot be opened is another window."""

    def __init__(self, tasks: TaskOwner, sign_in: SignIn, store_code: Code | None) -> None:
        super().__init__(tasks)
        self._sign_in = sign_in
        self._store_code = store_code
        self._username = ""
        self.listen_to(sign_in.state)

    def compose(self) -> SignInScreen:
        state = self._sign_in.state.value
        is_busy = state.phase is SignInPhase.SIGNING_IN
        message = wording.text("sign-in.busy") if is_busy else ""
        if state.code is not None:
            message = wording.failure(state.code)
        warning = ""
        if not state.is_kept:
            warning = wording.failure(self._store_code or Code.KEYRING_MISSING)
        if state.has_unopened_store:
            warning += " " + wording.text("sign-in.store-unopened")
        return SignInScreen(
            title=wording.text(f"place.{state.role}"),
            server=state.server,
            username=self._username,
            message=message,
            message_tone=Tone.BAD if state.code is not None else Tone.PLAIN,
            store_warning=warning,
            demonstration=wording.text("demonstration") if state.is_demonstration else "",
            is_busy=is_busy,
        )

    def sign_in(self, username: str, password: str) -> None:
        self._username = username.strip()
        self.act(self._sign_in.sign_in(username, password), "sign in")
