"""All view models of one desk, and what a person does with them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from app.domain.access import Role
from app.domain.visits import VisitState
from app.domain.vitals_policy import VitalsPolicy
from app.runtime.tasks import TaskOwner
from app.services.devices import Devices
from app.services.far_devices import FarDevices
from app.services.leaving import Leaving
from app.services.sign_in import SignInPhase
from app.services.store_care import StoreCare
from tests.fakes.time_loop import settled, until
from tests.unit.services.given import DeskOnFakes, Known
from ui.view_models.base import Ticker
from ui.view_models.bp_protocol import BpProtocolViewModel
from ui.view_models.call import CallViewModel
from ui.view_models.cart_home import CartHomeViewModel
from ui.view_models.confirmation import Confirmation
from ui.view_models.conflicts import ConflictsViewModel
from ui.view_models.lock import LockViewModel
from ui.view_models.messages import MessagesViewModel
from ui.view_models.news2 import News2ViewModel
from ui.view_models.notes import NotesViewModel
from ui.view_models.recordings import RecordingsViewModel
from ui.view_models.running_cuff import RunningCuffViewModel
from ui.view_models.scope import ScopeViewModel
from ui.view_models.sign_in import SignInViewModel
from ui.view_models.status import StatusViewModel
from ui.view_models.sync import UnsentViewModel
from ui.view_models.tray import TrayViewModel
from ui.view_models.visits import VisitViewModel
from ui.view_models.vitals import VitalsViewModel
from ui.view_models.window import WindowViewModel
from ui.view_models.worklist import WorklistViewModel

SECOND = timedelta(seconds=1)
POLICY = VitalsPolicy()


@dataclass
class Screens:
    """`defects` is what nobody foresaw in an act of a person; it stays empty."""

    desk: DeskOnFakes
    ticker: Ticker
    defects: list[BaseException]
    window: WindowViewModel
    sign_in: SignInViewModel
    lock: LockViewModel
    worklist: WorklistViewModel
    cart_home: CartHomeViewModel
    visit: VisitViewModel
    call: CallViewModel
    vitals: VitalsViewModel
    bp_protocol: BpProtocolViewModel
    news2: News2ViewModel
    tray: TrayViewModel
    notes: NotesViewModel
    recordings: RecordingsViewModel
    scope: ScopeViewModel
    messages: MessagesViewModel
    unsent: UnsentViewModel
    conflicts: ConflictsViewModel
    status: StatusViewModel
    running_cuff: RunningCuffViewModel
    devices: Devices
    leaving: Leaving
    care: StoreCare

    async def sign_in_person(self) -> None:
        self.sign_in.sign_in("dr-lin", "good password")
        await until(lambda: self.desk.sign_in.state.value.phase is SignInPhase.SIGNED_IN)

    async def open_chart(self, state: VisitState = VisitState.IN_VISIT, **more: str) -> Known:
        known = await self.desk.knows_visit(state, **more)
        await self.desk.desk.open(known.visit)
        await settled()
        return known

    def tick(self) -> None:
        """What the ticker does twice a second."""
        self.ticker.ticked.emit()


@asynccontextmanager
async def screens_of(desk: DeskOnFakes, role: Role) -> AsyncIterator[Screens]:
    defects: list[BaseException] = []
    ticker, devices, leaving, clock = Ticker(), Devices(), Leaving(), desk.clock
    care = StoreCare(upkeep=None, acts=desk.acts, is_busy=lambda: False)
    desk.as_person(role)
    desk.listens()
    desk.channel.goes_up()
    desk.engine.attaches()
    async with TaskOwner("window", defects.append) as tasks:
        confirmation = Confirmation(desk.sync, desk.conflicts)
        window = WindowViewModel(
            tasks, desk.sign_in, desk.desk, desk.worklist, desk.sync, leaving, role
        )
        yield Screens(
            desk=desk,
            ticker=ticker,
            defects=defects,
            devices=devices,
            leaving=leaving,
            care=care,
            window=window,
            sign_in=SignInViewModel(tasks, desk.sign_in, None),
            lock=LockViewModel(tasks, desk.sign_in, desk.call, desk.desk),
            worklist=WorklistViewModel(tasks, ticker, desk.worklist, desk.sync, desk.desk, clock),
            cart_home=CartHomeViewModel(
                tasks,
                ticker,
                name="Cart 2",
                devices=devices,
                worklist=desk.worklist,
                sync=desk.sync,
                desk=desk.desk,
                clock=clock,
            ),
            visit=VisitViewModel(
                tasks,
                ticker,
                chart=desk.chart,
                call=desk.call,
                visits=desk.visits,
                desk=desk.desk,
                clock=clock,
                role=role,
            ),
            call=CallViewModel(
                tasks,
                ticker,
                call=desk.call,
                chart=desk.chart,
                desk=desk.desk,
                sync=desk.sync,
                devices=devices,
                far_devices=FarDevices(
                    acts=desk.acts, chart=desk.chart, call=desk.call, devices=devices, role=role
                ),
                role=role,
            ),
            vitals=VitalsViewModel(
                tasks,
                ticker,
                vitals=desk.vitals,
                far_vitals=desk.far_vitals,
                bp_protocol=desk.bp_protocol,
                chart=desk.chart,
                clock=clock,
                policy=POLICY,
                role=role,
                confirmation=confirmation,
            ),
            bp_protocol=BpProtocolViewModel(
                tasks,
                ticker,
                bp_protocol=desk.bp_protocol,
                vitals=desk.vitals,
                chart=desk.chart,
                clock=clock,
                role=role,
            ),
            news2=News2ViewModel(
                tasks,
                ticker,
                observations=desk.observations,
                chart=desk.chart,
                clock=clock,
                policy=POLICY,
                role=role,
            ),
            tray=TrayViewModel(
                tasks, ticker, tray=desk.tray, chart=desk.chart, clock=clock, role=role
            ),
            notes=NotesViewModel(
                tasks,
                notes=desk.notes,
                chart=desk.chart,
                clock=clock,
                role=role,
                confirmation=confirmation,
            ),
            recordings=RecordingsViewModel(
                tasks,
                ticker,
                recordings=desk.recordings,
                chart=desk.chart,
                devices=devices,
                clock=clock,
                role=role,
                confirmation=confirmation,
            ),
            scope=ScopeViewModel(
                tasks,
                ticker,
                recordings=desk.recordings,
                listening=desk.listening,
                labels=desk.sound_labels,
                chart=desk.chart,
                devices=devices,
                acts=desk.acts,
                clock=clock,
                role=role,
            ),
            messages=MessagesViewModel(
                tasks,
                messages=desk.messages,
                files=desk.message_files,
                receipts=desk.receipts,
                chart=desk.chart,
                call=desk.call,
                sync=desk.sync,
                acts=desk.acts,
                role=role,
            ),
            unsent=UnsentViewModel(tasks, ticker, desk.unsent, desk.conflicts, desk.sync, clock),
            conflicts=ConflictsViewModel(tasks, ticker, desk.conflicts, window, clock),
            status=StatusViewModel(
                tasks, ticker, desk.sync, desk.sign_in, desk.acts, care, desk.conflicts
            ),
            running_cuff=RunningCuffViewModel(tasks, desk.vitals, desk.bp_protocol, window),
        )
    assert defects == []
