"""The status bar under every page: server, unsent, clock, store, person."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.conflicts import Conflicts
from app.services.sign_in import SignIn, SignInPhase, SignInState
from app.services.store_care import CareState, StoreCare
from app.services.sync import Sync
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.outage import why_not_sent


@dataclass(frozen=True, slots=True)
class StatusScreen:
    server: str  # "Server reachable", "Server not reachable since 14:03"
    server_tone: Tone
    unsent: str  # "Nothing unsent", "3 unsent, oldest 4 min"
    unsent_tone: Tone
    clock: str = ""  # "Clock 3 s behind the server"; empty when there is nothing to say
    clock_tone: Tone = Tone.PLAIN
    can_confirm_clock: bool = False  # times are confirmed by a person before they are kept
    store: str = ""  # "Store encrypted", "In memory only: nothing is kept when this window closes"
    store_tone: Tone = Tone.PLAIN
    person: str = ""  # empty: nobody is signed in; says so when the server has not confirmed them
    demonstration: str = ""
    conflicts: str = ""  # "2 to decide"; empty: none
    can_open_unsent: bool = False
    can_open_devices: bool = False
    can_lock: bool = False
    can_sign_out: bool = False


class StatusIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> StatusScreen: ...
    def open_unsent(self) -> None: ...
    def open_conflicts(self) -> None: ...
    def open_devices(self) -> None: ...
    def confirm_clock(self) -> None: ...
    def lock(self) -> None: ...
    def sign_out(self) -> None: ...


class StatusViewModel(ViewModel[StatusScreen]):
    """Asks the window for the pages that stand beside the visit."""

    asked_for_unsent = Signal()
    asked_for_conflicts = Signal()
    asked_for_devices = Signal()

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        sync: Sync,
        sign_in: SignIn,
        acts: Acts,
        care: StoreCare,
        conflicts: Conflicts,
        answering: Callable[[], str] = lambda: "",
    ) -> None:
        """`answering`: which address of the server; empty where it has only one."""
        super().__init__(tasks, ticker)
        self._sync = sync
        self._sign_in = sign_in
        self._acts = acts
        self._care = care
        self._conflicts = conflicts
        self._answering = answering
        self.listen_to(sync.state, sign_in.state, care.state, conflicts.state)

    def compose(self) -> StatusScreen:
        sign_in = self._sign_in.state.value
        is_signed_in = sign_in.phase is SignInPhase.SIGNED_IN
        server, server_tone = self._server()
        unsent, unsent_tone = self._unsent()
        clock = self._clock()
        store, store_tone = _store(sign_in, self._care.state.value)
        person = ""
        if sign_in.person is not None and sign_in.phase is not SignInPhase.SIGNED_OUT:
            role = wording.text(f"role.{sign_in.person.role}")
            key = "status.person-offline" if sign_in.is_offline else "status.person"
            person = wording.text(key, name=sign_in.person.name, role=role)
        return StatusScreen(
            server=server if person else "",
            server_tone=server_tone,
            unsent=unsent if person else "",
            unsent_tone=unsent_tone,
            clock=clock,
            clock_tone=Tone.ATTENTION,
            can_confirm_clock=is_signed_in and self._acts.must_confirm_times,
            store=store,
            store_tone=store_tone,
            person=person,
            demonstration=wording.text("demonstration") if sign_in.is_demonstration else "",
            conflicts=self._to_decide() if is_signed_in else "",
            can_open_unsent=is_signed_in,
            can_open_devices=is_signed_in,
            can_lock=is_signed_in,
            can_sign_out=is_signed_in,
        )

    def _to_decide(self) -> str:
        count = self._conflicts.state.value.open_count
        return wording.text("status.conflicts", count=count) if count else ""

    def _server(self) -> tuple[str, Tone]:
        state = self._sync.state.value
        if state.audit_alarm is not None:
            return wording.failure(state.audit_alarm), Tone.BAD
        if state.is_reachable:
            if (address := self._answering()) != "":
                return wording.text("status.server-up-at", address=address), Tone.GOOD
            return wording.text("status.server-up"), Tone.GOOD
        if state.code is None:  # nothing was tried yet: not away, not there
            return wording.text("status.server-asked"), Tone.PLAIN
        return why_not_sent(state, "status.server-down"), Tone.BAD

    def _unsent(self) -> tuple[str, Tone]:
        state = self._sync.state.value
        if state.refused:
            return wording.text("status.refused", count=len(state.refused)), Tone.BAD
        if state.oldest_unsent is None:
            key = "status.only-marks-unsent" if state.unsent else "status.nothing-unsent"
            return wording.text(key), Tone.PLAIN
        age = (self._acts.clock.now() - state.oldest_unsent).total_seconds()
        words = wording.text("status.unsent", count=state.unsent_of_people, span=wording.span(age))
        return words, Tone.BAD if state.stuck_file is not None else Tone.ATTENTION

    def _clock(self) -> str:
        offset = self._sync.state.value.offset
        if offset is None or not offset.is_worth_saying:
            return ""
        is_behind = offset.offset > timedelta(0)
        key = "status.clock-behind" if is_behind else "status.clock-ahead"
        return wording.text(key, span=wording.span(abs(offset.offset.total_seconds())))

    def open_conflicts(self) -> None:
        self.asked_for_conflicts.emit()

    def open_unsent(self) -> None:
        self.asked_for_unsent.emit()

    def open_devices(self) -> None:
        self.asked_for_devices.emit()

    def confirm_clock(self) -> None:
        self.act_once(self._confirm_clock(), "confirm clock", lambda _: self.refresh())

    async def _confirm_clock(self) -> None:
        await self._acts.confirm_times()
        self.refresh()

    def lock(self) -> None:
        self.act(self._sign_in.lock(), "lock")

    def sign_out(self) -> None:
        self.act(self._sign_in.sign_out(), "sign out")


def _store(sign_in: SignInState, care: CareState) -> tuple[str, Tone]:
    if care.damage is not None:
        return wording.text("status.store-damaged"), Tone.BAD
    if sign_in.has_unopened_store:
        return wording.text("status.store-unopened"), Tone.ATTENTION
    if not sign_in.is_kept:
        return wording.text("status.store-memory"), Tone.ATTENTION
    if care.was_begun_anew:
        return wording.text("status.store-begun-anew", count=care.put_back), Tone.ATTENTION
    if care.put_back:
        return wording.text("status.store-put-back", count=care.put_back), Tone.ATTENTION
    return wording.text("status.store-encrypted"), Tone.PLAIN
