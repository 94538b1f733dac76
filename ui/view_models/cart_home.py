"""The cart before a visit: three acts, what instruments are there, and whom to choose."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.clock import Clock
from app.domain.device import DeviceKind, DeviceStatus, Standing
from app.domain.failures import Code
from app.domain.ids import VisitId
from app.domain.visits import VisitState
from app.domain.worklist import WorklistRow
from app.runtime.tasks import TaskOwner
from app.services.desk import Desk
from app.services.devices import Devices
from app.services.sync import Sync
from app.services.worklist import Worklist
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.device_words import state_words, tone_of_status, why_words
from ui.view_models.outage import why_list_is_old
from ui.view_models.worklist import WorklistRowScreen, row_screen


@dataclass(frozen=True, slots=True)
class DeviceRowScreen:
    kind: DeviceKind
    name: str  # "Blood pressure cuff"
    model: str  # what answered, or where it was looked for
    state: str  # "Connected since 13:58", "Missing since 14:03"
    tone: Tone
    reason: str = ""  # why it is missing and what to do


@dataclass(frozen=True, slots=True)
class CartHomeScreen:
    """`chosen` is one of `visits`; the start button names the patient it starts with."""

    title: str  # the cart's name
    devices: tuple[DeviceRowScreen, ...] = ()
    visits: tuple[WorklistRowScreen, ...] = ()
    chosen: VisitId | None = None
    start_detail: str = ""  # "with DOE, Jane (Mrs), born 14-Jul-1945" or what is missing for it
    can_start: bool = False
    test_detail: str = ""  # what the last test found
    test_tone: Tone = Tone.PLAIN
    is_testing: bool = False
    help_detail: str = ""  # whom to call and how, once asked for
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class CartHomeIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> CartHomeScreen: ...
    def choose(self, visit: VisitId) -> None: ...
    def start_visit(self) -> None:
        """Checks the chosen patient in if that is still to do, and opens the visit."""
        ...

    def test_devices(self) -> None: ...
    def call_help(self) -> None: ...


def device_row(status: DeviceStatus, now: datetime) -> DeviceRowScreen:
    return DeviceRowScreen(
        kind=status.identity.kind,
        name=wording.text(f"device.{status.identity.kind}"),
        model=status.identity.model or status.identity.port,
        state=state_words(status, now),
        tone=tone_of_status(status),
        reason=why_words(status),
    )


class CartHomeViewModel(ViewModel[CartHomeScreen]):
    """The cart chooses by itself only when exactly one patient can be meant."""

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        name: str,
        devices: Devices,
        worklist: Worklist,
        sync: Sync,
        desk: Desk,
        clock: Clock,
    ) -> None:
        super().__init__(tasks, ticker)
        self._name = name
        self._devices = devices
        self._worklist = worklist
        self._sync = sync
        self._desk = desk
        self._clock = clock
        self._chosen: VisitId | None = None
        self._test_detail = wording.text("cart.test-detail")
        self._test_tone = Tone.PLAIN
        self._help = wording.text("cart.help-detail")
        self._code: Code | None = None
        self.listen_to(devices.state, worklist.state, sync.state)

    def compose(self) -> CartHomeScreen:
        now = self._clock.now()
        rows = self._open_rows()
        chosen = self._chosen_row(rows)
        start = wording.text("cart.start-choose")
        if chosen is not None:
            patient = chosen.patient
            born = wording.born(patient.born, None)
            start = wording.text("cart.start-with", patient=patient.banner_name, born=born)
        message, tone = self._message(has_rows=bool(rows))
        devices = self._devices.state.value.devices
        return CartHomeScreen(
            title=self._name,
            devices=tuple(device_row(status, now) for status in devices),
            visits=tuple(row_screen(row, self._clock) for row in rows),
            chosen=None if chosen is None else chosen.visit.id,
            start_detail=start,
            can_start=chosen is not None,
            test_detail=self._test_detail,
            test_tone=self._test_tone,
            help_detail=self._help,
            message=message,
            message_tone=tone,
        )

    def _open_rows(self) -> list[WorklistRow]:
        return [row for row in self._worklist.state.value.rows if row.visit.is_open]

    def _chosen_row(self, rows: list[WorklistRow]) -> WorklistRow | None:
        chosen = next((row for row in rows if row.visit.id == self._chosen), None)
        if chosen is not None:
            return chosen
        waiting = [row for row in rows if row.visit.shown_state is not VisitState.BOOKED]
        if len(waiting) == 1:
            return waiting[0]
        return None

    def _message(self, *, has_rows: bool) -> tuple[str, Tone]:
        sync = self._sync.state.value
        if self._code is not None:
            return wording.failure(self._code), Tone.BAD
        if why := why_list_is_old(sync):
            return why, Tone.ATTENTION
        return ("" if has_rows else wording.text("today.empty")), Tone.PLAIN

    def choose(self, visit: VisitId) -> None:
        self._chosen = visit
        self.refresh()

    def start_visit(self) -> None:
        chosen = self._chosen_row(self._open_rows())
        if chosen is not None:
            self._code = None
            self.act_once(self._desk.open(chosen.visit.id), "start visit", self._failed)

    def test_devices(self) -> None:
        """The watchers look all the time; the test says what they see at this moment."""
        devices = self._devices.state.value.devices
        missing = [one for one in devices if one.standing is Standing.LOST]
        degraded = [one for one in devices if one.standing is Standing.DEGRADED]
        self._test_tone = Tone.GOOD
        key, named = "cart.test-good", list[DeviceStatus]()
        if missing or not devices:
            self._test_tone, key, named = Tone.BAD, "cart.test-missing", missing
        elif degraded:
            self._test_tone, key, named = Tone.ATTENTION, "cart.test-degraded", degraded
        time = wording.time_of_day(self._clock.now())
        names = ", ".join(wording.text(f"device.{one.identity.kind}") for one in named)
        self._test_detail = wording.text(key, time=time, names=names or wording.DASH)
        self.refresh()

    def call_help(self) -> None:
        self._help = wording.text("cart.help-card", cart=self._name)
        self.refresh()

    def _failed(self, code: Code) -> None:
        self._code = code
        self.refresh()
