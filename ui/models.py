"""All view models of the window, made of the services that they show."""

from collections.abc import Callable

from app.domain.access import Role
from app.domain.clock import Clock
from app.domain.engine import Levels, ScopeProgress
from app.domain.failures import Code
from app.domain.vitals_policy import VitalsPolicy
from app.runtime.tasks import TaskOwner
from app.services.all_services import Services
from ui.view_models.base import Ticker
from ui.view_models.bp_protocol import BpProtocolViewModel
from ui.view_models.call import CallViewModel
from ui.view_models.cart_home import CartHomeViewModel
from ui.view_models.confirmation import Confirmation
from ui.view_models.conflicts import ConflictsViewModel
from ui.view_models.day_sheet import DaySheetViewModel
from ui.view_models.devices import DevicesViewModel
from ui.view_models.exam_camera import ExamViewModel
from ui.view_models.lock import LockViewModel
from ui.view_models.messages import MessagesViewModel
from ui.view_models.news2 import News2ViewModel
from ui.view_models.notes import NotesViewModel
from ui.view_models.recordings import RecordingsViewModel
from ui.view_models.running_cuff import RunningCuffViewModel
from ui.view_models.scope import ScopeViewModel
from ui.view_models.sign_in import SignInViewModel
from ui.view_models.status import StatusViewModel
from ui.view_models.stills import StillsViewModel
from ui.view_models.sync import UnsentViewModel
from ui.view_models.tray import TrayViewModel
from ui.view_models.visits import VisitViewModel
from ui.view_models.vitals import VitalsViewModel
from ui.view_models.window import WindowViewModel
from ui.view_models.worklist import WorklistViewModel
from ui.views.frame import Models
from ui.views.visits import VisitModels


def make_models(
    services: Services,
    tasks: TaskOwner,
    clock: Clock,
    *,
    role: Role,
    device_name: str,
    policy: VitalsPolicy,
    freeze_key: str,
    why_not_kept: Code | None,
    answering: Callable[[], str],
) -> tuple[Models, WindowViewModel]:
    """`answering`: which address of the server; empty where it has only one."""
    s, ticker = services, Ticker()
    confirmation = Confirmation(s.sync, s.conflicts)
    window = WindowViewModel(tasks, s.sign_in, s.desk, s.worklist, s.sync, s.leaving, role)
    status = StatusViewModel(
        tasks, ticker, s.sync, s.sign_in, s.acts, s.store_care, s.conflicts, answering
    )
    unsent = UnsentViewModel(tasks, ticker, s.unsent, s.conflicts, s.sync, clock)
    conflicts = ConflictsViewModel(tasks, ticker, s.conflicts, window, clock)
    status.asked_for_unsent.connect(lambda: window.show_unsent(True))
    unsent.went_back.connect(lambda: window.show_unsent(False))
    status.asked_for_conflicts.connect(lambda: window.show_conflicts(True))
    unsent.asked_for_conflicts.connect(lambda: window.show_conflicts(True))
    conflicts.went_back.connect(lambda: window.show_conflicts(False))
    devices = DevicesViewModel(
        tasks,
        ticker,
        devices=s.devices,
        device_ports=s.device_ports,
        far_devices=s.far_devices,
        clock=clock,
        role=role,
    )
    status.asked_for_devices.connect(lambda: window.show_devices(True))
    devices.went_back.connect(lambda: window.show_devices(False))
    call = CallViewModel(
        tasks,
        ticker,
        call=s.call,
        chart=s.chart,
        desk=s.desk,
        sync=s.sync,
        devices=s.devices,
        far_devices=s.far_devices,
        role=role,
    )
    recordings = RecordingsViewModel(
        tasks,
        ticker,
        recordings=s.recordings,
        chart=s.chart,
        devices=s.devices,
        clock=clock,
        role=role,
        confirmation=confirmation,
    )
    s.engine_room.on(Levels, call.heard_levels)
    s.engine_room.on(ScopeProgress, recordings.heard_progress)
    scope = ScopeViewModel(
        tasks,
        ticker,
        recordings=s.recordings,
        listening=s.listening,
        labels=s.sound_labels,
        chart=s.chart,
        devices=s.devices,
        acts=s.acts,
        clock=clock,
        role=role,
    )
    s.engine_room.on(ScopeProgress, scope.heard_progress)
    visit = VisitModels(
        visit=VisitViewModel(
            tasks,
            ticker,
            chart=s.chart,
            call=s.call,
            visits=s.visits,
            desk=s.desk,
            clock=clock,
            role=role,
        ),
        call=call,
        vitals=VitalsViewModel(
            tasks,
            ticker,
            vitals=s.vitals,
            far_vitals=s.far_vitals,
            bp_protocol=s.bp_protocol,
            chart=s.chart,
            clock=clock,
            policy=policy,
            role=role,
            confirmation=confirmation,
        ),
        bp_protocol=BpProtocolViewModel(
            tasks,
            ticker,
            bp_protocol=s.bp_protocol,
            vitals=s.vitals,
            chart=s.chart,
            clock=clock,
            role=role,
        ),
        news2=News2ViewModel(
            tasks,
            ticker,
            observations=s.observations,
            chart=s.chart,
            clock=clock,
            policy=policy,
            role=role,
        ),
        tray=TrayViewModel(tasks, ticker, tray=s.tray, chart=s.chart, clock=clock, role=role),
        notes=NotesViewModel(
            tasks,
            notes=s.notes,
            chart=s.chart,
            clock=clock,
            role=role,
            confirmation=confirmation,
        ),
        recordings=recordings,
        scope=scope,
        messages=MessagesViewModel(
            tasks,
            messages=s.messages,
            files=s.message_files,
            receipts=s.receipts,
            chart=s.chart,
            call=s.call,
            sync=s.sync,
            acts=s.acts,
            role=role,
        ),
        exam=ExamViewModel(
            tasks,
            ticker,
            exam=s.exam_camera,
            stills=s.stills,
            lease=s.camera_lease,
            call=s.call,
            chart=s.chart,
            clock=clock,
            freeze_key=freeze_key,
        ),
        stills=StillsViewModel(
            tasks,
            ticker,
            stills=s.stills,
            files=s.still_files,
            export=s.still_export,
            chart=s.chart,
            clock=clock,
            role=role,
            confirmation=confirmation,
        ),
    )
    cart_home = CartHomeViewModel(
        tasks,
        ticker,
        name=device_name,
        devices=s.devices,
        worklist=s.worklist,
        sync=s.sync,
        desk=s.desk,
        clock=clock,
    )
    models = Models(
        window=window,
        sign_in=SignInViewModel(tasks, s.sign_in, why_not_kept),
        lock=LockViewModel(tasks, s.sign_in, s.call, s.desk),
        worklist=WorklistViewModel(tasks, ticker, s.worklist, s.sync, s.desk, clock),
        cart_home=cart_home,
        day_sheet=DaySheetViewModel(tasks, s.day_sheets, s.worklist, clock),
        visit=visit,
        unsent=unsent,
        conflicts=conflicts,
        devices=devices,
        status=status,
        running_cuff=RunningCuffViewModel(tasks, s.vitals, s.bp_protocol, window),
    )
    return models, window
